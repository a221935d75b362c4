-- Rows of one tenant in a range of spans, one more than allowed so that "too many" is seen.
select held.key, held.position, held.revision,
    (to_jsonb(held) - '{tenant,key,position,revision,span}'::text[])::text
from "{schema}"."{table}" as held
where held.tenant = $1 and ($2::text is null or held.span between $2 and $3)
order by held.key
limit $4
