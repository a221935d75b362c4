-- The truth. `data` is json, not jsonb: the text comes back byte for byte (key order, number
-- spelling, unknown and repeated fields), and SQL can still look inside.
create table log.events (
    position bigint primary key,
    id uuid not null constraint events_id_once unique,
    tenant text not null,
    stream text not null,
    version integer not null check (version >= 1),
    type text not null,
    schema integer not null check (schema between 1 and 65535),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    correlation_id text not null,
    causation_id text,
    actor_kind text not null check (actor_kind in ('user', 'agent', 'system')),
    actor_id text not null,
    data json not null,
    constraint events_version_once unique (tenant, stream, version)
);
