-- The tables of a Postgres version are made in the same transaction.
insert into projections.versions (view, version, logic, backend, epoch, phase) values ($1, $2, $3, $4, $5, $6)
