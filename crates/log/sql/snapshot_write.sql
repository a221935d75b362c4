-- Keeps the newest state; a slower writer with an older one, of the same shape, changes nothing.
insert into log.snapshots as kept (tenant, stream, kind, schema, version, state, taken_at)
values ($1, $2, $3, $4, $5, $6::json, now())
on conflict (tenant, stream, kind) do update
set schema = excluded.schema, version = excluded.version, state = excluded.state, taken_at = excluded.taken_at
where kept.version < excluded.version or kept.schema <> excluded.schema
