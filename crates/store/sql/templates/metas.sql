-- All tenants, for counting what is parked.
select tenant, meta::text from "{schema}".meta order by tenant
