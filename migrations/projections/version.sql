-- A version's own schema; the path is set for this transaction only.
create schema "{schema}";
set local search_path to "{schema}";
{common}
{view}
set local search_path to default;
