-- Units and money of sales by product and hour (domain 2.1). `span` is the business date.
create table rows (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    attribution text not null,
    product_id text not null,
    business_date date not null,
    hour smallint not null,
    channel text not null,
    region text not null,
    category text not null,
    currency text not null,
    uom text not null,
    kind text not null,
    units_sold bigint not null,
    units_cancelled bigint not null,
    units_returned bigint not null,
    net_units bigint not null,
    lines bigint not null,
    orders bigint not null,
    gross_minor bigint not null,
    discount_minor bigint not null,
    cancelled_minor bigint not null,
    returned_minor bigint not null,
    net_minor bigint not null,
    -- The orders of the cell, so that roll-ups count them once.
    order_ids jsonb not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index rows_by_span on rows (tenant, span);

-- Product cards: name, price and its history.
create table products (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    product_id text not null,
    name text not null,
    category text not null,
    kind text not null,
    uom text not null,
    currency text not null,
    unit_price_micros bigint not null,
    price_version bigint not null,
    price_effective_from timestamptz not null,
    prices jsonb not null,
    on_hand bigint,
    reserved bigint,
    primary key (tenant, key)
);

-- What happened in a minute of a cell, by the second: comparisons end in the middle of hours.
create table moments (
    tenant text collate "C" not null,
    key text collate "C" not null,
    position bigint not null,
    revision integer not null,
    span text collate "C",
    minute timestamptz not null,
    business_date date not null,
    product_id text not null,
    channel text not null,
    region text not null,
    category text not null,
    currency text not null,
    uom text not null,
    kind text not null,
    -- Per second: units sold, cancelled, returned, lines, gross, discount, cancelled, returned.
    seconds jsonb not null,
    primary key (tenant, key)
) with (fillfactor = 80);

create index moments_by_span on moments (tenant, span);
