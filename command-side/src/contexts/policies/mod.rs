//! Insurance policies and their premiums; what they pay to planners is the view's business.

mod commands;
mod facts;
mod issue;
mod policy;
mod term;
#[cfg(test)]
mod tests;

pub(crate) use policy::Policy;
