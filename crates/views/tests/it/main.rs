//! The views at their boundary: vectors with exact answers, in any order, in any batches.

#[cfg(test)]
mod call_time;
#[cfg(test)]
mod call_time_properties;
#[cfg(test)]
mod call_time_questions;
#[cfg(test)]
mod call_time_rules;
#[cfg(test)]
mod commission;
#[cfg(test)]
mod commission_explain;
#[cfg(test)]
mod commission_policies;
#[cfg(test)]
mod commission_rules;
#[cfg(test)]
mod commission_waiting;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod revenue;
#[cfg(test)]
mod revenue_properties;
#[cfg(test)]
mod revenue_rules;
#[cfg(test)]
mod revenue_running;
#[cfg(test)]
mod revenue_settlement;
#[cfg(test)]
mod sales_properties;
#[cfg(test)]
mod sales_rules;
#[cfg(test)]
mod sales_running;
#[cfg(test)]
mod sales_volume;
