-- In log order.
select "table", key, position, revision, cause, before::text, after::text
from "{schema}".restatements
where tenant = $1 and position > $2
order by position, "table", key
limit $3
