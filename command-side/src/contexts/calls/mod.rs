//! Calls and the segments that agents spend on them; durations are the view's business.

mod call;
mod commands;
mod segments;
#[cfg(test)]
mod tests;

pub(crate) use call::Call;
