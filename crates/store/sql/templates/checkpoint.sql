-- Where the version stands.
select position, as_of, fence from "{schema}".checkpoint
