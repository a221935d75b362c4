-- One row, one commit.
insert into bench_floor default values
