-- Documents that the fold has no more use for.
delete from "{schema}".docs
using unnest($1::text[], $2::text[]) as gone (tenant, key)
where docs.tenant = gone.tenant and docs.key = gone.key
