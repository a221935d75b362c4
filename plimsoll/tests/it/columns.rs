//! What `GET /v1/views` says of a table's columns is what its rows hold.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::client::Client;
use serde_json::Value;

use crate::rig::rows;

/// What every row has beside its columns.
const STAMP: [&str; 4] = ["key", "position", "revision", "state"];

/// Tables of which no worked case has a row.
const WITHOUT_ROWS: [(&str, &str); 1] = [("revenue", "settlement")];

/// The columns that the rows of a view's tables were seen with.
#[derive(Default)]
pub(crate) struct Columns(BTreeMap<String, BTreeSet<String>>);

impl Columns {
    /// Looks at the plain rows of every table of a view.
    pub(crate) async fn look(&mut self, client: &Client, view: &str, position: u64) {
        for table in tables(client, view).await {
            let name = table["name"].as_str().unwrap();
            let answer = rows(client, view, &[("table", name)], position).await;
            let seen = self.0.entry(name.to_owned()).or_default();
            for row in answer["rows"].as_array().unwrap() {
                let columns = row.as_object().unwrap().keys();
                seen.extend(columns.filter(|name| !STAMP.contains(&name.as_str())).cloned());
            }
        }
    }

    /// Compares with what is declared.
    pub(crate) async fn check(&self, client: &Client, view: &str) {
        for table in tables(client, view).await {
            let name = table["name"].as_str().unwrap();
            let column = |column: &Value| column["name"].as_str().unwrap().to_owned();
            let declared: BTreeSet<String> =
                table["columns"].as_array().unwrap().iter().map(column).collect();
            let seen = &self.0[name];
            if WITHOUT_ROWS.contains(&(view, name)) {
                assert!(
                    seen.is_empty(),
                    "{view} {name} has rows now: take it off the list"
                );
            } else {
                assert_eq!(seen, &declared, "columns of {view} {name}: seen, declared");
            }
        }
    }
}

async fn tables(client: &Client, view: &str) -> Vec<Value> {
    let list = client.get("/v1/views").await.unwrap();
    let mut views = list["views"].as_array().unwrap().iter();
    let found = views.find(|found| found["name"] == view).unwrap();
    found["tables"].as_array().unwrap().clone()
}
