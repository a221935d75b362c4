-- Rows of one tenant in a range of spans, one more than allowed so that "too many" is seen.
select _row.key, _row.position, _row.revision,
    (to_jsonb(_row) - '{tenant,key,position,revision,span}'::text[])::text
from "{schema}"."{table}" as _row
where _row.tenant = $1 and ($2::text is null or _row.span between $2 and $3)
order by _row.key
limit $4
