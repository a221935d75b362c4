-- What the log's own connections may do: insert and read events, never change them. The role is
-- shared by all databases of a cluster, so two migrations may race to make it; where the user may
-- not create roles, the triggers alone guard the table.
do $$
begin
    if not exists (select from pg_roles where rolname = 'plimsoll_log') then
        begin
            create role plimsoll_log nologin;
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise notice 'no right to create the role plimsoll_log; triggers guard the log alone';
                return;
        end;
    end if;
    if not pg_has_role(current_user, 'plimsoll_log', 'member') then
        begin
            execute format('grant plimsoll_log to %I', current_user);
        exception
            when unique_violation or internal_error then null;
            when insufficient_privilege then return;
        end;
    end if;
    grant usage on schema log to plimsoll_log;
    grant select, insert on log.events to plimsoll_log;
    grant select, insert, update on log.log_head to plimsoll_log;
    grant select, insert on log.idempotency to plimsoll_log;
    grant select, insert, update on log.snapshots to plimsoll_log;
end
$$;
