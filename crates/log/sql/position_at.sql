-- The last position that was recorded at an instant or before. `recorded_at` never goes back, so
-- halving the log finds it with one look at the primary key each.
with recursive search (low, high) as (
    select 0::bigint, (select position from log.log_head)
    union all
    select
        case when probe.recorded_at <= $1 then middle.position else search.low end,
        case when probe.recorded_at <= $1 then search.high else middle.position - 1 end
    from search
    cross join lateral (select (search.low + search.high + 1) / 2 as position) as middle
    cross join lateral (select recorded_at from log.events where position = middle.position) as probe
    where search.low < search.high
)
select max(low) as position from search
