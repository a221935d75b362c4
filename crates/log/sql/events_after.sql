-- A page of the log. Positions commit in order, so what is visible here has no hole; the reader
-- checks that all the same.
select
    position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
    correlation_id, causation_id, actor_kind, actor_id, data::text as data
from log.events where position > $1 order by position limit $2
