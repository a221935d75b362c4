//! The raw events as facts in canonical order (G4), each with what its place in the log decides: the
//! configuration it came under, the stage between two closings, and its posting period (M-R1).

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_contracts::{Event, Month, Payload, TenantConfig, config::ConfigChange};
use uuid::Uuid;

use super::Refusal;

/// A place in canonical order: occurred, stream, version.
pub(super) type Moment<'a> = (DateTime<Utc>, &'a str, u32);

/// One event and what the log says about it.
#[derive(Debug, Clone)]
pub(super) struct Fact<'a> {
    /// Place in canonical order.
    pub(super) at: Moment<'a>,
    pub(super) id: Uuid,
    pub(super) payload: &'a Payload,
    /// Business date.
    pub(super) date: NaiveDate,
    /// The month its lines are posted in.
    pub(super) period: Month,
    /// How many closings stand before it in the log.
    pub(super) stage: usize,
    /// Its place in the log.
    pub(super) order: usize,
    /// The configuration that the log had given by then.
    pub(super) config: Arc<TenantConfig>,
}

/// A month closed at a place of the log, and with it every month before.
#[derive(Debug, Clone)]
pub(super) struct Closing<'a> {
    pub(super) fact: Fact<'a>,
    pub(super) month: Month,
}

/// Everything that happened to one tenant.
#[derive(Debug)]
pub(super) struct Story<'a> {
    /// Canonical order.
    pub(super) facts: Vec<Fact<'a>>,
    /// In log order; what follows the first is of stage 1.
    pub(super) closings: Vec<Closing<'a>>,
    /// The configuration under which every statement is drawn up.
    pub(super) config: Arc<TenantConfig>,
}

/// What the log held when a stage was over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon(pub(super) usize);

impl Horizon {
    pub(super) const fn knows(self, fact: &Fact<'_>) -> bool {
        fact.stage <= self.0
    }

    /// What of that had also occurred by a moment.
    pub(super) const fn by(self, at: Moment<'_>) -> Known<'_> {
        Known {
            horizon: self,
            at: Some(at),
        }
    }

    /// All of that.
    pub(super) const fn all(self) -> Known<'static> {
        Known {
            horizon: self,
            at: None,
        }
    }
}

/// What can be known of the documents when an event is worked on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    horizon: Horizon,
    at: Option<Moment<'a>>,
}

impl Known<'_> {
    pub(super) fn has(&self, fact: &Fact<'_>) -> bool {
        self.at.is_none_or(|at| fact.at <= at) && self.horizon.knows(fact)
    }
}

impl<'a> Story<'a> {
    pub(super) fn read(events: &'a [Event], config: TenantConfig) -> Result<Self, Refusal> {
        let mut story = Self {
            facts: Vec::new(),
            closings: Vec::new(),
            config: Arc::new(config),
        };
        let mut seen = BTreeSet::new();
        let in_log = events.iter().filter(|event| seen.insert(event.id));
        for (order, event) in in_log.enumerate() {
            let fact = story.fact(event, order)?;
            match fact.payload {
                Payload::TenantConfigured(of) => story.configure(&of.changes, event)?,
                Payload::CommissionPeriodClosed(of) => story.close(of.period, fact)?,
                Payload::CommissionPeriodOpened(of) => story.open(of.period)?,
                _ => story.facts.push(fact),
            }
        }
        story.facts.sort_by_key(|fact| fact.at);
        Ok(story)
    }

    fn fact(&self, event: &'a Event, order: usize) -> Result<Fact<'a>, Refusal> {
        let unreadable = |error| format!("event {} at position {}: {error}", event.id, event.position.get());
        let payload = event.payload().map_err(|error| Refusal(unreadable(error)))?;
        let date = self.config.business_date(event.occurred_at);
        let month = Month::of(date);
        let first_open = self
            .closed_through(self.closings.len())
            .map(|month| month.plus(1));
        Ok(Fact {
            at: (event.occurred_at, event.stream.as_str(), event.version),
            id: event.id,
            payload,
            date,
            period: first_open.map_or(month, |open| open.max(month)),
            stage: self.closings.len(),
            order,
            config: Arc::clone(&self.config),
        })
    }

    /// The last month that is closed when a stage begins; closing in order closes all before it.
    pub(super) fn closed_through(&self, stage: usize) -> Option<Month> {
        self.closings[..stage].last().map(|closing| closing.month)
    }

    fn close(&mut self, month: Month, fact: Fact<'a>) -> Result<(), Refusal> {
        match self.closed_through(self.closings.len()) {
            Some(last) if month == last => {}
            Some(last) if month < last => {
                let id = fact.id;
                return Err(Refusal(format!(
                    "event {id} closes {month} after {last}: the rules close in order"
                )));
            }
            _ => self.closings.push(Closing { fact, month }),
        }
        Ok(())
    }

    fn open(&self, month: Month) -> Result<(), Refusal> {
        match self.closed_through(self.closings.len()) {
            Some(last) if month <= last => Err(Refusal(format!(
                "{month} is opened again after its closing: no rule says what becomes of its lines"
            ))),
            _ => Ok(()),
        }
    }

    fn configure(&mut self, changes: &ConfigChange, event: &Event) -> Result<(), Refusal> {
        let changed = self.config.changed(changes);
        let changed = changed.map_err(|error| Refusal(format!("event {}: {error}", event.id)))?;
        let terms = |config: &TenantConfig| (config.withholding_bp, config.max_recovery_bp);
        if terms(&changed) != terms(&self.config) && self.facts.iter().any(|fact| posts(fact.payload)) {
            return Err(Refusal(format!(
                "event {} changes withholding_bp or max_recovery_bp after lines were posted: which statements were \
                 drawn up before it cannot be told from the log alone",
                event.id
            )));
        }
        self.config = Arc::new(changed);
        Ok(())
    }
}

/// Whether an event may post lines of its own.
const fn posts(payload: &Payload) -> bool {
    matches!(payload, Payload::PremiumPaid(_) | Payload::CommissionAdjusted(_))
}
