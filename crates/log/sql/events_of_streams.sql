-- All events of some types in some streams of a tenant, up to a position.
select
    position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
    correlation_id, causation_id, actor_kind, actor_id, data::text as data
from log.events
where tenant = $1 and stream = any($2) and type = any($3) and position <= $4
limit $5
