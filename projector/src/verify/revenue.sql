-- revenue out of the raw events of one tenant ($1) up to a position ($2), under the configurations
-- that held ($3: since, until, config): every row that must be there, as table, key and columns.
-- Written from the rules, not from the fold. Basis and reporting currency have held since the first
-- event; zone and cut may have changed (G1).
with settings as materialized (
    select since, until, config->>'zone' as zone, (config->>'cut')::interval as cut
    from jsonb_to_recordset($3::jsonb) as s(since bigint, until bigint, config jsonb)
),

terms as materialized (
    select config->>'reporting_currency' as reporting, config->>'recognition_basis' as basis
    from jsonb_to_recordset($3::jsonb) as s(since bigint, until bigint, config jsonb)
    order by since desc limit 1
),

-- G1: business date and wall hour, by the configuration in force when the event arrived. G4: order.
arrived as materialized (
    select e.position, e.id, e.type, e.occurred_at, e.data::jsonb as data,
        (e.occurred_at at time zone s.zone - s.cut)::date as business_date,
        extract(hour from e.occurred_at at time zone s.zone)::int as hour,
        row_number() over (
            order by e.occurred_at, e.stream collate "C", e.version, e.id
        ) as canonical
    from log.events e
    join settings s on e.position > s.since and e.position <= s.until
    where e.tenant = $1 and e.position <= $2 and e.type in (
        'PaymentRequested', 'PaymentDeclined', 'PaymentCaptured', 'PaymentCaptureFailed',
        'PaymentRefunded', 'PaymentRefundFailed', 'ChargebackOpened', 'ChargebackReversed',
        'ChargebackLost', 'FxRatePublished',
        'OrderPlaced', 'OrderCancelled', 'OrderLineCancelled', 'OrderShipped', 'ItemReturned'
    )
),

of_payments as materialized (
    select a.*, (a.data->>'payment_id') collate "C" as payment_id from arrived a
    where a.data->>'payment_id' is not null
),

-- R-R6: a failure counts where the payment was asked for, else where it was first captured.
channels as (
    select payment_id, coalesce(
        (array_agg(data->>'channel' order by canonical) filter (where type = 'PaymentRequested'))[1],
        (array_agg(data->>'channel' order by canonical) filter (where type = 'PaymentCaptured'))[1]
    ) as channel
    from of_payments group by payment_id
),

failed as (
    select p.*, c.channel from of_payments p join channels c using (payment_id)
    where p.type in ('PaymentDeclined', 'PaymentCaptureFailed')
),

-- What moves money, or undoes it, of every payment in canonical order; places count from 0.
moving as materialized (
    select *, row_number() over (partition by payment_id order by canonical) - 1 as place
    from of_payments
    where type in (
        'PaymentCaptured', 'PaymentRefunded', 'PaymentRefundFailed', 'ChargebackOpened',
        'ChargebackReversed', 'ChargebackLost'
    )
),

histories as materialized (
    select payment_id, jsonb_agg(jsonb_build_object(
        'type', type, 'capture', data->'capture_id',
        'taking', coalesce(data->'refund_id', data->'chargeback_id'),
        -- Refunds and chargebacks have ids of their own kinds.
        'kind', case when type like 'Chargeback%' then 'c' else 'r' end,
        'amount', data->'amount_minor', 'currency', data->'currency'
    ) order by place) as moves
    from moving group by payment_id
),

-- R-R2, R-R6, G6: one event after the other. What it needs may be missing: then it waits, and is
-- tried again after everything that may be what it waits for. `left` is what was captured and not
-- taken back; `takings` are refunds and chargebacks by kind and id: place of the event, place of the
-- capture, and whether it is open, undone or lost.
steps as materialized (
    select h.payment_id, step.*
    from histories h
    cross join lateral (
        with recursive walk as (
            select 0 as step, 0 as n, null::int as place, '{}'::int[] as todo, '{}'::int[] as waiting,
                '{}'::jsonb as captures, '{}'::jsonb as takings, '{}'::jsonb as "left",
                null::text as outcome, null::text as reason
            union all
            select w.step + 1, o.n, o.x,
                case when o.outcome = 'new' then o.rest || w.waiting else o.rest end,
                case o.outcome when 'new' then '{}' when 'wait' then w.waiting || o.x else w.waiting end,
                case
                    when o.outcome = 'new' and o.type = 'PaymentCaptured'
                        then w.captures || jsonb_build_object(o.capture, o.x)
                    else w.captures
                end,
                case
                    when o.outcome = 'new' and o.type <> 'PaymentCaptured' then w.takings
                        || jsonb_build_object(o.taking, jsonb_build_array(o.x, w.captures->o.capture, 'open'))
                    when o.outcome = 'undone'
                        then w.takings || jsonb_build_object(o.taking, jsonb_set(o.taken, '{2}', '"undone"'))
                    when o.outcome = 'lost'
                        then w.takings || jsonb_build_object(o.taking, jsonb_set(o.taken, '{2}', '"lost"'))
                    else w.takings
                end,
                case
                    when o.outcome = 'new' then w."left" || jsonb_build_object(o.currency,
                        coalesce((w."left"->>o.currency)::numeric, 0)
                            + case o.type when 'PaymentCaptured' then o.amount else -o.amount end)
                    when o.outcome = 'undone' then w."left" || jsonb_build_object(
                        h.moves->((o.taken->>0)::int)->>'currency',
                        (w."left"->>(h.moves->((o.taken->>0)::int)->>'currency'))::numeric
                            + (h.moves->((o.taken->>0)::int)->>'amount')::numeric)
                    else w."left"
                end,
                o.outcome, o.reason
            from walk w
            cross join lateral (
                select m.*,
                    case
                        when m.type = 'PaymentCaptured'
                            then case when w.captures ? m.capture then 'done' else 'new' end
                        when m.type in ('PaymentRefunded', 'ChargebackOpened') then case
                            when m.taken is not null then 'done'
                            when not w.captures ? m.capture then 'wait'
                            when m.capture_currency <> m.currency or m.amount > m.available then 'parked'
                            else 'new'
                        end
                        when m.taken is null then 'wait'
                        when m.type = 'ChargebackLost' then case m.taken->>2
                            when 'open' then 'lost' when 'lost' then 'done' else 'parked'
                        end
                        else case m.taken->>2
                            when 'open' then 'undone' when 'undone' then 'done' else 'parked'
                        end
                    end as outcome,
                    case
                        when m.type not in ('PaymentRefunded', 'ChargebackOpened') then 'ChargebackClosed'
                        when m.capture_currency <> m.currency then 'CurrencyMismatch'
                        when m.type = 'PaymentRefunded' then 'RefundExceedsCaptured'
                        else 'ChargebackExceedsCaptured'
                    end as reason
                from (
                    select e.*, w.takings->e.taking as taken,
                        h.moves->((w.captures->>e.capture)::int)->>'currency' as capture_currency,
                        coalesce((w."left"->>e.currency)::numeric, 0) as available
                    from (
                        select q.n, q.x, q.rest, move->>'type' as type, move->>'capture' as capture,
                            (move->>'kind') || (move->>'taking') as taking,
                            (move->>'amount')::numeric as amount, move->>'currency' as currency
                        from (
                            select case when cardinality(w.todo) > 0 then w.n else w.n + 1 end as n,
                                case when cardinality(w.todo) > 0 then w.todo[1] else w.n end as x,
                                w.todo[2:] as rest
                        ) q
                        cross join lateral (select h.moves->q.x as move) found
                    ) e
                ) m
            ) o
            where cardinality(w.todo) > 0 or w.n < jsonb_array_length(h.moves)
        )
        select * from walk
    ) step
),

-- Postings of payments: kind, where the money was captured, and what moved when.
payment_postings as (
    select m.payment_id, case m.type when 'PaymentCaptured' then 'captured'
            when 'PaymentRefunded' then 'refunded' else 'charged_back' end as kind,
        m.place as at_place, case m.type when 'PaymentCaptured' then m.place
            else (s.captures->>(m.data->>'capture_id'))::int end as capture_place,
        m.place as money_place
    from steps s join moving m on m.payment_id = s.payment_id and m.place = s.place
    where s.outcome = 'new'
    union all
    select m.payment_id, case m.type when 'PaymentRefundFailed' then 'refund_failed'
            else 'chargeback_reversed' end,
        m.place, (taken.value->>1)::int, (taken.value->>0)::int
    from steps s join moving m on m.payment_id = s.payment_id and m.place = s.place
    cross join lateral (
        select s.takings->(
            case m.type when 'PaymentRefundFailed' then 'r' else 'c' end
            || coalesce(m.data->>'refund_id', m.data->>'chargeback_id')
        ) as value
    ) taken
    where s.outcome = 'undone'
),

-- R-R7: under the bases `ordered` and `fulfilled` an order itself is revenue.
of_orders as materialized (
    select a.*, (a.data->>'order_id') collate "C" as order_id from arrived a cross join terms t
    where a.type in ('OrderPlaced', 'OrderCancelled', 'OrderLineCancelled', 'OrderShipped', 'ItemReturned')
        and t.basis <> 'captured'
),

placed as materialized (
    select distinct on (order_id) * from of_orders where type = 'OrderPlaced'
    order by order_id, canonical
),

-- S-R2, G3: the order discount by largest remainder over what the lines are worth.
lines as materialized (
    select p.order_id, l.ordinal, (l.line->>'line_no')::int as line_no,
        (l.line->>'qty')::bigint as qty, (l.line->>'tax_minor')::numeric as tax,
        (l.line->>'gross_minor')::numeric - (l.line->>'discount_minor')::numeric as net,
        (p.data->>'order_discount_minor')::numeric as order_discount
    from placed p
    cross join lateral jsonb_array_elements(p.data->'lines') with ordinality as l(line, ordinal)
),

weighted as (
    select *, case
        when sum(greatest(net, 0)) over (partition by order_id) = 0 then 1 else greatest(net, 0)
    end as weight
    from lines
),

floored as (
    select *, sum(weight) over (partition by order_id) as weights from weighted
),

ranked as (
    select *, div(order_discount * weight, weights) as share, row_number() over (
        partition by order_id order by mod(order_discount * weight, weights) desc, ordinal
    ) as rank
    from floored
),

sold as materialized (
    select order_id, ordinal, line_no, qty, tax, net - share - case
        when rank <= order_discount - sum(share) over (partition by order_id) then 1 else 0
    end as net
    from ranked
),

order_histories as materialized (
    select l.order_id, l.line_nos, l.units, m.moves
    from (
        select order_id, array_agg(line_no order by ordinal) as line_nos,
            array_agg(qty order by ordinal) as units
        from sold group by order_id
    ) l
    join (
        select o.order_id, jsonb_agg(jsonb_build_object(
            'type', o.type, 'line_no', o.data->'line_no', 'qty', o.data->'qty',
            'return_id', o.data->'return_id', 'position', o.position
        ) order by o.canonical) as moves
        from of_orders o
        where o.type <> 'OrderShipped' and not exists (select from placed p where p.position = o.position)
        group by o.order_id
    ) m using (order_id)
),

-- S-R4: what exceeds what is left is parked as a whole; a return taken in before is nothing.
order_steps as materialized (
    select h.order_id, (step.move->>'position')::bigint as position, step.before, step.taken, step.parked
    from order_histories h
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

-- G3 consumption of net and of tax.
movements as (
    select s.order_id, s.position,
        floor(l.net * u.after / l.qty) - floor(l.net * u.before / l.qty) as amount,
        floor(l.tax * u.after / l.qty) - floor(l.tax * u.before / l.qty) as tax
    from order_steps s
    cross join lateral unnest(s.before, s.taken) with ordinality as u(before, after, ordinal)
    join sold l on l.order_id = s.order_id and l.ordinal = u.ordinal
    where u.after > u.before
),

shipped as (
    select distinct on (order_id) * from of_orders where type = 'OrderShipped' order by order_id, canonical
),

cancelled as (
    select distinct on (order_id) * from of_orders where type = 'OrderCancelled' order by order_id, canonical
),

-- When an order is recognised; one that was cancelled as a whole before it was shipped is nothing.
recognised as materialized (
    select p.order_id, p.position as placed_at, t.basis = 'fulfilled' as fulfilled,
        (p.data->>'shipping_minor')::numeric as shipping, c.position as cancelled_at,
        case t.basis when 'ordered' then p.position else s.position end as started_at,
        case t.basis when 'ordered' then p.canonical else s.canonical end as since
    from placed p
    cross join terms t
    left join shipped s using (order_id)
    left join cancelled c using (order_id)
    where t.basis = 'ordered'
        or s.position is not null and coalesce(c.canonical > s.canonical, true)
),

order_movements as (
    select r.order_id, m.position, m.amount, m.tax,
        r.fulfilled and o.canonical < r.since as earlier
    from recognised r
    join movements m using (order_id)
    join of_orders o on o.position = m.position
),

order_postings as (
    select r.order_id, 'captured' as kind, r.started_at as position,
        r.shipping + l.net - coalesce(e.amount, 0) as amount, l.tax - coalesce(e.tax, 0) as tax
    from recognised r
    join (select order_id, sum(net) as net, sum(tax) as tax from sold group by order_id) l using (order_id)
    left join (
        select order_id, sum(amount) as amount, sum(tax) as tax from order_movements
        where earlier group by order_id
    ) e using (order_id)
    union all
    select order_id, 'refunded', position, amount, tax from order_movements where not earlier
    union all
    select order_id, 'refunded', cancelled_at, shipping, 0 from recognised where cancelled_at is not null
),

-- Every movement of money, wherever it comes from.
postings as materialized (
    select p.kind, at.business_date, at.hour, c.business_date as captured_on,
        c.data->>'channel' as channel, c.data->>'region' as region, c.data->>'method' as method,
        c.data->>'currency' as currency, (m.data->>'amount_minor')::numeric as amount,
        (m.data->>'tax_minor')::numeric as tax
    from payment_postings p
    join moving at on at.payment_id = p.payment_id and at.place = p.at_place
    join moving c on c.payment_id = p.payment_id and c.place = p.capture_place
    join moving m on m.payment_id = p.payment_id and m.place = p.money_place
    cross join terms t
    where t.basis = 'captured'
    union all
    select p.kind, at.business_date, at.hour, s.business_date, o.data->>'channel', o.data->>'region',
        'order', o.data->>'currency', p.amount, p.tax
    from order_postings p
    join recognised r using (order_id)
    join arrived at on at.position = p.position
    join arrived s on s.position = r.started_at
    join arrived o on o.position = r.placed_at
),

-- R-R4: the latest rate that holds on a day; of two for one day the one published last.
rates as materialized (
    select data->>'base' as base, (data->>'effective_from')::date as effective_from,
        (data->>'rate_micros')::numeric as micros, canonical
    from arrived cross join terms t
    where type = 'FxRatePublished' and data->>'quote' = t.reporting
),

asked as (
    select currency, captured_on as day from postings union select currency, business_date from postings
),

held as (
    select distinct on (a.currency, a.day) a.currency, a.day, r.micros
    from asked a join rates r on r.base = a.currency and r.effective_from <= a.day
    order by a.currency, a.day, r.effective_from desc, r.canonical desc
),

-- Major units per minor unit.
currencies as (
    select currency, case
        when currency in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV',
            'XAF', 'XOF', 'XPF'
        ) then 1
        when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 0.001
        else 0.01
    end as unit
    from (select currency from postings union select reporting from terms) c
),

-- Rounded half away from zero, as numeric does.
converted as (
    select p.*, s.sign, s.sign * p.amount as net, p.currency = t.reporting as same,
        round(s.sign * p.amount * own.unit * 0.000001 * r1.micros * div(1, theirs.unit)) as at_capture,
        round(s.sign * p.amount * own.unit * 0.000001 * r2.micros * div(1, theirs.unit)) as at_event
    from postings p
    cross join terms t
    cross join lateral (
        select case when p.kind in ('captured', 'refund_failed', 'chargeback_reversed') then 1 else -1 end
            as sign
    ) s
    join currencies own on own.currency = p.currency
    join currencies theirs on theirs.currency = t.reporting
    left join held r1 on r1.currency = p.currency and r1.day = p.captured_on
    left join held r2 on r2.currency = p.currency and r2.day = p.business_date
),

measured as (
    select business_date, hour, channel, region, method, currency,
        case kind when 'captured' then amount else 0 end as captured,
        case kind when 'captured' then tax else 0 end as captured_tax,
        case kind when 'captured' then 1 else 0 end as captures,
        case kind when 'refunded' then amount when 'refund_failed' then -amount else 0 end as refunded,
        case kind when 'refunded' then tax when 'refund_failed' then -tax else 0 end as refunded_tax,
        case kind when 'refunded' then 1 when 'refund_failed' then -1 else 0 end as refunds,
        case kind when 'charged_back' then amount else 0 end as chargeback,
        case kind when 'charged_back' then tax else 0 end as chargeback_tax,
        case kind when 'charged_back' then 1 else 0 end as chargebacks,
        case kind when 'chargeback_reversed' then amount else 0 end as reversed,
        case kind when 'chargeback_reversed' then tax else 0 end as reversed_tax,
        net, sign * tax as net_tax,
        case when same then net else at_capture end as reporting,
        case when same then 0 else at_event - at_capture end as fx,
        not same and (at_capture is null or at_event is null) as missing
    from converted
),

rows as (
    select business_date, hour, channel, region, method, currency,
        sum(captured) as captured, sum(captured_tax) as captured_tax, sum(captures) as captures,
        sum(refunded) as refunded, sum(refunded_tax) as refunded_tax, sum(refunds) as refunds,
        sum(chargeback) as chargeback, sum(chargeback_tax) as chargeback_tax,
        sum(chargebacks) as chargebacks, sum(reversed) as reversed, sum(reversed_tax) as reversed_tax,
        sum(net) as net, sum(net - net_tax) as supply,
        coalesce(sum(reporting) filter (where not missing), 0) as reporting,
        coalesce(sum(fx) filter (where not missing), 0) as fx, count(*) filter (where missing) as missing
    from measured
    group by business_date, hour, channel, region, method, currency
),

-- G6: what waits, by payment and by order.
last_steps as (
    select distinct on (payment_id) payment_id, waiting from steps order by payment_id, step desc
),

waiting as (
    select 'payment/' || m.payment_id as owner, m.payment_id as key, m.id, m.position, m.occurred_at,
        s.reason
    from steps s join moving m on m.payment_id = s.payment_id and m.place = s.place
    where s.outcome = 'parked'
    union all
    select 'payment/' || m.payment_id, m.payment_id, m.id, m.position, m.occurred_at, case
        when m.type = 'PaymentRefundFailed' then 'RefundUnknown'
        when m.type in ('ChargebackReversed', 'ChargebackLost') then 'ChargebackUnknown'
        else 'CaptureUnknown'
    end
    from last_steps s
    cross join lateral unnest(s.waiting) as w(place)
    join moving m on m.payment_id = s.payment_id and m.place = w.place
    union all
    select 'payment/' || payment_id, payment_id, id, position, occurred_at, 'PaymentUnknown'
    from failed where channel is null
    union all
    select 'order/' || o.order_id, o.order_id, o.id, o.position, o.occurred_at, s.parked
    from order_steps s join of_orders o on o.position = s.position where s.parked is not null
    union all
    select 'order/' || o.order_id, o.order_id, o.id, o.position, o.occurred_at, 'OrderUnknown'
    from of_orders o
    where not exists (select from placed p where p.order_id = o.order_id)
),

answer as (
    select 'rows' as "table",
        concat_ws('|', business_date, hour, channel, region, method, currency) as key,
        jsonb_build_object(
            'business_date', business_date, 'hour', hour, 'channel', channel, 'region', region,
            'method', method, 'currency', currency, 'captured_minor', captured,
            'captured_tax_minor', captured_tax, 'captures', captures, 'refunded_minor', refunded,
            'refunded_tax_minor', refunded_tax, 'refunds', refunds, 'chargeback_minor', chargeback,
            'chargeback_tax_minor', chargeback_tax, 'chargebacks', chargebacks,
            'chargeback_reversed_minor', reversed, 'chargeback_reversed_tax_minor', reversed_tax,
            'net_minor', net, 'net_supply_minor', supply, 'reporting_minor', reporting,
            'fx_minor', fx, 'reporting_missing', missing
        )::text as columns
    from rows
    -- A row in which nothing is left is not kept.
    where (captured, captured_tax, captures, refunded, refunded_tax, refunds, chargeback, chargeback_tax,
        chargebacks, reversed, reversed_tax, net, supply, reporting, fx, missing)
        <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    union all
    select 'failures', concat_ws('|', business_date, hour, channel, data->>'code'), jsonb_build_object(
        'business_date', business_date, 'hour', hour, 'channel', channel, 'code', data->>'code',
        'count', count(*)
    )::text
    from failed where channel is not null
    group by business_date, hour, channel, data->>'code'
    union all
    select 'parked', owner, jsonb_build_object('owner', owner, 'entries', jsonb_agg(jsonb_build_object(
        'key', key, 'event', id, 'reason', reason, 'position', position, 'occurred_at', occurred_at
    ) order by position))::text
    from waiting group by owner
)

select * from answer order by "table" collate "C", key collate "C"
