-- Rows that a fold misses, their own columns as JSON.
select _row.tenant, _row.key, _row.position, _row.revision,
    (to_jsonb(_row) - '{tenant,key,position,revision,span}'::text[])::text
from unnest($1::text[], $2::text[]) as wanted (tenant, key)
join "{schema}"."{table}" as _row using (tenant, key)
