-- When the log took the event at a position.
select recorded_at from log.events where position = $1
