-- One per touched tenant.
insert into "{schema}".meta (tenant, meta)
select tenant, meta::json from unnest($1::text[], $2::text[]) as given (tenant, meta)
on conflict (tenant) do update set meta = excluded.meta
