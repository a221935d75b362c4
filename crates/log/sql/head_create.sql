-- The first process to open an empty database names its history; all others read the name.
insert into log.log_head (epoch) values ($1) on conflict (singleton) do nothing
