-- Before the first event, under no fence.
insert into "{schema}".checkpoint (position, fence, epoch) values (0, 0, $1)
