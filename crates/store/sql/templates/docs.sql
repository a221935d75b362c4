-- What a fold misses.
select tenant, key, doc::text
from unnest($1::text[], $2::text[]) as wanted (tenant, key)
join "{schema}".docs using (tenant, key)
