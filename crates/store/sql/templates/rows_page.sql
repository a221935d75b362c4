-- Rows of one tenant in key order, a page at a time.
select _row.key, _row.position, _row.revision,
    (to_jsonb(_row) - '{tenant,key,position,revision,span}'::text[])::text
from "{schema}"."{table}" as _row
where _row.tenant = $1 and _row.key > $2
order by _row.key
limit $3
