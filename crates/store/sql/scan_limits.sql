-- A scan waits for its reader between two pages, with its transaction open.
select set_config('idle_in_transaction_session_timeout', $1, true)
