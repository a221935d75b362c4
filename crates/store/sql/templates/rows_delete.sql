-- Rows that do not exist any more.
delete from "{schema}"."{table}" as held
using unnest($1::text[], $2::text[]) as gone (tenant, key)
where held.tenant = gone.tenant and held.key = gone.key
