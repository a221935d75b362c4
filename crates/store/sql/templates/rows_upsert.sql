-- Whole rows, each touched one once; the JSON becomes typed columns.
insert into "{schema}"."{table}" (tenant, key, position, revision, span{columns})
select given.tenant, given.key, given.position, given.revision, given.span{values}
from unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[])
    as given (tenant, key, position, revision, span, body)
cross join lateral jsonb_populate_record(null::"{schema}"."{table}", given.body::jsonb) as filled
on conflict (tenant, key) do update
set position = excluded.position, revision = excluded.revision, span = excluded.span{updates}
