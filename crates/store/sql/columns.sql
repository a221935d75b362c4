-- Tables of rows are those with a span; their own columns are what a row's JSON is made of.
select t.relname::text, array_agg(a.attname::text order by a.attname::text)
    filter (where a.attname not in ('tenant', 'key', 'position', 'revision', 'span'))
from pg_class t
join pg_namespace n on n.oid = t.relnamespace
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = $1 and t.relkind = 'r'
    and exists (select from pg_attribute s where s.attrelid = t.oid and s.attname = 'span')
group by t.relname
