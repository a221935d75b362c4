-- The fence alone says whose it is: nobody has taken over while it is unchanged.
update projections.versions
set lease_until = clock_timestamp() + make_interval(secs => $4),
    position = $5, as_of = $6, caught_up = $7, parked = $8, rate = $9
where view = $1 and version = $2 and fence = $3 and phase <> 'retired'
