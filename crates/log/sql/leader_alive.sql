-- The lock lives as long as its connection; asking anything shows whether it still does.
select 1
