-- Whole documents, each touched one once.
insert into "{schema}".docs (tenant, key, doc)
select tenant, key, doc::json from unnest($1::text[], $2::text[], $3::text[]) as given (tenant, key, doc)
on conflict (tenant, key) do update set doc = excluded.doc
