-- Rows that do not exist any more.
delete from "{schema}"."{table}" as _row
using unnest($1::text[], $2::text[]) as gone (tenant, key)
where _row.tenant = gone.tenant and _row.key = gone.key
