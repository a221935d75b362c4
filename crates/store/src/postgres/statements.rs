//! The statements of one version: templates filled with its schema, tables and columns, none of
//! which ever comes from outside.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::AssertSqlSafe;

/// A finished statement.
#[derive(Debug)]
pub(super) struct Sql(Arc<str>);

impl Sql {
    pub(super) fn text(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
pub(super) struct Statements {
    pub(super) checkpoint: Sql,
    pub(super) claim: Sql,
    pub(super) advance: Sql,
    pub(super) meta: Sql,
    pub(super) metas: Sql,
    pub(super) metas_upsert: Sql,
    pub(super) docs: Sql,
    pub(super) docs_upsert: Sql,
    pub(super) docs_delete: Sql,
    pub(super) stands: Sql,
    pub(super) restatements: Sql,
    pub(super) restatements_insert: Sql,
    tables: BTreeMap<String, TableStatements>,
}

#[derive(Debug)]
pub(super) struct TableStatements {
    /// Its columns beside those that every table has, in name order.
    pub(super) columns: Vec<String>,
    pub(super) upsert: Sql,
    pub(super) delete: Sql,
    pub(super) lookup: Sql,
    pub(super) select: Sql,
    pub(super) page: Sql,
}

impl Statements {
    pub(super) fn new(schema: &str, columns: &BTreeMap<String, Vec<String>>) -> Self {
        let fill = |template: &str| sql(template.replace("{schema}", schema));
        Self {
            checkpoint: fill(include_str!("../../sql/templates/checkpoint.sql")),
            claim: fill(include_str!("../../sql/templates/checkpoint_claim.sql")),
            advance: fill(include_str!("../../sql/templates/checkpoint_advance.sql")),
            meta: fill(include_str!("../../sql/templates/meta.sql")),
            metas: fill(include_str!("../../sql/templates/metas.sql")),
            metas_upsert: fill(include_str!("../../sql/templates/metas_upsert.sql")),
            docs: fill(include_str!("../../sql/templates/docs.sql")),
            docs_upsert: fill(include_str!("../../sql/templates/docs_upsert.sql")),
            docs_delete: fill(include_str!("../../sql/templates/docs_delete.sql")),
            stands: fill(include_str!("../../sql/templates/stands.sql")),
            restatements: fill(include_str!("../../sql/templates/restatements.sql")),
            restatements_insert: fill(include_str!("../../sql/templates/restatements_insert.sql")),
            tables: columns
                .iter()
                .map(|(table, columns)| (table.clone(), TableStatements::new(schema, table, columns)))
                .collect(),
        }
    }

    pub(super) fn table(&self, name: &str) -> Option<&TableStatements> {
        self.tables.get(name)
    }
}

impl TableStatements {
    fn new(schema: &str, table: &str, columns: &[String]) -> Self {
        let list = |form: &dyn Fn(&str) -> String| {
            columns
                .iter()
                .map(|column| format!(", {}", form(column)))
                .collect::<String>()
        };
        let fill = |template: &str| {
            sql(template
                .replace("{schema}", schema)
                .replace("{table}", table)
                .replace("{columns}", &list(&|c| format!("\"{c}\"")))
                .replace("{values}", &list(&|c| format!("filled.\"{c}\"")))
                .replace("{updates}", &list(&|c| format!("\"{c}\" = excluded.\"{c}\""))))
        };
        Self {
            columns: columns.to_vec(),
            upsert: fill(include_str!("../../sql/templates/rows_upsert.sql")),
            delete: fill(include_str!("../../sql/templates/rows_delete.sql")),
            lookup: fill(include_str!("../../sql/templates/rows_lookup.sql")),
            select: fill(include_str!("../../sql/templates/rows_select.sql")),
            page: fill(include_str!("../../sql/templates/rows_page.sql")),
        }
    }
}

fn sql(text: String) -> Sql {
    Sql(text.into())
}
