-- Every version of one view or of all; the database's clock decides which leases still hold.
select view, version, logic, backend, epoch, phase, dropped, paused, error, owner,
    coalesce(lease_until > clock_timestamp(), false) as leased,
    position, as_of, caught_up, parked, rate,
    extract(epoch from clock_timestamp() - retired_at)::double precision as retired_for_s
from projections.versions
where $1::text is null or view = $1
order by view, version
