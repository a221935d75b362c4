-- Least privilege for everything after the migrations, where the role exists and may be taken.
select set_config('role', rolname, false) from pg_roles where rolname = 'plimsoll_log' and pg_has_role(oid, 'member')
