-- Only saves work: one relay publishes, the others watch. The stream's own fence keeps it right.
select pg_try_advisory_lock(hashtext($1), hashtext('plimsoll relay'))
