-- The first answer to every command, found again by its key: a repeated command appends nothing.
create table log.idempotency (
    tenant text not null,
    key text not null,
    request_hash bytea not null,
    position bigint not null,
    answer json not null,
    recorded_at timestamptz not null,
    constraint idempotency_key_once primary key (tenant, key)
);
