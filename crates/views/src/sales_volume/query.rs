//! Questions about sales: which cells, grouped how, or ranked by what.

use std::collections::BTreeSet;

use plimsoll_contracts::{InvalidParameter, events::ProductKind, rows::Attribution};

use super::{PRODUCTS, ROWS, SalesRow, answer};
use crate::{
    Answer, AnswerContext, Params, StoredRow, ViewQuery,
    query::{Days, Own, Words, none_left, take, take_choice, take_choices},
};

/// A parsed question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SalesVolumeQuery {
    /// Of table `rows`.
    Sales(SalesQuestion),
    /// Of table `products`.
    Products(Which),
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
const PRODUCT_PARAMETERS: &[&str] = &["table", "product_id", "category", "kind", "currency"];
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

    fn fit(&self, product_id: &str, category: &str, kind: ProductKind, currency: &str) -> bool {
        self.product_id.fit(product_id)
            && self.category.fit(category)
            && self.kind.fit(word_of(KINDS, kind))
            && self.currency.fit(currency)
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

fn word_of<T: PartialEq + Copy>(choice: &[(&'static str, T)], value: T) -> &'static str {
    choice
        .iter()
        .find(|(_, known)| *known == value)
        .map_or("", |(word, _)| word)
}

impl ViewQuery for SalesVolumeQuery {
    type Row = SalesRow;

    fn parse(params: &Params) -> Result<Self, InvalidParameter> {
        let mut left = params.clone();
        if take_choice(&mut left, "table", TABLES)? == Some(true) {
            let which = Which::take(&mut left)?;
            none_left(&left, PRODUCT_PARAMETERS)?;
            return Ok(Self::Products(which));
        }
        let question = SalesQuestion {
            days: Days::take(&mut left, "at")?,
            attribution: take_choice(&mut left, "attribution", ATTRIBUTIONS)?
                .unwrap_or(Attribution::Activity),
            channel: Words::take(&mut left, "channel")?,
            region: Words::take(&mut left, "region")?,
            which: Which::take(&mut left)?,
            form: Form::take(&mut left)?,
        };
        none_left(&left, SALES_PARAMETERS)?;
        Ok(Self::Sales(question))
    }

    fn canonical(&self) -> Params {
        let mut params = Params::from([("table".to_owned(), self.table().to_owned())]);
        match self {
            Self::Products(which) => which.put(&mut params),
            Self::Sales(question) => {
                question.days.put(&mut params);
                params.insert("attribution".to_owned(), question.attribution.as_str().to_owned());
                question.channel.put("channel", &mut params);
                question.region.put("region", &mut params);
                question.which.put(&mut params);
                question.form.put(&mut params);
            }
        }
        params
    }

    fn table(&self) -> &'static str {
        match self {
            Self::Sales(_) => ROWS,
            Self::Products(_) => PRODUCTS,
        }
    }

    fn span(&self) -> Option<(String, String)> {
        match self {
            Self::Sales(question) => question.days.span(),
            Self::Products(_) => None,
        }
    }

    /// Sales have no owner below the tenant, so `own` narrows nothing here.
    fn selects(&self, row: &SalesRow, _own: &Own) -> bool {
        match (self, row) {
            (Self::Sales(question), SalesRow::Cell(cell)) => {
                question.attribution == cell.attribution
                    && question.days.contains(cell.business_date)
                    && question.channel.fit(cell.channel.as_str())
                    && question.region.fit(cell.region.as_str())
                    && question.which.fit(
                        cell.product_id.as_str(),
                        cell.category.as_str(),
                        cell.kind,
                        cell.currency.as_str(),
                    )
                    && (cell.kind == ProductKind::Goods || !matches!(question.form, Form::Top { .. }))
            }
            (Self::Products(which), SalesRow::Product(card)) => which.fit(
                card.product_id.as_str(),
                card.category.as_str(),
                card.kind,
                card.currency.as_str(),
            ),
            _ => false,
        }
    }

    fn row_by_row(&self) -> bool {
        match self {
            Self::Sales(question) => question.form == Form::Cells,
            Self::Products(_) => true,
        }
    }

    fn answer(&self, rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
        match self {
            Self::Products(_) => answer::as_they_stand(rows, context),
            Self::Sales(question) => match &question.form {
                Form::Cells => answer::as_they_stand(rows, context),
                Form::Grouped(dimensions) => answer::grouped(rows, dimensions, context),
                Form::Top { count, measure } => answer::top(rows, *count, *measure, context),
            },
        }
    }
}
