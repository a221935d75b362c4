-- Call time (domain 2.2): agents by day, queues by half hour, the centre by day, segments going on,
-- segments to look at.

-- An agent's day; `span` is the business date.
create table agents (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    agent_id text not null,
    business_date date not null,
    call_s bigint not null,
    talk_s bigint not null,
    hold_s bigint not null,
    consult_s bigint not null,
    acw_s bigint not null,
    handle_s bigint not null,
    busy_s bigint not null,
    handled bigint not null,
    transfers_in bigint not null,
    transfers_out bigint not null,
    longest_s bigint not null,
    estimated bigint not null,
    unresolved bigint not null,
    quarantined bigint not null,
    open bigint not null,
    first_at timestamptz,
    last_at timestamptz,
    primary key (tenant, key)
) with (fillfactor = 80);

create index agents_by_span on agents (tenant, span);

-- `half_hour` is that of the arrival.
create table queues (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    queue text not null,
    business_date date not null,
    half_hour text not null,
    offered bigint not null,
    answered bigint not null,
    abandoned bigint not null,
    answered_within bigint not null,
    abandoned_within bigint not null,
    abandoned_short bigint not null,
    wait_answered_s bigint not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index queues_by_span on queues (tenant, span);

create table centre (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    business_date date not null,
    contacts_handled bigint not null,
    segments bigint not null,
    unowned_s bigint not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index centre_by_span on centre (tenant, span);

-- Segments going on.
create table live (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    call_id text not null,
    segment_id text not null,
    agent_id text not null,
    queue text,
    connected_at timestamptz not null,
    held boolean not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index live_by_span on live (tenant, span);

-- Segments that somebody should look at.
create table marked (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    mark text not null,
    call_id text not null,
    segment_id text not null,
    agent_id text not null,
    business_date date not null,
    connected_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant, key)
) with (fillfactor = 80);

create index marked_by_span on marked (tenant, span);

-- Segments that lasted longer than a call should.
create table long (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    mark text not null,
    call_id text not null,
    segment_id text not null,
    agent_id text not null,
    business_date date not null,
    connected_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant, key)
) with (fillfactor = 80);

create index long_by_span on long (tenant, span);

-- The last log-in of an agent's day says the team.
create table teams (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    agent_id text not null,
    business_date date not null,
    since timestamptz not null,
    team text not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index teams_by_span on teams (tenant, span);

-- How long callers waited: pairs of seconds and calls, for service levels at any threshold.
create table waits (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    queue text not null,
    business_date date not null,
    half_hour text not null,
    answered jsonb not null,
    abandoned jsonb not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index waits_by_span on waits (tenant, span);
