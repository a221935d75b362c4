-- For one long statement over many events: its own limit on time, more memory for sorting, no
-- compiler for what runs once, and no loop over all pairs where the planner guesses few rows.
select set_config('statement_timeout', $1, true), set_config('work_mem', '64MB', true),
    set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true)
