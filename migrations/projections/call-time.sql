-- Call time (domain 2.2): agents by day, queues by half hour, the centre by day, live segments.

-- `span` is the business date.
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
    first_at timestamptz,
    last_at timestamptz,
    estimated bigint not null,
    unresolved bigint not null,
    quarantined bigint not null,
    open bigint not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index agents_by_span on agents (tenant, span);
