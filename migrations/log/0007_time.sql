-- Finds the events of a stretch of business time without reading the whole log: events come nearly
-- in the order of time, so a summary per stretch of pages is enough, and costs an append nothing
-- that can be measured. With `position` in it, "the first event after an instant" is one look too.
create index events_by_time on log.events using brin (occurred_at, position)
    with (pages_per_range = 16, autosummarize = on);
