-- Numbers are never used twice, so that no reader mistakes new tables for old ones.
select coalesce(max(version), 0) + 1 from projections.versions where view = $1
