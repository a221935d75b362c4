-- sales-volume out of the raw events of one tenant ($1) up to a position ($2), under the
-- configurations that held ($3: since, until, config): every row that must be there, as table, key
-- and columns. Written from the rules, not from the fold.
with settings as (
    select since, until, config->>'zone' as zone, (config->>'cut')::interval as cut
    from jsonb_to_recordset($3::jsonb) as s(since bigint, until bigint, config jsonb)
),

-- G1: business date and wall hour, by the configuration in force when the event arrived.
arrived as materialized (
    select e.position, e.id, e.type, e.occurred_at, e.data::jsonb as data,
        (e.occurred_at at time zone s.zone - s.cut)::date as business_date,
        extract(hour from e.occurred_at at time zone s.zone)::int as hour,
        -- G4: canonical order.
        row_number() over (
            order by e.occurred_at, e.stream collate "C", e.version, e.id
        ) as canonical
    from log.events e
    join settings s on e.position > s.since and e.position <= s.until
    where e.tenant = $1 and e.position <= $2 and e.type in (
        'OrderPlaced', 'OrderCancelled', 'OrderLineCancelled', 'ItemReturned',
        'ProductRegistered', 'ProductRenamed', 'ProductRecategorised', 'ProductPriceChanged'
    )
),

of_orders as (
    select a.*, (a.data->>'order_id') collate "C" as order_id from arrived a where a.type not like 'Product%'
),

-- The first placing counts; another one is parked below.
placed as materialized (
    select distinct on (order_id) * from of_orders where type = 'OrderPlaced'
    order by order_id, canonical
),

-- S-R2: price, discount and category as the order line has them.
lines as materialized (
    select p.order_id, p.business_date, p.hour,
        p.data->>'channel' as channel, p.data->>'region' as region, p.data->>'currency' as currency,
        l.ordinal, (l.line->>'line_no')::int as line_no, l.line->>'product_id' as product_id,
        l.line->>'category' as category, l.line->>'uom' as uom, l.line->>'kind' as kind,
        (l.line->>'qty')::bigint as qty, (l.line->>'gross_minor')::bigint as gross,
        (l.line->>'discount_minor')::bigint as discount,
        (p.data->>'order_discount_minor')::numeric as order_discount,
        greatest((l.line->>'gross_minor')::numeric - (l.line->>'discount_minor')::numeric, 0) as worth
    from placed p
    cross join lateral jsonb_array_elements(p.data->'lines') with ordinality as l(line, ordinal)
),

-- G3: largest remainder; when all weights are 0 they are equal.
weighted as (
    select *, case when sum(worth) over (partition by order_id) = 0 then 1 else worth end as weight
    from lines
),

floored as (
    select *, sum(weight) over (partition by order_id) as weights from weighted
),

ranked as (
    select *, div(order_discount * weight, weights) as share,
        row_number() over (
            partition by order_id order by mod(order_discount * weight, weights) desc, ordinal
        ) as rank
    from floored
),

sold as materialized (
    select order_id, business_date, hour, channel, region, currency, ordinal, line_no, product_id,
        category, uom, kind, qty, gross,
        (discount + share + case
            when rank <= order_discount - sum(share) over (partition by order_id) then 1 else 0
        end)::bigint as discount
    from ranked
),

-- What happened to an order after it was placed, in canonical order, beside what it can lose.
histories as materialized (
    select l.order_id, l.line_nos, l.units, m.moves
    from (
        select order_id, array_agg(line_no order by ordinal) as line_nos,
            array_agg(qty order by ordinal) as units
        from sold group by order_id
    ) l
    join (
        select o.order_id, jsonb_agg(jsonb_build_object(
            'type', o.type, 'line_no', o.data->'line_no', 'qty', o.data->'qty',
            'return_id', o.data->'return_id', 'event', o.id, 'position', o.position,
            'occurred_at', o.occurred_at, 'date', o.business_date, 'hour', o.hour
        ) order by o.canonical) as moves
        from of_orders o
        where not exists (select from placed p where p.position = o.position)
        group by o.order_id
    ) m using (order_id)
),

-- S-R4: one event after the other; what exceeds what is left is parked as a whole, and a return
-- that was taken in before is nothing. Cancelling an order takes all that is left of every line.
steps as materialized (
    select h.order_id, step.*
    from histories h
    cross join lateral (
        with recursive walk as (
            select 0 as n, null::jsonb as move, null::bigint[] as before,
                array_fill(0::bigint, array[cardinality(h.units)]) as taken,
                '{}'::text[] as returned, null::text as parked
            union all
            select w.n + 1, now.move, w.taken,
                case
                    when now.type = 'OrderCancelled' then h.units
                    when now.fits and not now.repeated
                        then w.taken[:now.i - 1] || (w.taken[now.i] + now.qty) || w.taken[now.i + 1:]
                    else w.taken
                end,
                case
                    when now.type = 'ItemReturned' and now.fits and not now.repeated
                        then w.returned || (now.move->>'return_id')
                    else w.returned
                end,
                case
                    when now.type = 'OrderPlaced' then 'AlreadyExists'
                    when now.fits or now.repeated or now.type = 'OrderCancelled' then null
                    when now.type = 'OrderLineCancelled' then 'CancelExceedsSold'
                    else 'ReturnExceedsSold'
                end
            from walk w
            cross join lateral (
                select m.move, m.move->>'type' as type, m.i, (m.move->>'qty')::bigint as qty,
                    coalesce(
                        m.move->>'type' in ('OrderLineCancelled', 'ItemReturned')
                        and (m.move->>'qty')::bigint <= h.units[m.i] - w.taken[m.i], false
                    ) as fits,
                    coalesce(
                        m.move->>'type' = 'ItemReturned'
                        and m.move->>'return_id' = any(w.returned), false
                    ) as repeated
                from (
                    select h.moves->w.n as move,
                        array_position(h.line_nos, (h.moves->w.n->>'line_no')::int) as i
                ) m
            ) now
            where w.n < jsonb_array_length(h.moves)
        )
        select * from walk where n > 0
    ) step
),

-- S-R2: each taking is worth what G3 consumption says of the line's net.
movements as (
    select s.order_id, s.n, (s.move->>'date')::date as business_date, (s.move->>'hour')::int as hour,
        s.move->>'type' = 'ItemReturned' as returned, u.ordinal, u.after - u.before as units,
        (floor((l.gross - l.discount)::numeric * u.after / l.qty)
            - floor((l.gross - l.discount)::numeric * u.before / l.qty))::bigint as minor
    from steps s
    cross join lateral unnest(s.before, s.taken) with ordinality as u(before, after, ordinal)
    join sold l on l.order_id = s.order_id and l.ordinal = u.ordinal
    where u.after > u.before
),

-- S-R1, S-R3: sales at their time; cancels and returns at their own (activity) or the sale's (cohort).
posted as (
    select a.attribution, l.business_date, l.hour, l.order_id, l.ordinal, 0 as n, l.order_id as of_order,
        l.qty as sold, 0::bigint as cancelled, 0::bigint as returned, 1 as lines, l.gross, l.discount,
        0::bigint as cancelled_minor, 0::bigint as returned_minor
    from sold l cross join (values ('activity'), ('cohort')) as a(attribution)
    union all
    select a.attribution,
        case a.attribution when 'activity' then m.business_date else l.business_date end,
        case a.attribution when 'activity' then m.hour else l.hour end,
        m.order_id, m.ordinal, m.n, null,
        0, case when m.returned then 0 else m.units end, case when m.returned then m.units else 0 end,
        0, 0, 0,
        case when m.returned then 0 else m.minor end, case when m.returned then m.minor else 0 end
    from movements m
    join sold l on l.order_id = m.order_id and l.ordinal = m.ordinal
    cross join (values ('activity'), ('cohort')) as a(attribution)
),

cells as (
    select p.attribution, l.product_id, p.business_date, p.hour, l.channel, l.region, l.category,
        l.currency, l.uom, case l.kind when 'goods' then 0 else 1 end as kind, p.of_order,
        p.sold, p.cancelled, p.returned, p.lines, p.gross, p.discount, p.cancelled_minor,
        p.returned_minor,
        concat_ws('|', p.attribution, l.product_id, p.business_date, p.hour, l.channel, l.region,
            l.category, l.currency) collate "C" as key,
        p.order_id, p.n, p.ordinal
    from posted p
    join sold l on l.order_id = p.order_id and l.ordinal = p.ordinal
),

-- Lines of a cell should agree on unit and kind. Where an order has two words its first line's
-- stands, and where orders disagree the lowest.
words as (
    select distinct on (key) key, uom, kind
    from (
        select distinct on (key, order_id) key, uom, kind from cells order by key, order_id, n, ordinal
    ) of_order
    order by key, uom collate "C", kind
),

rows as (
    select c.key, min(c.attribution) as attribution, min(c.product_id) as product_id,
        min(c.business_date) as business_date, min(c.hour) as hour, min(c.channel) as channel,
        min(c.region) as region, min(c.category) as category, min(c.currency) as currency,
        min(w.uom) as uom, case min(w.kind) when 0 then 'goods' else 'charge' end as kind,
        sum(c.sold) as sold, sum(c.cancelled) as cancelled, sum(c.returned) as returned,
        sum(c.lines) as lines, count(distinct c.of_order) as orders, sum(c.gross) as gross,
        sum(c.discount) as discount, sum(c.cancelled_minor) as cancelled_minor,
        sum(c.returned_minor) as returned_minor,
        coalesce(
            jsonb_agg(distinct c.of_order order by c.of_order) filter (where c.of_order is not null), '[]'
        ) as order_ids
    from cells c join words w using (key)
    group by c.key
),

-- S-R4, G6: what waits, by order.
waiting as (
    select s.order_id, s.parked as reason, s.move->>'event' as event,
        (s.move->>'position')::bigint as position, s.move->'occurred_at' as occurred_at
    from steps s where s.parked is not null
    union all
    select o.order_id, 'OrderUnknown', o.id::text, o.position, to_jsonb(o.occurred_at)
    from of_orders o
    where not exists (select from placed p where p.order_id = o.order_id)
),

-- Product cards: what was last said of a product that was registered.
of_products as (
    select a.*, a.data->>'product_id' as product_id from arrived a where a.type like 'Product%'
),

registered as (
    select distinct on (product_id) * from of_products where type = 'ProductRegistered'
    order by product_id, canonical
),

prices as (
    select p.product_id, p.canonical, (p.data->>'price_version')::bigint as price_version,
        (p.data->>'unit_price_micros')::bigint as unit_price_micros,
        case p.type
            when 'ProductRegistered' then p.occurred_at
            else (p.data->>'effective_from')::timestamptz
        end as effective_from,
        p.type <> 'ProductRegistered' as later
    from of_products p
    where p.type = 'ProductPriceChanged'
        or exists (select from registered r where r.position = p.position)
),

cards as (
    select r.product_id, r.data,
        (array_agg(n.data->>'name' order by n.canonical desc)
            filter (where n.type = 'ProductRenamed'))[1] as name,
        (array_agg(n.data->>'category' order by n.canonical desc)
            filter (where n.type = 'ProductRecategorised'))[1] as category
    from registered r join of_products n using (product_id)
    group by r.product_id, r.data
),

listed as (
    select product_id,
        jsonb_agg(jsonb_build_object(
            'price_version', price_version, 'unit_price_micros', unit_price_micros,
            'effective_from', effective_from
        ) order by price_version, later, canonical) as prices
    from prices group by product_id
),

answer as (
    select 'rows' as "table", key, jsonb_build_object(
        'attribution', attribution, 'product_id', product_id, 'business_date', business_date,
        'hour', hour, 'channel', channel, 'region', region, 'category', category, 'currency', currency,
        'uom', uom, 'kind', kind, 'units_sold', sold, 'units_cancelled', cancelled,
        'units_returned', returned, 'net_units', sold - cancelled - returned, 'lines', lines,
        'orders', orders, 'gross_minor', gross, 'discount_minor', discount,
        'cancelled_minor', cancelled_minor, 'returned_minor', returned_minor,
        'net_minor', gross - discount - cancelled_minor - returned_minor, 'order_ids', order_ids
    )::text as columns
    from rows
    union all
    select 'products', c.product_id, jsonb_build_object(
        'product_id', c.product_id, 'name', coalesce(c.name, c.data->>'name'),
        'category', coalesce(c.category, c.data->>'category'), 'kind', c.data->>'kind',
        'uom', c.data->>'uom', 'currency', c.data->>'currency',
        'unit_price_micros', l.prices->-1->'unit_price_micros',
        'price_version', l.prices->-1->'price_version',
        'price_effective_from', l.prices->-1->'effective_from', 'prices', l.prices
    )::text
    from cards c join listed l using (product_id)
    union all
    select 'parked', 'order/' || order_id, jsonb_build_object(
        'owner', 'order/' || order_id, 'entries', jsonb_agg(jsonb_build_object(
            'key', order_id, 'event', event, 'reason', reason, 'position', position,
            'occurred_at', occurred_at
        ) order by position)
    )::text
    from waiting group by order_id
)

select * from answer order by "table" collate "C", key collate "C"
