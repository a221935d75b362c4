-- All that a batch must know before it is written, in one round trip: the streams' versions (0),
-- the answers already given (1) and the event ids already taken (2). Lateral subqueries keep each
-- lookup on its index however large the tables have grown.
select 0 as kind, asked.ord, coalesce(latest.version, 0)::bigint as number, null::bytea as hash, null::text as answer, null::text as tenant, null::text as stream
from unnest($1::text[], $2::text[]) with ordinality as asked (tenant, stream, ord)
left join lateral (
    select version from log.events
    where tenant = asked.tenant and stream = asked.stream order by version desc limit 1
) as latest on true
union all
select 1, asked.ord, given.position, given.request_hash, given.answer::text, null, null
from unnest($3::text[], $4::text[]) with ordinality as asked (tenant, key, ord)
cross join lateral (
    select position, request_hash, answer from log.idempotency
    where tenant = asked.tenant and key = asked.key limit 1
) as given
union all
select 2, asked.ord, taken.version::bigint, null, null, taken.tenant, taken.stream
from unnest($5::uuid[]) with ordinality as asked (id, ord)
cross join lateral (select tenant, stream, version from log.events where id = asked.id limit 1) as taken
