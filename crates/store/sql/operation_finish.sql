-- How it ended; only once.
update projections.operations
set state = $2, finished_at = clock_timestamp(), error = $3, result = $4::jsonb
where id = $1 and state = 'running'
