-- The next holder need not wait.
update projections.versions set owner = null, lease_until = null where view = $1 and version = $2 and fence = $3
