//! Questions about sales: which cells, grouped how, or ranked by what.

mod cards;
mod sales;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{
    InvalidParameter,
    events::ProductKind,
    rows::{Attribution, ProductRow},
};

use super::{PRODUCTS, ROWS, SalesRow, answer, compare};
use crate::{
    Answer, AnswerContext, Params, StoredRow, ViewQuery,
    query::{Days, Own, Reach, Words, elapsed::Earlier, none_left, take, take_choice, take_choices, word_of},
};

/// A parsed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SalesVolumeQuery {
    /// Of table `rows`.
    Sales(SalesQuestion),
    /// Of table `products`.
    Products(CardQuestion),
}

/// Which cells, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesQuestion {
    /// Business dates.
    pub days: Days,
    /// Day of the event or of the sale.
    pub attribution: Attribution,
    /// Sales channels.
    pub channel: Words,
    /// Regions.
    pub region: Words,
    /// Products, by what is written on the order line.
    pub which: Which,
    /// The form of the answer.
    pub form: Form,
    /// Which category counts (S-R2).
    pub category_reading: CategoryReading,
    /// Whether goods that sold nothing are in the answer.
    pub zero_sellers: bool,
    /// What the day up to now is held against (R-R5).
    pub compare: Option<Earlier>,
    /// The instant at which it is meant to be asked; none = the asker's clock.
    pub now: Option<DateTime<Utc>>,
}

/// Which category of a product counts (S-R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryReading {
    /// The one that it was sold under.
    AsSold,
    /// Its present one.
    Current,
}

/// Which cards, and whether with what the last days say of their stock (S-R7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardQuestion {
    /// Products, by what their cards say.
    pub which: Which,
    /// With cover days, sell-through and return rate.
    pub cover: bool,
    /// The instant at which it is meant to be asked; none = the asker's clock.
    pub now: Option<DateTime<Utc>>,
}

/// Which products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    product_id: Words,
    category: Words,
    kind: Words,
    currency: Words,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The cells as they stand.
    Cells,
    /// One row for each combination of these and currency.
    Grouped(BTreeSet<Dimension>),
    /// The first products by a measure, goods only, in each currency (S-R5).
    Top {
        /// How many.
        count: u32,
        /// By what.
        measure: Measure,
    },
}

/// What cells can be grouped by, in the order of answer columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Product.
    Product,
    /// Business date.
    Day,
    /// Wall hour.
    Hour,
    /// Sales channel.
    Channel,
    /// Region.
    Region,
    /// Category as sold.
    Category,
}

/// What products can be ranked by (S-R5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Sold - cancelled - returned.
    NetUnits,
    /// Net money.
    NetSales,
    /// Gross money.
    Gross,
}

/// Most products in a ranking.
const TOP_MAX: u32 = 1_000;

/// Whether a table is that of the cards.
const TABLES: &[(&str, bool)] = &[(ROWS, false), (PRODUCTS, true)];
const ATTRIBUTIONS: &[(&str, Attribution)] = &[
    ("activity", Attribution::Activity),
    ("cohort", Attribution::Cohort),
];
const DIMENSIONS: &[(&str, Dimension)] = &[
    ("product", Dimension::Product),
    ("day", Dimension::Day),
    ("hour", Dimension::Hour),
    ("channel", Dimension::Channel),
    ("region", Dimension::Region),
    ("category", Dimension::Category),
];
const MEASURES: &[(&str, Measure)] = &[
    ("net_units", Measure::NetUnits),
    ("net_sales", Measure::NetSales),
    ("gross", Measure::Gross),
];
const KINDS: &[(&str, ProductKind)] = &[("goods", ProductKind::Goods), ("charge", ProductKind::Charge)];
const READINGS: &[(&str, CategoryReading)] = &[
    ("as_sold", CategoryReading::AsSold),
    ("current", CategoryReading::Current),
];
const BOOLEANS: &[(&str, bool)] = &[("true", true), ("false", false)];
/// A day begins in UTC up to a day earlier or later than by the calendar, and so does its cut.
const SLACK_D: i64 = 2;
/// Days behind a card's figures, and the same slack.
const CARD_REACH_D: i64 = 28 + SLACK_D;
const PRODUCT_PARAMETERS: &[&str] = &[
    "table",
    "product_id",
    "category",
    "kind",
    "currency",
    "cover",
    "now",
];
const SALES_PARAMETERS: &[&str] = &[
    "table",
    "from",
    "to",
    "at",
    "attribution",
    "product_id",
    "category",
    "channel",
    "region",
    "kind",
    "currency",
    "group_by",
    "top",
    "measure",
    "category_reading",
    "zero_sellers",
    "compare",
    "now",
];

impl Which {
    fn take(params: &mut Params) -> Result<Self, InvalidParameter> {
        Ok(Self {
            product_id: Words::take(params, "product_id")?,
            category: Words::take(params, "category")?,
            kind: Words::take_of(params, "kind", KINDS)?,
            currency: Words::take(params, "currency")?,
        })
    }

    fn put(&self, params: &mut Params) {
        self.product_id.put("product_id", params);
        self.category.put("category", params);
        self.kind.put("kind", params);
        self.currency.put("currency", params);
    }

    /// A category that is not given is not looked at.
    fn fit(&self, product_id: &str, category: Option<&str>, kind: ProductKind, currency: &str) -> bool {
        self.product_id.fit(product_id)
            && category.is_none_or(|category| self.category.fit(category))
            && self.kind.fit(word_of(KINDS, kind))
            && self.currency.fit(currency)
    }
}

impl Which {
    fn fit_card(&self, card: &ProductRow) -> bool {
        self.fit(
            card.product_id.as_str(),
            Some(card.category.as_str()),
            card.kind,
            card.currency.as_str(),
        )
    }
}

impl Form {
    fn take(params: &mut Params) -> Result<Self, InvalidParameter> {
        let dimensions = take_choices(params, "group_by", DIMENSIONS)?;
        let top: Option<u32> = take(params, "top", "a number of products")?;
        let measure = take_choice(params, "measure", MEASURES)?;
        let Some(count) = top else {
            if measure.is_some() {
                return Err(InvalidParameter::new("measure", "goes with `top`"));
            }
            return Ok(if dimensions.is_empty() {
                Self::Cells
            } else {
                Self::Grouped(dimensions)
            });
        };
        if !(1..=TOP_MAX).contains(&count) {
            return Err(InvalidParameter::new("top", format!("is 1 to {TOP_MAX}")));
        }
        if !dimensions.is_empty() && dimensions != BTreeSet::from([Dimension::Product]) {
            return Err(InvalidParameter::new(
                "group_by",
                "a ranking is of products; leave it out or say `product`",
            ));
        }
        Ok(Self::Top {
            count,
            measure: measure.unwrap_or(Measure::NetUnits),
        })
    }

    fn put(&self, params: &mut Params) {
        match self {
            Self::Cells => {}
            // What a comparison is when it names no groups.
            Self::Grouped(dimensions) if dimensions.is_empty() => {}
            Self::Grouped(dimensions) => {
                let words: Vec<&str> = dimensions.iter().map(|d| word_of(DIMENSIONS, *d)).collect();
                params.insert("group_by".to_owned(), words.join(","));
            }
            Self::Top { count, measure } => {
                params.insert("top".to_owned(), count.to_string());
                params.insert("measure".to_owned(), word_of(MEASURES, *measure).to_owned());
            }
        }
    }
}

impl ViewQuery for SalesVolumeQuery {
    type Row = SalesRow;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        if take_choice(&mut left, "table", TABLES)? == Some(true) {
            let question = CardQuestion::take(&mut left)?;
            none_left(&left, PRODUCT_PARAMETERS)?;
            return Ok(Self::Products(question));
        }
        let question = SalesQuestion::take(&mut left)?;
        none_left(&left, SALES_PARAMETERS)?;
        question.check()?;
        Ok(Self::Sales(question))
    }

    fn canonical(&self) -> Params {
        let table = match self {
            Self::Sales(_) => ROWS,
            Self::Products(_) => PRODUCTS,
        };
        let mut params = Params::from([("table".to_owned(), table.to_owned())]);
        match self {
            Self::Products(question) => question.put(&mut params),
            Self::Sales(question) => question.put(&mut params),
        }
        params
    }

    fn table(&self) -> &'static str {
        match self {
            Self::Sales(question) => question.table(),
            Self::Products(_) => PRODUCTS,
        }
    }

    fn span(&self) -> Option<(String, String)> {
        match self {
            Self::Sales(question) if question.compare.is_none() => question.days.span(),
            Self::Sales(_) | Self::Products(_) => None,
        }
    }

    fn reaches(&self, now: DateTime<Utc>) -> Vec<Reach> {
        match self {
            Self::Sales(question) => question.reaches(now),
            Self::Products(question) if question.cover => {
                let today = question.now.unwrap_or(now).date_naive();
                let first = today - TimeDelta::days(CARD_REACH_D);
                let last = today + TimeDelta::days(SLACK_D);
                let span = (first.to_string(), last.to_string());
                vec![(PRODUCTS, None), (ROWS, Some(span))]
            }
            Self::Products(_) => vec![(PRODUCTS, None)],
        }
    }

    /// Sales have no owner below the tenant, so `own` narrows nothing here.
    fn selects(&self, row: &SalesRow, _own: &Own) -> bool {
        match (self, row) {
            (Self::Sales(question), row) => question.selects(row),
            (Self::Products(question), SalesRow::Product(card)) => question.which.fit_card(card),
            // Of cells the card's own category decides: they are looked up by product.
            (Self::Products(question), SalesRow::Cell(cell)) => {
                question.cover && question.which.product_id.fit(cell.product_id.as_str())
            }
            (Self::Products(_), SalesRow::Moments(_)) => false,
        }
    }

    fn row_by_row(&self) -> bool {
        match self {
            Self::Sales(question) => question.form == Form::Cells && !question.needs_cards(),
            Self::Products(question) => !question.cover,
        }
    }

    fn moves(&self) -> bool {
        match self {
            Self::Sales(question) => question.compare.is_some() && question.now.is_none(),
            Self::Products(question) => question.cover && question.now.is_none(),
        }
    }

    fn changes_at(
        &self,
        rows: &[&StoredRow<SalesRow>],
        context: &AnswerContext<'_>,
    ) -> Option<DateTime<Utc>> {
        match self {
            Self::Sales(question) => {
                let compare = (question.days.from, question.compare?);
                compare::changes_at(rows, compare, &question.at(context))
            }
            Self::Products(_) => Some(context.config.day_end(context.config.business_date(context.now))),
        }
    }

    fn answer(&self, rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
        match self {
            Self::Products(question) if question.cover => {
                let now = question.now.unwrap_or(context.now);
                compare::with_stock_cover(rows, &AnswerContext { now, ..*context })
            }
            Self::Products(_) => answer::as_they_stand(rows, context),
            Self::Sales(question) => question.answer(rows, context),
        }
    }
}
