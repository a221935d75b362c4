-- The streams of a tenant with an event of some types in a stretch of business time.
select distinct stream from log.events
where tenant = $1 and type = any($2) and occurred_at >= $3 and occurred_at < $4 and position <= $5
limit $6
