//! Consistent reads: one script reads rows, meta and position.

use ::redis::Script;
use plimsoll_contracts::{Position, TenantId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{RedisProjection, instant, value};
use crate::{ReadError, RestatementRow, Select, Snapshot, StoreError, control::Serving};

/// How many rows, position, `as_of`, meta, then key and value of each row.
type Answer = (i64, i64, String, String, Vec<String>);

/// How often tables are read again because something was committed between them.
const TRIES_MAX: u32 = 32;

impl RedisProjection {
    /// A snapshot for each selection, all of one moment: one script reads one table, and all is
    /// read again where a commit came between.
    pub(crate) async fn snapshots(
        &self,
        serving: &Serving,
        selects: &[Select],
        max: usize,
    ) -> Result<Vec<Snapshot>, ReadError> {
        for _ in 0..TRIES_MAX {
            let mut snapshots = Vec::with_capacity(selects.len());
            for select in selects {
                snapshots.push(self.snapshot(serving, select, max).await?);
            }
            if snapshots
                .windows(2)
                .all(|pair| pair[0].head.position == pair[1].head.position)
            {
                return Ok(snapshots);
            }
        }
        Err(StoreError::Busy { tries: TRIES_MAX }.into())
    }

    async fn snapshot(&self, serving: &Serving, select: &Select, max: usize) -> Result<Snapshot, ReadError> {
        let (from, to) = select.span.clone().unzip();
        let script = Script::new(include_str!("../../lua/snapshot.lua"));
        let answer: Answer = script
            .key(self.keys.checkpoint())
            .arg(self.keys.metas())
            .arg(select.tenant.as_str())
            .arg(self.keys.rows(&select.tenant, &select.table))
            .arg(self.keys.spans(&select.tenant, &select.table))
            .arg(self.keys.span_prefix(&select.tenant, &select.table))
            .arg(max)
            .arg(from.map_or_else(|| "-".to_owned(), |from| format!("[{from}")))
            .arg(to.map_or_else(|| "+".to_owned(), |to| format!("[{to}")))
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(StoreError::from)?;
        let (count, position, as_of, meta, flat) = answer;
        if count < 0 {
            return Err(ReadError::TooManyRows { max });
        }
        let as_of = (!as_of.is_empty()).then(|| instant(&as_of)).transpose()?;
        let mut rows = Vec::with_capacity(flat.len() / 2);
        let mut flat = flat.into_iter();
        while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
            rows.push(value::decode(key, &value)?);
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Snapshot {
            head: serving.head(Position::from_i64(position), as_of),
            meta: (!meta.is_empty()).then(|| raw(meta)).transpose()?,
            rows,
        })
    }

    pub(crate) async fn restatements(
        &self,
        tenant: &TenantId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RestatementRow>, StoreError> {
        let members: Vec<String> = ::redis::cmd("zrangebyscore")
            .arg(self.keys.restatements(tenant))
            .arg(format!("({}", after.get()))
            .arg("+inf")
            .arg("limit")
            .arg(0)
            .arg(limit)
            .query_async(&mut self.connection.clone())
            .await?;
        members.iter().map(|member| restatement(member)).collect()
    }
}

fn restatement(member: &str) -> Result<RestatementRow, StoreError> {
    #[derive(Deserialize)]
    struct Member {
        table: String,
        key: String,
        position: Position,
        revision: u32,
        cause: uuid::Uuid,
        before: Option<Box<RawValue>>,
        after: Option<Box<RawValue>>,
    }
    let member: Member = serde_json::from_str(member).map_err(|e| StoreError::Damaged(e.to_string()))?;
    Ok(RestatementRow {
        table: member.table,
        key: member.key,
        position: member.position,
        revision: member.revision,
        cause: member.cause,
        before: member.before,
        after: member.after,
    })
}

fn raw(json: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(|e| StoreError::Damaged(e.to_string()))
}
