//! One commit: one script that writes everything together with the checkpoint.

use ::redis::Script;
use plimsoll_contracts::{Position, time};
use serde_json::json;

use super::{RedisProjection, value};
use crate::{Commit, CommitError, Lease, Restatement, RowWrite, StoreError};

impl RedisProjection {
    pub(crate) async fn commit(&self, lease: &Lease, commit: &Commit) -> Result<(), CommitError> {
        let script = Script::new(include_str!("../../lua/commit.lua"));
        let mut call = script.key(self.keys.checkpoint());
        call.arg(commit.expected.get())
            .arg(lease.fence)
            .arg(lease.id.epoch.as_str())
            .arg(commit.position.get())
            .arg(time::format(commit.as_of));
        for row in &commit.rows {
            self.row(&mut call, row);
        }
        for doc in &commit.docs {
            let hash = self.keys.docs(&doc.tenant);
            match &doc.body {
                Some(body) => call.arg("hset").arg(hash).arg(&doc.key).arg(body),
                None => call.arg("hdel").arg(hash).arg(&doc.key),
            };
        }
        for meta in &commit.metas {
            call.arg("hset")
                .arg(self.keys.metas())
                .arg(meta.tenant.as_str())
                .arg(&meta.body);
        }
        for restatement in &commit.restatements {
            let member = member(restatement)?;
            call.arg("zadd")
                .arg(self.keys.restatements(&restatement.tenant))
                .arg(restatement.position.get())
                .arg(member);
        }
        let written: bool = call.invoke_async(&mut self.connection.clone()).await?;
        if written {
            Ok(())
        } else {
            Err(CommitError::Fenced {
                expected: commit.expected,
                fence: lease.fence,
            })
        }
    }

    fn row(&self, call: &mut ::redis::ScriptInvocation<'_>, row: &RowWrite) {
        let rows = self.keys.rows(&row.tenant, row.table);
        let spans = self.keys.spans(&row.tenant, row.table);
        let prefix = self.keys.span_prefix(&row.tenant, row.table);
        match &row.body {
            Some(body) => {
                let span = row.span.as_deref().unwrap_or_default();
                let value = value::encode(row.position, row.revision, span, body);
                call.arg("row")
                    .arg(rows)
                    .arg(spans)
                    .arg(prefix)
                    .arg(&row.key)
                    .arg(span)
                    .arg(value);
            }
            None => {
                call.arg("gone").arg(rows).arg(spans).arg(prefix).arg(&row.key);
            }
        }
    }
}

/// The same restatement is the same member, so a fold that is done again adds none.
fn member(restatement: &Restatement) -> Result<String, StoreError> {
    let raw = |json: &str| {
        serde_json::from_str::<serde_json::Value>(json).map_err(|e| StoreError::Damaged(e.to_string()))
    };
    Ok(json!({
        "table": restatement.table,
        "key": restatement.key,
        "position": Position::get(restatement.position),
        "revision": restatement.revision,
        "cause": restatement.cause,
        "before": raw(&restatement.before)?,
        "after": restatement.after.as_deref().map(raw).transpose()?,
    })
    .to_string())
}
