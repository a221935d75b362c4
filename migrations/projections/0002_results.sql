-- What an operation found, for those that find something (verify).
alter table projections.operations add column result jsonb;
