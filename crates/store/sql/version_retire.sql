-- The raised fence ends its holder's lease: it stops at its next renewal.
update projections.versions
set phase = 'retired', retired_at = clock_timestamp(), fence = fence + 1, owner = null, lease_until = null
where view = $1 and phase = 'serving' and version <> $2
