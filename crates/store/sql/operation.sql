-- One operation, for whoever asked for it.
select id, kind, view, version, actor, state, requested_at, finished_at, target, error, result::text
from projections.operations
where id = $1
