-- A page of one stream, from the version after the given one.
select
    position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
    correlation_id, causation_id, actor_kind, actor_id, data::text as data
from log.events where tenant = $1 and stream = $2 and version > $3 order by version limit $4
