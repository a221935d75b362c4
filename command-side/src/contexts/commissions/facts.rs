//! What a period must know: how far the tenant's periods have come, and what the view has parked.

use plimsoll_contracts::TenantConfig;

use super::{Period, closings::Course, commands::PeriodCommand};
use crate::handler::{Desk, Failure, Gather};

/// Facts of other streams and of the commission view. The view follows the log, so an event that
/// is parked just now may be missed; it then posts as an adjustment in the first open period.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Open months and the last one closed.
    pub(super) course: Course,
    /// The configuration now, for the business date.
    pub(super) config: TenantConfig,
    /// Events that the commission view has parked.
    pub(super) parked: u64,
}

impl Gather for Period {
    async fn facts(command: &PeriodCommand, desk: &mut Desk<'_>) -> Result<Facts, Failure> {
        let (period, counts_parked) = match command {
            PeriodCommand::OpenPeriod(c) => (c.period, false),
            PeriodCommand::ClosePeriod(c) => (c.period, !c.forced.unwrap_or(false)),
        };
        if desk.other::<Self>(&period.to_string()).await?.is_closed() {
            return Ok(Facts::default());
        }
        Ok(Facts {
            course: course(desk).await?,
            config: desk.config().await?,
            parked: if counts_parked { parked(desk).await? } else { 0 },
        })
    }
}

/// The tenant's course in the log, and what this request has decided so far.
async fn course(desk: &Desk<'_>) -> Result<Course, Failure> {
    let services = desk.services;
    let closings = &services.closings;
    let mut course = closings
        .ask(&services.log, |closings| closings.of(desk.tenant))
        .await?;
    for (_, event) in &desk.decided {
        course.take(event);
    }
    Ok(course)
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
