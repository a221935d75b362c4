-- call-time out of the raw events of one tenant ($1) up to a position ($2), under the configuration
-- that has held since its first call ($3): every row that must be there, as table, key and columns.
-- Written from the rules, not from the fold. Spans are whole seconds since 1970, half open (G1).
with settings as materialized (
    select config->>'zone' as zone, (config->>'cut')::interval as cut,
        config->>'call_attribution' as attribution,
        (config->>'max_call_s')::bigint as max_call_s,
        (config->>'short_call_s')::bigint as short_call_s,
        (config#>>'{service_level,threshold_s}')::bigint as threshold_s,
        (config#>>'{service_level,short_abandon_s}')::bigint as short_abandon_s
    from jsonb_to_recordset($3::jsonb) as s(since bigint, until bigint, config jsonb)
    order by since desc limit 1
),

read as materialized (
    select e.position, e.id, e.version, e.type, e.occurred_at, e.data::jsonb as data,
        floor(extract(epoch from e.occurred_at))::bigint as at_s
    from log.events e
    where e.tenant = $1 and e.position <= $2 and e.type in (
        'CallOffered', 'CallQueued', 'CallRang', 'CallConnected', 'CallHeld', 'CallRetrieved',
        'ConsultStarted', 'ConsultEnded', 'CallTransferred', 'CallEnded', 'CallAbandoned',
        'WrapUpStarted', 'WrapUpEnded', 'CallSegmentCorrected',
        'AgentLoggedIn', 'AgentStateChanged', 'AgentSessionLost', 'AgentLoggedOut'
    )
),

watermark as materialized (
    select floor(extract(epoch from max(occurred_at)))::bigint as at_s from read
),

-- G4: a call's events in canonical order.
of_calls as materialized (
    select r.*, (r.data->>'call_id') collate "C" as call_id,
        coalesce(r.data->>'segment_id', r.data->>'from_segment_id') collate "C" as segment_id,
        row_number() over (
            partition by r.data->>'call_id' order by r.occurred_at, r.version, r.id
        ) as nth
    from read r where r.type not like 'Agent%'
),

-- C-R1: the unit is the segment; its first start holds.
begun as materialized (
    select distinct on (call_id, segment_id) call_id, segment_id, occurred_at as connected_at,
        data->>'agent_id' as agent_id, data->>'queue' as queue
    from of_calls where type = 'CallConnected'
    order by call_id, segment_id, nth
),

turns as materialized (
    select c.* from of_calls c join begun using (call_id, segment_id)
    where c.type not in ('CallRang', 'CallConnected')
),

-- C-R7: of several ends the one with the highest version; all others must say the same.
told as (
    select call_id, segment_id, (array_agg(at_s order by version desc, at_s desc))[1] as end_s,
        count(distinct at_s) > 1 as conflict
    from turns where type in ('CallEnded', 'CallTransferred')
    group by call_id, segment_id
),

-- C-R7: corrections override in the order of their versions, start and end each for itself.
corrected as (
    select call_id, segment_id,
        (array_agg((data->>'connected_at')::timestamptz order by version desc)
            filter (where data->>'connected_at' is not null))[1] as connected_at,
        (array_agg(floor(extract(epoch from (data->>'ended_at')::timestamptz))::bigint
            order by version desc) filter (where data->>'ended_at' is not null))[1] as end_s
    from turns where type = 'CallSegmentCorrected'
    group by call_id, segment_id
),

-- C-R4 b: how the agents' sessions ended, and when the agent was last known to be there.
session_ends as materialized (
    select data->>'agent_id' as agent_id, occurred_at,
        case type
            when 'AgentSessionLost'
                then floor(extract(epoch from (data->>'last_heartbeat_at')::timestamptz))::bigint
            else at_s
        end as alive_s
    from read where type in ('AgentSessionLost', 'AgentLoggedOut')
),

timed as materialized (
    select b.call_id, b.segment_id, b.agent_id, b.queue,
        coalesce(c.connected_at, b.connected_at) as connected_at,
        floor(extract(epoch from coalesce(c.connected_at, b.connected_at)))::bigint as start_s,
        coalesce(c.end_s, t.end_s) as told_s, coalesce(t.conflict, false) as conflict
    from begun b
    left join told t using (call_id, segment_id)
    left join corrected c using (call_id, segment_id)
),

-- The first session end after the start of a segment that no event ended.
estimated as (
    select distinct on (t.call_id, t.segment_id) t.call_id, t.segment_id,
        greatest(s.alive_s, t.start_s) as end_s
    from timed t
    join session_ends s on s.agent_id = t.agent_id and s.occurred_at > t.connected_at
    where t.told_s is null
    order by t.call_id, t.segment_id, s.occurred_at, s.alive_s
),

-- C-R4, C-R6: what is known of every segment's end.
segments as materialized (
    select t.*, coalesce(t.told_s, e.end_s) as end_s,
        case
            when coalesce(t.told_s, e.end_s) < t.start_s
                or coalesce(t.told_s, e.end_s) - t.start_s > f.max_call_s then 'quarantined'
            when t.told_s is not null then 'told'
            when e.end_s is not null then 'estimated'
            when w.at_s - t.start_s > f.max_call_s then 'unresolved'
            else 'open'
        end as state,
        (to_timestamp(t.start_s) at time zone f.zone - f.cut)::date as answered_on
    from timed t
    left join estimated e using (call_id, segment_id)
    cross join settings f cross join watermark w
),

counted as materialized (
    select * from segments where state in ('told', 'estimated')
),

-- Holds: a second hold before the caller is back is the same hold.
hold_turns as (
    select *, lag(type) over (partition by call_id, segment_id order by nth) as before
    from turns where type in ('CallHeld', 'CallRetrieved')
),

holds as (
    select call_id, segment_id, nth, type, at_s as from_s,
        lead(at_s) over (partition by call_id, segment_id order by nth) as to_s,
        row_number() over (partition by call_id, segment_id order by nth desc) as from_last
    from hold_turns where type is distinct from before
),

-- After-call work: from its start to the end that follows it.
wrap_turns as (
    select *, lag(type) over o as before, lag(at_s) over o as before_s
    from turns where type in ('WrapUpStarted', 'WrapUpEnded')
    window o as (partition by call_id, segment_id order by nth)
),

-- Consultations: every end closes the earliest one that is open under its id.
consult_turns as (
    select *, count(*) filter (where type = 'ConsultStarted') over o as starts,
        count(*) filter (where type = 'ConsultEnded') over o as ends
    from turns where type in ('ConsultStarted', 'ConsultEnded')
    window o as (partition by call_id, segment_id, data->>'consult_id' order by nth)
),

consult_ends as (
    select *, greatest(max(ends - starts) over (
        partition by call_id, segment_id, data->>'consult_id' order by nth
    ), 0) as idle
    from consult_turns
),

consults as (
    select distinct on (s.call_id, s.segment_id, s.nth) s.call_id, s.segment_id,
        s.data->>'consultant_id' as consultant_id, s.at_s as from_s, e.at_s as to_s
    from consult_turns s
    join consult_ends e on e.call_id = s.call_id and e.segment_id = s.segment_id
        and e.data->>'consult_id' = s.data->>'consult_id' and e.ends - e.idle = s.starts
    where s.type = 'ConsultStarted' and e.type = 'ConsultEnded'
    order by s.call_id, s.segment_id, s.nth, e.nth
),

-- C-R3: the last transfer of a segment.
transfers as materialized (
    select distinct on (call_id, segment_id) call_id, segment_id, at_s, data->>'kind' as kind,
        data->>'to_agent_id' as to_agent_id
    from turns where type = 'CallTransferred'
    order by call_id, segment_id, nth desc
),

-- C-R3: between a blind transfer and the next answer the caller belongs to nobody.
unowned as (
    select t.call_id, t.at_s as from_s, min(o.start_s) as to_s
    from transfers t
    join segments o on o.call_id = t.call_id and o.segment_id <> t.segment_id and o.start_s >= t.at_s
    where t.kind = 'blind'
    group by t.call_id, t.segment_id, t.at_s
),

-- Everything that is cut at the boundaries of business days.
spans as (
    select 'within' as measure, agent_id, start_s as from_s, end_s as to_s from counted
    union all
    select 'hold_s', c.agent_id, greatest(h.from_s, c.start_s), least(coalesce(h.to_s, c.end_s), c.end_s)
    from counted c join holds h using (call_id, segment_id)
    where h.type = 'CallHeld'
        and greatest(h.from_s, c.start_s) < least(coalesce(h.to_s, c.end_s), c.end_s)
    union all
    select 'acw_s', c.agent_id, w.before_s, w.at_s
    from counted c join wrap_turns w using (call_id, segment_id)
    where w.type = 'WrapUpEnded' and w.before = 'WrapUpStarted' and w.before_s < w.at_s
    union all
    select 'consult_s', side.agent_id, k.from_s, k.to_s
    from counted c join consults k using (call_id, segment_id)
    cross join lateral (values (c.agent_id), (k.consultant_id)) as side(agent_id)
    where k.from_s < k.to_s
    union all
    select 'unowned_s', null, from_s, to_s from unowned where from_s < to_s
),

dated as materialized (
    select s.*, (to_timestamp(s.from_s) at time zone f.zone - f.cut)::date as first_date,
        (to_timestamp(s.to_s) at time zone f.zone - f.cut)::date as last_date
    from spans s cross join settings f
),

-- G1: a business day begins at the first instant whose wall clock shows its date and the cut, or
-- later where the clock jumps over it.
days as materialized (
    select d.business_date, extract(epoch from case
        when (d.usual + interval '3 hours') at time zone f.zone
            - (d.usual - interval '3 hours') at time zone f.zone = interval '6 hours' then d.usual
        else (
            select min(i) from generate_series(
                d.usual - interval '3 hours', d.usual + interval '3 hours', interval '1 minute'
            ) as i
            where i at time zone f.zone >= d.business_date + f.cut
        )
    end)::bigint as begins_s
    from settings f
    cross join lateral (
        select g::date as business_date, (g::date + f.cut) at time zone f.zone as usual
        from generate_series(
            (select min(first_date) from dated)::timestamp,
            (select max(last_date) from dated)::timestamp + interval '1 day', interval '1 day'
        ) as g
    ) d
),

bounded as materialized (
    select business_date, begins_s,
        lead(begins_s) over (order by business_date) as ends_s
    from days
),

-- C-R2: the pieces of a span; one of no length lies in one day.
pieces as materialized (
    select s.measure, s.agent_id, b.business_date,
        case when first.ends_s <= s.from_s then s.from_s else greatest(s.from_s, b.begins_s) end as from_s,
        case when first.ends_s <= s.from_s then s.to_s else least(s.to_s, b.ends_s) end as to_s
    from dated s
    join bounded first on first.business_date = s.first_date
    cross join lateral generate_series(
        s.first_date::timestamp, greatest(s.last_date, s.first_date)::timestamp, interval '1 day'
    ) as g
    join bounded b on b.business_date = g::date
    where case
        when first.ends_s <= s.from_s or s.from_s = s.to_s then b.business_date = s.first_date
        else greatest(s.from_s, b.begins_s) < least(s.to_s, b.ends_s)
    end
),

-- C-R2: which connected time counts on which day.
connected as materialized (
    select p.agent_id, p.business_date, p.from_s, p.to_s
    from pieces p cross join settings f where p.measure = 'within' and f.attribution = 'split'
    union all
    select c.agent_id,
        (to_timestamp(case f.attribution when 'by_start' then c.start_s else c.end_s end)
            at time zone f.zone - f.cut)::date,
        c.start_s, c.end_s
    from counted c cross join settings f where f.attribution <> 'split'
),

-- C-R5: seconds in which an agent was on at least one call.
covered as (
    select *, max(to_s) over (
        partition by agent_id, business_date order by from_s, to_s
        rows between unbounded preceding and 1 preceding
    ) as covered_to
    from connected
),

-- What an agent's day consists of.
facts as (
    select agent_id, business_date, 'call_s' as measure, to_s - from_s as value, null::bigint as from_s,
        null::bigint as to_s
    from connected
    union all
    select agent_id, business_date, 'busy_s', greatest(to_s - greatest(from_s, covered_to), 0), null, null
    from covered
    union all
    select agent_id, business_date, measure, to_s - from_s, from_s, to_s
    from pieces where measure <> 'unowned_s'
    union all
    select agent_id, answered_on, 'longest_s', end_s - start_s, null, null from counted
    union all
    select c.agent_id, c.answered_on, 'handled', 1, null, null
    from counted c cross join settings f where c.end_s - c.start_s >= f.short_call_s
    union all
    select agent_id, answered_on, state, 1, null, null from segments where state <> 'told'
    union all
    select s.agent_id, (to_timestamp(t.at_s) at time zone f.zone - f.cut)::date, 'transfers_out', 1,
        null, null
    from transfers t join segments s using (call_id, segment_id) cross join settings f
    union all
    select t.to_agent_id, (to_timestamp(t.at_s) at time zone f.zone - f.cut)::date, 'transfers_in', 1,
        null, null
    from transfers t cross join settings f
),

agents as (
    select agent_id, business_date,
        coalesce(sum(value) filter (where measure = 'call_s'), 0) as call_s,
        coalesce(sum(value) filter (where measure = 'hold_s'), 0) as hold_s,
        coalesce(sum(value) filter (where measure = 'consult_s'), 0) as consult_s,
        coalesce(sum(value) filter (where measure = 'acw_s'), 0) as acw_s,
        coalesce(sum(value) filter (where measure = 'busy_s'), 0) as busy_s,
        coalesce(max(value) filter (where measure = 'longest_s'), 0) as longest_s,
        count(*) filter (where measure = 'handled') as handled,
        count(*) filter (where measure = 'transfers_in') as transfers_in,
        count(*) filter (where measure = 'transfers_out') as transfers_out,
        count(*) filter (where measure = 'estimated') as estimated,
        count(*) filter (where measure = 'unresolved') as unresolved,
        count(*) filter (where measure = 'quarantined') as quarantined,
        count(*) filter (where measure = 'open') as open,
        to_timestamp(min(from_s) filter (where measure = 'within')) as first_at,
        to_timestamp(max(to_s) filter (where measure = 'within')) as last_at
    from facts group by agent_id, business_date
),

-- C-R8: a call arrives when it is queued, else when it is first answered.
arrivals as (
    select call_id,
        (array_agg(occurred_at order by nth) filter (where type = 'CallQueued'))[1] as queued_at,
        (array_agg(data->>'queue' order by nth) filter (where type = 'CallQueued'))[1] as queued_in,
        (array_agg(occurred_at order by nth) filter (where type = 'CallConnected'))[1] as answered_at,
        (array_agg(data->>'queue' order by nth) filter (where type = 'CallConnected'))[1] as answered_in,
        (array_agg((data->>'wait_s')::bigint order by nth) filter (where type = 'CallAbandoned'))[1]
            as abandoned_s
    from of_calls group by call_id
),

waits as (
    select case when queued_at is null then answered_in else queued_in end as queue,
        coalesce(queued_at, answered_at) as arrived_at,
        greatest(floor(extract(epoch from answered_at))
            - floor(extract(epoch from coalesce(queued_at, answered_at))), 0)::bigint as wait_s,
        case when answered_at is null then abandoned_s end as abandoned_s, answered_at is not null as answered
    from arrivals
),

queues as (
    select w.queue, (w.arrived_at at time zone f.zone - f.cut)::date as business_date,
        to_char(w.arrived_at at time zone f.zone, 'HH24:')
            || case when extract(minute from w.arrived_at at time zone f.zone) < 30 then '00' else '30' end
            as half_hour,
        count(*) as offered, count(*) filter (where w.answered) as answered,
        count(w.abandoned_s) as abandoned,
        count(*) filter (where w.answered and w.wait_s <= f.threshold_s) as answered_within,
        count(*) filter (where w.abandoned_s <= f.threshold_s) as abandoned_within,
        count(*) filter (where w.abandoned_s <= f.short_abandon_s) as abandoned_short,
        coalesce(sum(w.wait_s) filter (where w.answered), 0) as wait_answered_s
    from waits w cross join settings f
    where w.queue is not null and w.arrived_at is not null
    group by 1, 2, 3
),

-- C-R3: one contact per call, on the day of its first segment that counts.
handled as (
    select c.*, row_number() over (partition by call_id order by connected_at, segment_id) as nth
    from counted c cross join settings f where c.end_s - c.start_s >= f.short_call_s
),

centre as (
    select business_date, sum(contacts) as contacts_handled, sum(segments) as segments,
        sum(unowned_s) as unowned_s
    from (
        select answered_on as business_date, case when nth = 1 then 1 else 0 end as contacts,
            1 as segments, 0 as unowned_s
        from handled
        union all
        select business_date, 0, 0, to_s - from_s from pieces where measure = 'unowned_s'
    ) parts
    group by business_date
),

marks as (
    select state as mark, s.* from segments s where state in ('quarantined', 'estimated', 'unresolved')
    union all
    select 'conflict', s.* from segments s where conflict
),

-- C-R7, G6: events of a segment that never began.
waiting as (
    select c.* from of_calls c
    where c.segment_id is not null and c.type <> 'CallRang'
        and not exists (
            select from begun b where b.call_id = c.call_id and b.segment_id = c.segment_id
        )
),

answer as (
    select 'agents' as "table", agent_id || '|' || business_date as key, jsonb_build_object(
        'agent_id', agent_id, 'business_date', business_date, 'call_s', call_s,
        'talk_s', call_s - hold_s, 'hold_s', hold_s, 'consult_s', consult_s, 'acw_s', acw_s,
        'handle_s', call_s + acw_s, 'busy_s', busy_s, 'handled', handled,
        'transfers_in', transfers_in, 'transfers_out', transfers_out, 'longest_s', longest_s,
        'estimated', estimated, 'unresolved', unresolved, 'quarantined', quarantined, 'open', open,
        'first_at', first_at, 'last_at', last_at
    )::text as columns
    from agents
    union all
    select 'queues', concat_ws('|', queue, business_date, half_hour), jsonb_build_object(
        'queue', queue, 'business_date', business_date, 'half_hour', half_hour, 'offered', offered,
        'answered', answered, 'abandoned', abandoned, 'answered_within', answered_within,
        'abandoned_within', abandoned_within, 'abandoned_short', abandoned_short,
        'wait_answered_s', wait_answered_s
    )::text
    from queues
    union all
    select 'centre', business_date::text, jsonb_build_object(
        'business_date', business_date, 'contacts_handled', contacts_handled, 'segments', segments,
        'unowned_s', unowned_s
    )::text
    from centre
    union all
    select 'live', s.call_id || '|' || s.segment_id, jsonb_build_object(
        'call_id', s.call_id, 'segment_id', s.segment_id, 'agent_id', s.agent_id, 'queue', s.queue,
        'connected_at', s.connected_at, 'held', coalesce(h.type = 'CallHeld', false)
    )::text
    from segments s
    left join holds h on h.call_id = s.call_id and h.segment_id = s.segment_id and h.from_last = 1
    where s.state = 'open'
    union all
    select 'marked', concat_ws('|', mark, call_id, segment_id), jsonb_build_object(
        'mark', mark, 'call_id', call_id, 'segment_id', segment_id, 'agent_id', agent_id,
        'business_date', answered_on, 'connected_at', connected_at, 'ended_at', to_timestamp(end_s)
    )::text
    from marks
    union all
    select 'parked', 'call/' || call_id, jsonb_build_object(
        'owner', 'call/' || call_id, 'entries', jsonb_agg(jsonb_build_object(
            'key', call_id, 'event', id, 'reason', 'SegmentUnknown', 'position', position,
            'occurred_at', occurred_at
        ) order by position)
    )::text
    from waiting group by call_id
)

select * from answer order by "table" collate "C", key collate "C"
