//! Questions about revenue: which hours, minutes or failures, over which windows.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    InvalidParameter,
    rows::{Attribution, RevenueMeasures, RevenueMethod},
};

use super::{
    COHORT, FAILURES, MINUTES, ROWS, RevenueRows, SECONDS, SETTLEMENT, answer,
    running::{self, Running},
};
use crate::{
    Answer, AnswerContext, Params, Row, StoredRow, ViewQuery,
    query::{Days, Own, Reach, Words, none_left, take_choice, take_choices, word_of},
};

/// A parsed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueQuery {
    table: Table,
    days: Days,
    channel: Words,
    region: Words,
    method: Words,
    currency: Words,
    code: Words,
    batch_id: Words,
    window: Option<Window>,
    group_by: Option<BTreeSet<Dimension>>,
    /// Whether amounts are shown with the tax inside them.
    incl_tax: bool,
    /// Where what is taken back counts (R-R2).
    attribution: Attribution,
    /// What makes the answer move with the clock.
    running: Option<Running>,
}

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Rows,
    Minutes,
    Failures,
    Settlement,
}

/// A tumbling window `[t, t + w)` (R-R1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Minute,
    FiveMinutes,
    Hour,
    Day,
    Week,
    Month,
}

/// What rows can be grouped by, in the order of answer columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Month,
    /// Monday of the ISO week.
    Week,
    Day,
    SettledOn,
    Hour,
    Minute,
    FiveMinutes,
    Channel,
    Region,
    Method,
    Code,
    /// Always there where there is money: currencies are never added (R-R4).
    Currency,
}

const TABLES: &[(&str, Table)] = &[
    (ROWS, Table::Rows),
    (MINUTES, Table::Minutes),
    (FAILURES, Table::Failures),
    (SETTLEMENT, Table::Settlement),
];
const ATTRIBUTIONS: &[(&str, Attribution)] = &[
    ("activity", Attribution::Activity),
    ("cohort", Attribution::Cohort),
];
const WINDOWS: &[(&str, Window)] = &[
    ("1m", Window::Minute),
    ("5m", Window::FiveMinutes),
    ("1h", Window::Hour),
    ("day", Window::Day),
    ("week", Window::Week),
    ("month", Window::Month),
];
const BOOLEANS: &[(&str, bool)] = &[("true", true), ("false", false)];
const METHODS: &[(&str, RevenueMethod)] = &[
    ("card", RevenueMethod::Card),
    ("virtual_account", RevenueMethod::VirtualAccount),
    ("transfer", RevenueMethod::Transfer),
    ("wallet", RevenueMethod::Wallet),
    ("invoice", RevenueMethod::Invoice),
    ("order", RevenueMethod::Order),
];
const ROW_DIMENSIONS: &[(&str, Dimension)] = &[
    ("day", Dimension::Day),
    ("hour", Dimension::Hour),
    ("channel", Dimension::Channel),
    ("region", Dimension::Region),
    ("method", Dimension::Method),
    ("currency", Dimension::Currency),
];
const MINUTE_DIMENSIONS: &[(&str, Dimension)] = &[
    ("day", Dimension::Day),
    ("channel", Dimension::Channel),
    ("currency", Dimension::Currency),
];
const FAILURE_DIMENSIONS: &[(&str, Dimension)] = &[
    ("day", Dimension::Day),
    ("hour", Dimension::Hour),
    ("channel", Dimension::Channel),
    ("code", Dimension::Code),
];

const SETTLEMENT_DIMENSIONS: &[(&str, Dimension)] =
    &[("day", Dimension::SettledOn), ("currency", Dimension::Currency)];
const ROW_PARAMETERS: &[&str] = &[
    "table",
    "date",
    "from",
    "to",
    "window",
    "group_by",
    "channel",
    "region",
    "method",
    "currency",
    "incl_tax",
    "attribution",
    "sliding_s",
    "to_date",
    "compare",
    "run_rate",
    "profile_bp",
    "now",
    "failures",
    "settlement",
];

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Rows => ROWS,
            Self::Minutes => MINUTES,
            Self::Failures => FAILURES,
            Self::Settlement => SETTLEMENT,
        }
    }

    const fn dimensions(self) -> &'static [(&'static str, Dimension)] {
        match self {
            Self::Rows => ROW_DIMENSIONS,
            Self::Minutes => MINUTE_DIMENSIONS,
            Self::Failures => FAILURE_DIMENSIONS,
            Self::Settlement => SETTLEMENT_DIMENSIONS,
        }
    }

    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Rows => ROW_PARAMETERS,
            Self::Minutes => &[
                "table", "date", "from", "to", "window", "group_by", "channel", "currency", "incl_tax",
            ],
            Self::Failures => &[
                "table", "failures", "date", "from", "to", "window", "group_by", "channel", "code",
            ],
            Self::Settlement => &[
                "table",
                "settlement",
                "date",
                "from",
                "to",
                "group_by",
                "batch_id",
                "currency",
            ],
        }
    }

    /// The table that `table`, `failures`, `settlement` and `window` name together.
    fn take(params: &mut Params, window: Option<Window>) -> Result<Self, InvalidParameter> {
        let table = take_choice(params, "table", TABLES)?;
        let failures = take_choice(params, "failures", BOOLEANS)? == Some(true);
        let settlement = take_choice(params, "settlement", BOOLEANS)? == Some(true);
        let fine = matches!(window, Some(Window::Minute | Window::FiveMinutes));
        let named = match (failures, settlement, fine) {
            (true, true, _) => {
                return Err(InvalidParameter::new("settlement", "does not go with `failures`"));
            }
            (true, false, _) => Some(Self::Failures),
            (false, true, _) => Some(Self::Settlement),
            (false, false, true) => Some(Self::Minutes),
            (false, false, false) => None,
        };
        let table = match (table, named) {
            (Some(table), Some(named)) if table != named => {
                return Err(InvalidParameter::new(
                    "table",
                    format!("the other parameters ask for `{}`", named.name()),
                ));
            }
            (table, named) => table.or(named).unwrap_or(Self::Rows),
        };
        let fits = window.is_none() || fine == (table == Self::Minutes);
        if fits {
            Ok(table)
        } else {
            Err(InvalidParameter::new(
                "window",
                "1m and 5m go with minutes, 1h, day, week and month with the other tables",
            ))
        }
    }
}

impl RevenueQuery {
    /// What the answer is grouped by; none = rows as they stand.
    fn dimensions(&self) -> Option<BTreeSet<Dimension>> {
        if self.window.is_none() && self.group_by.is_none() && self.running.is_none() {
            return None;
        }
        let mut dimensions = self.group_by.clone().unwrap_or_default();
        dimensions.extend(match self.window {
            None => &[][..],
            Some(Window::Minute) => &[Dimension::Minute],
            Some(Window::FiveMinutes) => &[Dimension::FiveMinutes],
            Some(Window::Hour) => &[Dimension::Day, Dimension::Hour],
            Some(Window::Day) => &[Dimension::Day],
            Some(Window::Week) => &[Dimension::Week],
            Some(Window::Month) => &[Dimension::Month],
        });
        if self.table != Table::Failures {
            dimensions.insert(Dimension::Currency);
        }
        Some(dimensions)
    }
}

impl RevenueQuery {
    /// Takes what only some tables have.
    fn take_filters(&mut self, left: &mut Params) -> Result<(), InvalidParameter> {
        match self.table {
            Table::Failures => self.code = Words::take(left, "code")?,
            Table::Settlement => {
                self.batch_id = Words::take(left, "batch_id")?;
                self.currency = Words::take(left, "currency")?;
            }
            Table::Rows | Table::Minutes => {
                self.currency = Words::take(left, "currency")?;
                self.incl_tax = take_choice(left, "incl_tax", BOOLEANS)?.unwrap_or(true);
            }
        }
        if self.table != Table::Settlement {
            self.channel = Words::take(left, "channel")?;
        }
        if self.table == Table::Rows {
            self.region = Words::take(left, "region")?;
            self.method = Words::take_of(left, "method", METHODS)?;
            self.attribution =
                take_choice(left, "attribution", ATTRIBUTIONS)?.unwrap_or(Attribution::Activity);
            self.running = Running::take(left, self.days)?;
        }
        Ok(())
    }

    /// A question that moves has no windows, hours or days, and takes things as they happened.
    fn check_running(&self) -> Result<(), InvalidParameter> {
        if self.running.is_none() {
            return Ok(());
        }
        let by_time = |dimension: &Dimension| matches!(dimension, Dimension::Day | Dimension::Hour);
        let refused = if self.window.is_some() {
            "window"
        } else if self.group_by.iter().flatten().any(by_time) {
            "group_by"
        } else if self.attribution == Attribution::Cohort {
            "attribution"
        } else {
            return Ok(());
        };
        let detail =
            "does not go with `sliding_s`, `to_date`, `compare` or `run_rate`: they are one window up to now";
        Err(InvalidParameter::new(refused, detail))
    }

    /// The net that is compared and carried on.
    fn net(&self) -> fn(&RevenueMeasures) -> i64 {
        if self.incl_tax {
            |measures| measures.net_minor
        } else {
            |measures| measures.net_supply_minor
        }
    }
}

impl ViewQuery for RevenueQuery {
    type Row = RevenueRows;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        let window = take_choice(&mut left, "window", WINDOWS)?;
        let table = Table::take(&mut left, window)?;
        let mut query = Self {
            table,
            days: Days::take(&mut left, "date")?,
            channel: Words::default(),
            region: Words::default(),
            method: Words::default(),
            currency: Words::default(),
            code: Words::default(),
            batch_id: Words::default(),
            window,
            group_by: None,
            incl_tax: true,
            attribution: Attribution::Activity,
            running: None,
        };
        if left.contains_key("group_by") {
            query.group_by = Some(take_choices(&mut left, "group_by", table.dimensions())?);
        }
        query.take_filters(&mut left)?;
        none_left(&left, table.parameters())?;
        query.check_running()?;
        if window.is_some() && table == Table::Settlement {
            return Err(InvalidParameter::new(
                "window",
                "settlements go by day: `group_by=day`",
            ));
        }
        Ok(query)
    }

    fn canonical(&self) -> Params {
        let mut params = Params::from([("table".to_owned(), self.table.name().to_owned())]);
        self.days.put(&mut params);
        for (name, words) in [
            ("channel", &self.channel),
            ("region", &self.region),
            ("method", &self.method),
            ("currency", &self.currency),
            ("code", &self.code),
            ("batch_id", &self.batch_id),
        ] {
            words.put(name, &mut params);
        }
        if let Some(window) = self.window {
            params.insert("window".to_owned(), word_of(WINDOWS, window).to_owned());
        }
        if let Some(group_by) = &self.group_by {
            let words: Vec<&str> = group_by
                .iter()
                .map(|dimension| word_of(self.table.dimensions(), *dimension))
                .collect();
            params.insert("group_by".to_owned(), words.join(","));
        }
        if matches!(self.table, Table::Rows | Table::Minutes) {
            params.insert("incl_tax".to_owned(), self.incl_tax.to_string());
        }
        if self.table == Table::Rows && self.running.is_none() {
            params.insert("attribution".to_owned(), self.attribution.as_str().to_owned());
        }
        if let Some(running) = &self.running {
            running.put(&mut params);
        }
        params
    }

    fn table(&self) -> &'static str {
        match (self.table, self.attribution) {
            (Table::Rows, _) if self.running.is_some() => SECONDS,
            (Table::Rows, Attribution::Cohort) => COHORT,
            (table, _) => table.name(),
        }
    }

    fn span(&self) -> Option<(String, String)> {
        match self.running {
            Some(_) => None,
            None => self.days.span(),
        }
    }

    fn reaches(&self, now: DateTime<Utc>) -> Vec<Reach> {
        vec![match &self.running {
            Some(running) => running.reach(now),
            None => (self.table(), self.span()),
        }]
    }

    /// Revenue has no owner below the tenant, so `own` narrows nothing here.
    fn selects(&self, row: &RevenueRows, _own: &Own) -> bool {
        let place = |channel: &str, region: &str, method: RevenueMethod, currency: &str| {
            self.channel.fit(channel)
                && self.region.fit(region)
                && self.method.fit(method.as_str())
                && self.currency.fit(currency)
        };
        let fits = match row {
            RevenueRows::Cell(row) | RevenueRows::Cohort(row) => place(
                row.channel.as_str(),
                row.region.as_str(),
                row.method,
                row.currency.as_str(),
            ),
            RevenueRows::Seconds(row) => place(
                row.channel.as_str(),
                row.region.as_str(),
                row.method,
                row.currency.as_str(),
            ),
            RevenueRows::Minute(row) => {
                self.channel.fit(row.channel.as_str()) && self.currency.fit(row.currency.as_str())
            }
            RevenueRows::Failure(row) => {
                self.channel.fit(row.channel.as_str()) && self.code.fit(row.code.as_str())
            }
            RevenueRows::Settlement(row) => {
                self.batch_id.fit(row.batch_id.as_str()) && self.currency.fit(row.currency.as_str())
            }
        };
        // The days of a question that moves are no filter: it looks back behind them.
        let on_day = self.running.is_some() || self.days.contains(row.business_date());
        row.table() == self.table() && on_day && fits
    }

    fn row_by_row(&self) -> bool {
        self.dimensions().is_none()
    }

    fn moves(&self) -> bool {
        self.running.as_ref().is_some_and(Running::moves)
    }

    fn changes_at(
        &self,
        rows: &[&StoredRow<RevenueRows>],
        context: &AnswerContext<'_>,
    ) -> Option<DateTime<Utc>> {
        self.running
            .as_ref()
            .and_then(|running| running.changes_at(rows, context))
    }

    fn answer(&self, rows: &[&StoredRow<RevenueRows>], context: &AnswerContext<'_>) -> Answer {
        let mut answer = match (&self.running, self.dimensions()) {
            (Some(running), Some(dimensions)) => {
                running::answer(running, rows, &dimensions, self.net(), context)
            }
            (_, Some(dimensions)) => answer::grouped(rows, &dimensions, context),
            (_, None) => Answer {
                rows: rows.iter().map(|stored| context.as_it_stands(stored)).collect(),
            },
        };
        if !self.incl_tax {
            answer.rows.iter_mut().for_each(answer::without_tax);
        }
        answer
    }
}
