-- The kept state of a stream, if its shape is the one that the reader knows.
select version, state::text as state, taken_at from log.snapshots
where tenant = $1 and stream = $2 and kind = $3 and schema = $4
