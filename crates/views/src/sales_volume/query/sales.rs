//! Questions of sales: what they read and which sales they are about.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_contracts::{InvalidParameter, events::ProductKind, rows::Attribution};

use super::{
    ATTRIBUTIONS, BOOLEANS, CategoryReading, Dimension, Form, READINGS, SLACK_D, SalesQuestion, Which,
};
use crate::{
    Answer, AnswerContext, Params, StoredRow,
    query::{
        Days, Reach, Words,
        elapsed::{Earlier, Elapsed, Period, put_now, take_now},
        take_choice, word_of,
    },
    sales_volume::{MOMENTS, PRODUCTS, ROWS, SalesRow, answer, compare},
};

impl SalesQuestion {
    pub(super) fn take(left: &mut Params) -> Result<Self, InvalidParameter> {
        let mut question = Self {
            days: Days::take(left, "at")?,
            attribution: take_choice(left, "attribution", ATTRIBUTIONS)?.unwrap_or(Attribution::Activity),
            channel: Words::take(left, "channel")?,
            region: Words::take(left, "region")?,
            which: Which::take(left)?,
            form: Form::take(left)?,
            category_reading: take_choice(left, "category_reading", READINGS)?
                .unwrap_or(CategoryReading::AsSold),
            zero_sellers: take_choice(left, "zero_sellers", BOOLEANS)?.unwrap_or(false),
            compare: Earlier::take(left)?,
            now: take_now(left)?,
        };
        if question.zero_sellers && question.form == Form::Cells {
            question.form = Form::Grouped(BTreeSet::from([Dimension::Product]));
        }
        if question.compare.is_some() && question.form == Form::Cells {
            question.form = Form::Grouped(BTreeSet::new());
        }
        Ok(question)
    }

    /// What does not go together.
    pub(super) fn check(&self) -> Result<(), InvalidParameter> {
        let refuse = |name: &str, detail: &str| Err(InvalidParameter::new(name, detail));
        let by = |dimension: Dimension| match &self.form {
            Form::Grouped(dimensions) => dimensions.contains(&dimension),
            Form::Cells | Form::Top { .. } => false,
        };
        if self.zero_sellers && self.form != Form::Grouped(BTreeSet::from([Dimension::Product])) {
            return refuse(
                "zero_sellers",
                "is of products: `group_by` is `product` or left out",
            );
        }
        if self.compare.is_none() {
            return match self.now {
                Some(_) => refuse("now", "goes with `compare`"),
                None => Ok(()),
            };
        }
        if matches!(self.form, Form::Top { .. }) {
            return refuse("top", "does not go with `compare`");
        }
        if by(Dimension::Day) || by(Dimension::Hour) {
            return refuse(
                "group_by",
                "a comparison is of one day up to now; leave out `day` and `hour`",
            );
        }
        if self.days.from != self.days.to {
            return refuse("from", "a comparison goes with one day `at`, or with none");
        }
        if self.attribution == Attribution::Cohort {
            return refuse("attribution", "a comparison takes things as they happened");
        }
        Ok(())
    }

    pub(super) fn put(&self, params: &mut Params) {
        self.days.put(params);
        params.insert("attribution".to_owned(), self.attribution.as_str().to_owned());
        self.channel.put("channel", params);
        self.region.put("region", params);
        self.which.put(params);
        self.form.put(params);
        let reading = word_of(READINGS, self.category_reading);
        params.insert("category_reading".to_owned(), reading.to_owned());
        if self.zero_sellers {
            params.insert("zero_sellers".to_owned(), "true".to_owned());
        }
        if let Some(compare) = self.compare {
            compare.put(params);
        }
        put_now(self.now, params);
    }

    pub(super) fn table(&self) -> &'static str {
        if self.compare.is_some() { MOMENTS } else { ROWS }
    }

    pub(super) const fn needs_cards(&self) -> bool {
        self.zero_sellers || matches!(self.category_reading, CategoryReading::Current)
    }

    pub(super) fn reaches(&self, now: DateTime<Utc>) -> Vec<Reach> {
        let span = match self.compare {
            None => self.days.span(),
            Some(earlier) => {
                let now = self.now.unwrap_or(now);
                let day = self.days.from.unwrap_or_else(|| now.date_naive());
                let first = day - TimeDelta::days(i64::from(earlier.reach_d()) + SLACK_D);
                let last = self
                    .days
                    .to
                    .map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
                Some((first.to_string(), last))
            }
        };
        let mut reaches = vec![(self.table(), span)];
        if self.needs_cards() {
            reaches.push((PRODUCTS, None));
        }
        reaches
    }

    /// Whether a line sold in a place, under a category, can matter.
    fn fits(&self, row: &Sold<'_>) -> bool {
        let category = match self.category_reading {
            CategoryReading::AsSold => Some(row.category),
            // Seen only when its card is at hand.
            CategoryReading::Current => None,
        };
        self.channel.fit(row.channel)
            && self.region.fit(row.region)
            && self.which.fit(row.product_id, category, row.kind, row.currency)
            && (row.kind == ProductKind::Goods || !matches!(self.form, Form::Top { .. }))
    }

    pub(super) fn selects(&self, row: &SalesRow) -> bool {
        match row {
            SalesRow::Cell(cell) => {
                self.compare.is_none()
                    && self.attribution == cell.attribution
                    && self.days.contains(cell.business_date)
                    && self.fits(&Sold {
                        product_id: cell.product_id.as_str(),
                        category: cell.category.as_str(),
                        channel: cell.channel.as_str(),
                        region: cell.region.as_str(),
                        kind: cell.kind,
                        currency: cell.currency.as_str(),
                    })
            }
            SalesRow::Moments(row) => {
                self.compare.is_some()
                    && self.fits(&Sold {
                        product_id: row.product_id.as_str(),
                        category: row.category.as_str(),
                        channel: row.channel.as_str(),
                        region: row.region.as_str(),
                        kind: row.kind,
                        currency: row.currency.as_str(),
                    })
            }
            SalesRow::Product(card) => {
                self.needs_cards() && self.which.product_id.fit(card.product_id.as_str())
            }
        }
    }

    pub(super) fn answer(&self, rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
        if !self.needs_cards() {
            return self.answer_sales(rows, context);
        }
        let restated = match self.category_reading {
            CategoryReading::AsSold => Vec::new(),
            CategoryReading::Current => compare::restated(rows, &compare::cards(rows)),
        };
        let read: Vec<&StoredRow<SalesRow>> = if self.category_reading == CategoryReading::Current {
            restated.iter().collect()
        } else {
            rows.to_vec()
        };
        let fits = |stored: &&StoredRow<SalesRow>| match &stored.row {
            SalesRow::Cell(cell) => self.which.category.fit(cell.category.as_str()),
            SalesRow::Moments(row) => self.which.category.fit(row.category.as_str()),
            SalesRow::Product(_) => false,
        };
        let sales: Vec<&StoredRow<SalesRow>> = read.into_iter().filter(fits).collect();
        let mut answer = self.answer_sales(&sales, context);
        if self.zero_sellers {
            let cards = rows.iter().filter_map(|stored| match &stored.row {
                SalesRow::Product(card) => Some((card, stored.position)),
                _ => None,
            });
            let cards: Vec<_> = cards
                .filter(|(card, _)| {
                    // A charge is no product that could have been sold (S-R6), unless asked for.
                    let is_meant = card.kind == ProductKind::Goods || self.which.kind != Words::default();
                    is_meant && self.which.fit_card(card)
                })
                .collect();
            compare::add_zero_sellers(&mut answer, &cards, self.compare.is_some());
        }
        answer
    }

    fn answer_sales(&self, rows: &[&StoredRow<SalesRow>], context: &AnswerContext<'_>) -> Answer {
        let context = self.at(context);
        match (&self.form, self.compare) {
            (Form::Cells, _) => answer::as_they_stand(rows, &context),
            (Form::Grouped(dimensions), None) => answer::grouped(rows, dimensions, &context),
            (Form::Grouped(dimensions), Some(earlier)) => {
                let current = Elapsed::of(context.config, Period::Day, self.days.from, context.now);
                let base = current.earlier(context.config, earlier);
                compare::compared(rows, dimensions, (&current, &base), &context)
            }
            (Form::Top { count, measure }, _) => answer::top(rows, *count, *measure, &context),
        }
    }

    pub(super) fn at<'a>(&self, context: &AnswerContext<'a>) -> AnswerContext<'a> {
        AnswerContext {
            now: self.now.unwrap_or(context.now),
            ..*context
        }
    }
}

/// A line sold, as far as filters look at it.
struct Sold<'a> {
    product_id: &'a str,
    category: &'a str,
    channel: &'a str,
    region: &'a str,
    kind: ProductKind,
    currency: &'a str,
}
