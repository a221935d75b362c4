-- One command, one row, one commit.
insert into plain_events (id, tenant, stream, version, type, schema, occurred_at, correlation_id, actor_kind, actor_id, data)
values ($1, $2, $3, 1, $4, 1, $5, $6, 'system', $7, $8::json)
