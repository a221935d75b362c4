//! What a fold misses, by keys: one round trip.

use std::collections::BTreeMap;

use plimsoll_contracts::TenantId;

use super::{RedisProjection, value};
use crate::{Found, Lookup, StoreError};

impl RedisProjection {
    pub(crate) async fn lookup(&self, lookup: &Lookup) -> Result<Found, StoreError> {
        let mut docs: BTreeMap<&TenantId, Vec<&str>> = BTreeMap::new();
        for (tenant, key) in &lookup.docs {
            docs.entry(tenant).or_default().push(key);
        }
        let mut rows: BTreeMap<(&TenantId, &'static str), Vec<&str>> = BTreeMap::new();
        for (tenant, table, key) in &lookup.rows {
            rows.entry((tenant, table)).or_default().push(key);
        }
        let mut pipe = ::redis::pipe();
        for (tenant, keys) in &docs {
            pipe.cmd("hmget").arg(self.keys.docs(tenant)).arg(keys);
        }
        for ((tenant, table), keys) in &rows {
            pipe.cmd("hmget").arg(self.keys.rows(tenant, table)).arg(keys);
        }
        let mut found = Found::default();
        if docs.is_empty() && rows.is_empty() {
            return Ok(found);
        }
        let answers: Vec<Vec<Option<String>>> = pipe.query_async(&mut self.connection.clone()).await?;
        let mut answers = answers.into_iter();
        for ((tenant, keys), values) in docs.into_iter().zip(answers.by_ref()) {
            for (key, value) in keys.into_iter().zip(values) {
                found
                    .docs
                    .extend(value.map(|value| (tenant.clone(), key.to_owned(), value)));
            }
        }
        for (((tenant, table), keys), values) in rows.into_iter().zip(answers) {
            for (key, value) in keys.into_iter().zip(values) {
                if let Some(value) = value {
                    found
                        .rows
                        .push((tenant.clone(), table, value::decode(key.to_owned(), &value)?));
                }
            }
        }
        Ok(found)
    }
}
