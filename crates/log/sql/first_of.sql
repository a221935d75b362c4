-- From when on a configuration matters to a view.
select min(position) from log.events where tenant = $1 and type = any($2) and position <= $3
