-- Readers that hold a table are waited for, but not for ever.
drop schema if exists "{schema}" cascade
