-- At most one version is being built (unique index).
select version from projections.versions where view = $1 and phase = 'building'
