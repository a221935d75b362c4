-- The first event in log order that occurred at an instant or later. The near one bounds where the
-- first can be, so that only pages before it with a late enough event are looked at.
with near as (
    select min(position) as position from log.events
    where tenant = $1 and type = any($2) and occurred_at >= $3 and occurred_at < $3 + interval '2 days' and position <= $4
)
select min(position) as position from log.events
where tenant = $1 and type = any($2) and occurred_at >= $3 and position <= coalesce((select position from near), $4)
