-- The one row that hands out positions: whoever holds its lock is the only one who appends, so
-- numbers and commits have the same order, and a rollback gives its numbers back.
create table log.log_head (
    singleton boolean primary key default true check (singleton),
    epoch text not null check (epoch ~ '^[a-z0-9]{1,8}$'),
    position bigint not null default 0 check (position >= 0),
    recorded_at timestamptz not null default 'epoch'
);
