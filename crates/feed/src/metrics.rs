//! Names of the feed's metrics.

/// Changes sent, by `view` (counter).
pub const PUBLISHED: &str = "plimsoll_feed_published_total";
/// Changes dropped because the queue was full or the server away, by `view` (counter).
pub const DROPPED: &str = "plimsoll_feed_dropped_total";
/// Changes sent without rows because these did not fit a message, by `view` (counter).
pub const INCOMPLETE: &str = "plimsoll_feed_incomplete_total";
/// Times a subscriber was told that messages may be lost, by `view` (counter).
pub const LOST: &str = "plimsoll_feed_lost_total";

pub(crate) fn counter(name: &'static str, view: &str) -> ::metrics::Counter {
    ::metrics::counter!(name, "view" => view.to_owned())
}
