-- What a log without the one number would be: a sequence, and a commit for each command.
create table if not exists plain_events (
    position bigserial primary key,
    id uuid not null unique,
    tenant text not null,
    stream text not null,
    version integer not null,
    type text not null,
    schema integer not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    correlation_id text not null,
    causation_id text,
    actor_kind text not null,
    actor_id text not null,
    data json not null,
    unique (tenant, stream, version)
)
