-- History is not rewritten, not even by the table's owner; the role of 0006 forbids it as well.
create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'log.% is append-only: % refused', tg_table_name, tg_op using errcode = '42501';
end
$$;

create trigger events_append_only before update or delete or truncate on log.events
    for each statement execute function log.refuse_change();

create trigger log_head_stays before delete or truncate on log.log_head
    for each statement execute function log.refuse_change();

-- The head never goes back: a position that was handed out is never handed out again.
create function log.refuse_rewind() returns trigger language plpgsql as $$
begin
    raise exception 'log.log_head would go back from % to %', old.position, new.position using errcode = '42501';
end
$$;

create trigger log_head_grows before update on log.log_head
    for each row when (new.position < old.position) execute function log.refuse_rewind();
