-- The version that readers read. Nobody attends to it when its lease has been over for a while:
-- a restart of its holder is not worth a word.
select view, version, backend, epoch, paused, error, caught_up,
    coalesce(lease_until > clock_timestamp() - interval '10 seconds', created_at > clock_timestamp() - interval '10 seconds') as attended
from projections.versions
where view = $1 and phase = 'serving'
