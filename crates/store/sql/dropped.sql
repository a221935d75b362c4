-- The record of a version stays when its rows are gone.
update projections.versions set dropped = true where view = $1 and version = $2
