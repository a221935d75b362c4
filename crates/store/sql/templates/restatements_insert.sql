-- A fold that is done again after a lost commit writes the same ones again.
insert into "{schema}".restatements (tenant, "table", key, position, revision, cause, before, after)
select tenant, "table", key, position, revision, cause, before::json, after::json
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::integer[], $6::uuid[], $7::text[], $8::text[])
    as given (tenant, "table", key, position, revision, cause, before, after)
on conflict (tenant, position, "table", key) do nothing
