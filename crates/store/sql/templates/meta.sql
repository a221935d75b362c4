-- A tenant without meta has nothing in this projection.
select meta::text from "{schema}".meta where tenant = $1
