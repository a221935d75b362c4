-- Who, when, what; `pause` and `resume` are done by being recorded.
insert into projections.operations (id, kind, view, version, actor, state, target, finished_at)
values ($1, $2, $3, $4, $5, $6, $7, case when $6 = 'done' then clock_timestamp() end)
returning id, kind, view, version, actor, state, requested_at, finished_at, target, error, result::text
