-- Position and a tenant's meta, in the snapshot that also reads the rows.
select c.position, c.as_of, m.meta::text
from "{schema}".checkpoint c
left join "{schema}".meta m on m.tenant = $1
