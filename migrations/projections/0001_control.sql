-- Which versions of which projections exist, who works on them, and which one is served.

create table projections.versions (
    view text collate "C" not null,
    version integer not null check (version > 0),
    -- Version of the fold's code: rows of another one are never continued.
    logic integer not null,
    backend text not null check (backend in ('postgres', 'redis')),
    epoch text not null,
    phase text not null check (phase in ('building', 'serving', 'retired')),
    -- A retired version whose tables or keys are gone.
    dropped boolean not null default false,
    paused boolean not null default false,
    error text,
    -- The lease; the fence rises with every holder, and a lower one cannot write.
    fence bigint not null default 0,
    owner text,
    lease_until timestamptz,
    -- What the holder last told, for eyes only: the truth about the position stands beside the rows.
    position bigint not null default 0,
    as_of timestamptz,
    caught_up boolean not null default false,
    parked bigint not null default 0,
    rate double precision not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    retired_at timestamptz,
    primary key (view, version)
);

create unique index versions_one_serving on projections.versions (view) where phase = 'serving';
create unique index versions_one_building on projections.versions (view) where phase = 'building';

-- What persons asked for: who, when, what, and how it went.
create table projections.operations (
    id uuid primary key,
    kind text not null,
    view text collate "C" not null,
    version integer not null,
    actor text not null,
    state text not null check (state in ('running', 'done', 'failed')),
    requested_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    -- The log's end when it was asked for; progress is measured against it.
    target bigint not null default 0,
    error text
);

create index operations_open on projections.operations (view, version) where state = 'running';
