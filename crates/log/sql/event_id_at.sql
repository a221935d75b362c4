-- Whether a message of the stream is the event that the log has at this position.
select id from log.events where position = $1
