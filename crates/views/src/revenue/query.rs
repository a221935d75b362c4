//! Questions about revenue: which hours, minutes or failures, over which windows.

use std::collections::BTreeSet;

use plimsoll_contracts::{InvalidParameter, rows::RevenueMethod};

use super::{FAILURES, MINUTES, ROWS, RevenueRows, answer};
use crate::{
    Answer, AnswerContext, Params, Row, StoredRow, ViewQuery,
    query::{Days, Own, Words, none_left, take_choice, take_choices},
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
    window: Option<Window>,
    group_by: Option<BTreeSet<Dimension>>,
    /// Whether amounts are shown with the tax inside them.
    incl_tax: bool,
}

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Rows,
    Minutes,
    Failures,
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

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Rows => ROWS,
            Self::Minutes => MINUTES,
            Self::Failures => FAILURES,
        }
    }

    const fn dimensions(self) -> &'static [(&'static str, Dimension)] {
        match self {
            Self::Rows => ROW_DIMENSIONS,
            Self::Minutes => MINUTE_DIMENSIONS,
            Self::Failures => FAILURE_DIMENSIONS,
        }
    }

    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Rows => &[
                "table", "date", "from", "to", "window", "group_by", "channel", "region", "method",
                "currency", "incl_tax", "failures",
            ],
            Self::Minutes => &[
                "table", "date", "from", "to", "window", "group_by", "channel", "currency", "incl_tax",
            ],
            Self::Failures => &[
                "table", "failures", "date", "from", "to", "window", "group_by", "channel", "code",
            ],
        }
    }

    /// The table that `table`, `failures` and `window` name together.
    fn take(params: &mut Params, window: Option<Window>) -> Result<Self, InvalidParameter> {
        let table = take_choice(params, "table", TABLES)?;
        let failures = take_choice(params, "failures", BOOLEANS)? == Some(true);
        let fine = matches!(window, Some(Window::Minute | Window::FiveMinutes));
        let named = match (failures, fine) {
            (true, _) => Some(Self::Failures),
            (false, true) => Some(Self::Minutes),
            (false, false) => None,
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
        if self.window.is_none() && self.group_by.is_none() {
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

impl ViewQuery for RevenueQuery {
    type Row = RevenueRows;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        let window = take_choice(&mut left, "window", WINDOWS)?;
        let table = Table::take(&mut left, window)?;
        let mut query = Self {
            table,
            days: Days::take(&mut left, "date")?,
            channel: Words::take(&mut left, "channel")?,
            region: Words::default(),
            method: Words::default(),
            currency: Words::default(),
            code: Words::default(),
            window,
            group_by: None,
            incl_tax: true,
        };
        if left.contains_key("group_by") {
            query.group_by = Some(take_choices(&mut left, "group_by", table.dimensions())?);
        }
        match table {
            Table::Failures => query.code = Words::take(&mut left, "code")?,
            Table::Rows | Table::Minutes => {
                query.currency = Words::take(&mut left, "currency")?;
                query.incl_tax = take_choice(&mut left, "incl_tax", BOOLEANS)?.unwrap_or(true);
            }
        }
        if table == Table::Rows {
            query.region = Words::take(&mut left, "region")?;
            query.method = Words::take_of(&mut left, "method", METHODS)?;
        }
        none_left(&left, table.parameters())?;
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
        if self.table != Table::Failures {
            params.insert("incl_tax".to_owned(), self.incl_tax.to_string());
        }
        params
    }

    fn table(&self) -> &'static str {
        self.table.name()
    }

    fn span(&self) -> Option<(String, String)> {
        self.days.span()
    }

    /// Revenue has no owner below the tenant, so `own` narrows nothing here.
    fn selects(&self, row: &RevenueRows, _own: &Own) -> bool {
        let (channel, rest) = match row {
            RevenueRows::Cell(row) => (
                &row.channel,
                self.region.fit(row.region.as_str())
                    && self.method.fit(row.method.as_str())
                    && self.currency.fit(row.currency.as_str()),
            ),
            RevenueRows::Minute(row) => (&row.channel, self.currency.fit(row.currency.as_str())),
            RevenueRows::Failure(row) => (&row.channel, self.code.fit(row.code.as_str())),
        };
        row.table() == self.table()
            && self.days.contains(row.business_date())
            && self.channel.fit(channel.as_str())
            && rest
    }

    fn row_by_row(&self) -> bool {
        self.dimensions().is_none()
    }

    fn answer(&self, rows: &[&StoredRow<RevenueRows>], context: &AnswerContext<'_>) -> Answer {
        let mut answer = match self.dimensions() {
            None => Answer {
                rows: rows.iter().map(|stored| context.as_it_stands(stored)).collect(),
            },
            Some(dimensions) => answer::grouped(rows, &dimensions, context),
        };
        if !self.incl_tax {
            answer.rows.iter_mut().for_each(answer::without_tax);
        }
        answer
    }
}

fn word_of<T: PartialEq + Copy>(choice: &[(&'static str, T)], value: T) -> &'static str {
    choice
        .iter()
        .find(|(_, known)| *known == value)
        .map_or("", |(word, _)| word)
}
