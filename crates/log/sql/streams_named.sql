-- The streams of a tenant whose name begins in some way.
select distinct stream from log.events where tenant = $1 and starts_with(stream, $2) limit $3
