-- Free, run out by this clock, or already ours; each success has a fence of its own.
update projections.versions
set owner = $3, fence = fence + 1, lease_until = clock_timestamp() + make_interval(secs => $4)
where view = $1 and version = $2 and phase <> 'retired'
    and (lease_until is null or lease_until < clock_timestamp() or owner = $3)
returning fence
