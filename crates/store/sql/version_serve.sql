-- Only the holder of the lease knows that the version has caught up.
update projections.versions
set phase = 'serving'
where view = $1 and version = $2 and fence = $3 and phase = 'building'
