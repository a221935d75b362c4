//! Planners: who they are, their grade and unit since when, and whether they are active.

mod commands;
mod planner;
#[cfg(test)]
mod tests;

pub(crate) use planner::Planner;
