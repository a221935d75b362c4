//! What closing a period must know: the month before, and what the view has parked.

use plimsoll_contracts::Month;

use super::{Period, commands::PeriodCommand};
use crate::handler::{Desk, Failure, Gather};

/// Facts of other streams and of the commission view. The view follows the log, so an event that
/// is parked just now may be missed; it then posts as an adjustment in the first open period.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Whether the month before was opened and is not closed.
    pub(super) previous_open: bool,
    /// Events that the commission view has parked.
    pub(super) parked: u64,
}

impl Gather for Period {
    async fn facts(command: &PeriodCommand, desk: &mut Desk<'_>) -> Result<Facts, Failure> {
        let PeriodCommand::ClosePeriod(c) = command else {
            return Ok(Facts::default());
        };
        if desk.other::<Self>(&c.period.to_string()).await?.is_closed() {
            return Ok(Facts::default());
        }
        let previous_open = is_open(desk, c.period.plus(-1)).await?;
        let parked = if c.forced.unwrap_or(false) {
            0
        } else {
            parked(desk).await?
        };
        Ok(Facts {
            previous_open,
            parked,
        })
    }
}

async fn is_open(desk: &mut Desk<'_>, month: Month) -> Result<bool, Failure> {
    Ok(desk.other::<Period>(&month.to_string()).await?.is_open())
}

async fn parked(desk: &Desk<'_>) -> Result<u64, Failure> {
    let unavailable = |detail: &str| {
        Failure::Unavailable(format!(
            "{detail}; close with `forced` to do without, or try again later"
        ))
    };
    let Some(port) = &desk.services.parked else {
        return Err(unavailable("the number of parked events is not to be had here"));
    };
    port.parked(desk.tenant)
        .await
        .map_err(|error| unavailable(&error.to_string()))
}
