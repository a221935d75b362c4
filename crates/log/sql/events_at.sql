-- The events at some positions.
select
    position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
    correlation_id, causation_id, actor_kind, actor_id, data::text as data
from log.events where position = any($1)
