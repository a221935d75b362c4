//! A tenant's configuration: every change is an event that governs what follows it in the log.

mod configuration;

pub(crate) use configuration::Configuration;
