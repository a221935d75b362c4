-- What every Postgres projection has, in the schema of its version.

-- The one place that says how far the rows beside it are.
create table checkpoint (
    only_one boolean primary key default true check (only_one),
    position bigint not null,
    fence bigint not null,
    epoch text not null,
    as_of timestamptz
);

create table meta (
    tenant text collate "C" primary key,
    meta json not null
);

-- Private state of the fold; written as it comes, never looked into.
create table docs (
    tenant text collate "C" not null,
    key text collate "C" not null,
    doc json not null,
    primary key (tenant, key)
);

create table parked (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    owner text not null,
    entries jsonb not null,
    primary key (tenant, key)
);

create table restatements (
    tenant text collate "C" not null,
    "table" text not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    cause uuid not null,
    before json not null,
    after json,
    primary key (tenant, position, "table", key)
);
