-- Commission (domain 2.4): the ledger, statements made of it, policies, persistency.

-- Only added to; `span` is the posting period.
create table lines (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    period text not null,
    planner_id text not null,
    line_no bigint not null,
    policy_id text,
    component text not null,
    instalment_no integer,
    amount_minor bigint not null,
    deferred_minor bigint not null,
    of_component text,
    for_planner_id text,
    level text,
    rate text,
    cause uuid not null,
    currency text not null,
    for_period text,
    primary key (tenant, key)
);

create index lines_by_span on lines (tenant, span);

create table statements (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    planner_id text not null,
    period text not null,
    currency text not null,
    opening_minor bigint not null,
    lines_minor bigint not null,
    recovered_minor bigint not null,
    withholding_minor bigint not null,
    payable_minor bigint not null,
    closing_minor bigint not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index statements_by_span on statements (tenant, span);

create table policies (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    policy_id text not null,
    status text not null,
    paid_instalments integer not null,
    cap_limit_minor bigint not null,
    cap_used_minor bigint not null,
    deferred_minor bigint not null,
    clawback_exposure_minor bigint not null,
    currency text not null,
    planner_ids jsonb not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create table persistency (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    planner_id text not null,
    instalment_no integer not null,
    due_month text not null,
    currency text not null,
    issued bigint not null,
    kept bigint not null,
    issued_premium_minor bigint not null,
    kept_premium_minor bigint not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index persistency_by_span on persistency (tenant, span);
