-- Moves only from the expected place under the holder's own fence. The commit need not be flushed:
-- rows and checkpoint are lost together, and are made again from the log.
with unflushed as materialized (select set_config('synchronous_commit', 'off', true))
update "{schema}".checkpoint
set position = $3, as_of = $4
from unflushed
where position = $1 and fence = $2
