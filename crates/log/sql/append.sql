-- One batch in one statement. The head row is taken here, after the checks and at the very end of
-- the transaction, so its lock is held only while the rows go in and the commit is flushed. A race
-- that the checks could not see ends in a unique violation; the appender then looks again under
-- the lock. `recorded_at` never goes back, whatever the server's clock does.
with head as (
    update log.log_head
    set position = position + $1, recorded_at = greatest(recorded_at, clock_timestamp())
    returning position - $1 as base, recorded_at
), written as (
    insert into log.events (
        position, id, tenant, stream, version, type, schema, occurred_at, recorded_at,
        correlation_id, causation_id, actor_kind, actor_id, data
    )
    select
        head.base + fresh.ord, fresh.id, fresh.tenant, fresh.stream, fresh.version, fresh.type, fresh.schema, fresh.occurred_at, head.recorded_at,
        fresh.correlation_id, fresh.causation_id, fresh.actor_kind, fresh.actor_id, fresh.data::json
    from head, unnest(
        $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::integer[], $8::timestamptz[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]
    ) with ordinality as fresh (
        id, tenant, stream, version, type, schema, occurred_at,
        correlation_id, causation_id, actor_kind, actor_id, data, ord
    )
), answered as (
    insert into log.idempotency (tenant, key, request_hash, position, answer, recorded_at)
    select given.tenant, given.key, given.request_hash, head.base + given.ahead, given.answer::json, head.recorded_at
    from head, unnest($14::text[], $15::text[], $16::bytea[], $17::bigint[], $18::text[])
        as given (tenant, key, request_hash, ahead, answer)
)
select base, recorded_at from head
