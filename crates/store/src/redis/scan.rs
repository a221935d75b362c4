//! Rows of a tenant in key order, all out of one transaction: nothing else runs on the server while
//! its scripts do.

use plimsoll_contracts::{Position, TenantId};
use serde_json::value::RawValue;

use super::{RedisProjection, instant, value};
use crate::{StoreError, StoredRow, scan::Stands};

/// Position, `as_of`, meta, then key and value of each row.
type Answer = (i64, i64, String, String, Vec<String>);

impl RedisProjection {
    /// The rows of each table, with the position, `as_of` and meta that they stand for.
    pub(crate) async fn whole(
        &self,
        tenant: &TenantId,
        tables: &[&'static str],
    ) -> Result<(Stands, Vec<Vec<StoredRow>>), StoreError> {
        let mut pipe = ::redis::pipe();
        pipe.atomic();
        for table in tables {
            pipe.cmd("eval")
                .arg(include_str!("../../lua/snapshot.lua"))
                .arg(1)
                .arg(self.keys.checkpoint())
                .arg(self.keys.metas())
                .arg(tenant.as_str())
                .arg(self.keys.rows(tenant, table))
                .arg(self.keys.spans(tenant, table))
                .arg(self.keys.span_prefix(tenant, table))
                .arg(usize::MAX >> 16)
                .arg("-")
                .arg("+");
        }
        let answers: Vec<Answer> = pipe.query_async(&mut self.connection.clone()).await?;
        let mut stands = None;
        let mut all = Vec::with_capacity(answers.len());
        for (_, position, as_of, meta, flat) in answers {
            let as_of = (!as_of.is_empty()).then(|| instant(&as_of)).transpose()?;
            let meta = (!meta.is_empty())
                .then(|| RawValue::from_string(meta))
                .transpose();
            let meta = meta.map_err(|e| StoreError::Damaged(e.to_string()))?;
            stands = Some((Position::from_i64(position), as_of, meta));
            let mut rows = Vec::with_capacity(flat.len() / 2);
            let mut flat = flat.into_iter();
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                rows.push(value::decode(key, &value)?);
            }
            rows.sort_by(|a, b| a.key.cmp(&b.key));
            all.push(rows);
        }
        let stands = stands.ok_or_else(|| StoreError::Damaged("a scan of no table".to_owned()))?;
        Ok((stands, all))
    }
}
