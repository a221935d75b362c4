-- A page of the feed by tenant and types, out of a bounded stretch of the log so that a rare type
-- cannot make one request read everything.
select
    position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
    correlation_id, causation_id, actor_kind, actor_id, data::text as data
from log.events
where position > $1 and position <= $2
    and ($3::text is null or tenant = $3)
    and ($4::text[] is null or type = any($4))
order by position limit $5
