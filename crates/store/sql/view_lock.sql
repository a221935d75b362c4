-- Versions of one view are made, switched and dropped one at a time, across processes.
select pg_advisory_xact_lock(hashtextextended('plimsoll.projections/' || $1, 0))
