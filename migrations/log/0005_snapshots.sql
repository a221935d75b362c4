-- A state worth keeping so that a long stream loads fast; only a cache, may be emptied at any time.
create table log.snapshots (
    tenant text not null,
    stream text not null,
    kind text not null,
    schema integer not null,
    version integer not null,
    state json not null,
    taken_at timestamptz not null,
    primary key (tenant, stream, kind)
);
