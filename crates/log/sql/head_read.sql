-- Where the log ends, and in which history.
select epoch, position, recorded_at from log.log_head
