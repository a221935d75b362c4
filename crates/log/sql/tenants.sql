-- The tenants of the log, each found by one step of the index on (tenant, stream, version).
with recursive step as (
    (select tenant from log.events where position <= $1 order by tenant limit 1)
    union all
    select (
        select e.tenant from log.events e
        where e.tenant > s.tenant and e.position <= $1 order by e.tenant limit 1
    )
    from step s where s.tenant is not null
)
select tenant from step where tenant is not null order by tenant collate "C"
