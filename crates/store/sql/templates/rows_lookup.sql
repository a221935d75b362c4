-- Rows that a fold misses, their own columns as JSON.
select held.tenant, held.key, held.position, held.revision,
    (to_jsonb(held) - '{tenant,key,position,revision,span}'::text[])::text
from unnest($1::text[], $2::text[]) as wanted (tenant, key)
join "{schema}"."{table}" as held using (tenant, key)
