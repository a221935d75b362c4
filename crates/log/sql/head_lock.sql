-- Nobody else appends until this transaction ends, so what is checked next stays true.
select position from log.log_head for update
