-- In the transaction of the switch: a rebuild is done when its version serves.
update projections.operations
set state = 'done', finished_at = clock_timestamp()
where view = $1 and version = $2 and state = 'running'
