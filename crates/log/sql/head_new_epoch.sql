-- A restored database is another history from here on; stores of the old one must not be mixed in.
update log.log_head set epoch = $1
