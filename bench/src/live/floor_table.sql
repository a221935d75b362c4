-- The smallest thing that a commit can make durable.
create table if not exists bench_floor (at timestamptz not null default now())
