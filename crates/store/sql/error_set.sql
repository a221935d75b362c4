-- Written only when it differs: workers that cannot go on say so again and again.
update projections.versions set error = $3 where view = $1 and version = $2 and error is distinct from $3
