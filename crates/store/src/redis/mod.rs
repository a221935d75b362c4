//! A projection version in Redis: the same rows, documents and checkpoint under one key prefix,
//! written by one script per commit. Redis is never the only copy: what is lost is made again.

mod commit;
mod connect;
mod keys;
mod load;
mod read;
mod scan;
mod value;

use ::redis::{AsyncTypedCommands, aio::ConnectionManager};
use plimsoll_contracts::{Position, TenantId, time};

use crate::{CommitError, Lease, ProjectionId, StoreError, projection::Checkpoint};
pub(crate) use connect::connect;
use keys::Keys;

/// Keys looked at in one step while a version is wiped.
const WIPE_STEP: usize = 1_000;

/// A projection version in Redis.
#[derive(Clone)]
pub struct RedisProjection {
    connection: ConnectionManager,
    keys: Keys,
    id: ProjectionId,
}

impl std::fmt::Debug for RedisProjection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisProjection")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl RedisProjection {
    pub(crate) fn new(connection: ConnectionManager, prefix: &str, id: &ProjectionId) -> Self {
        Self {
            connection,
            keys: Keys::new(prefix, id),
            id: id.clone(),
        }
    }

    pub(crate) async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let fields = self.connection.clone().hgetall(self.keys.checkpoint()).await?;
        let Some(position) = fields.get("position") else {
            return Ok(None);
        };
        Ok(Some(Checkpoint {
            position: Position::new(number(position)?),
            as_of: fields
                .get("as_of")
                .filter(|text| !text.is_empty())
                .map(|text| instant(text))
                .transpose()?,
            fence: fields.get("fence").map_or(Ok(0), |text| number(text))?,
        }))
    }

    pub(crate) async fn claim(&self, lease: &Lease) -> Result<Checkpoint, CommitError> {
        self.must_not_evict().await?;
        if self.checkpoint().await?.is_none() {
            // Without a checkpoint nobody can write; what a partial loss has left is of no use.
            self.wipe().await?;
        }
        let script = ::redis::Script::new(include_str!("../../lua/claim.lua"));
        let (position, as_of): (i64, String) = script
            .key(self.keys.checkpoint())
            .arg(lease.fence)
            .arg(lease.id.epoch.as_str())
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(StoreError::from)?;
        if position < 0 {
            return Err(CommitError::Fenced {
                expected: Position::ZERO,
                fence: lease.fence,
            });
        }
        Ok(Checkpoint {
            position: Position::from_i64(position),
            as_of: (!as_of.is_empty()).then(|| instant(&as_of)).transpose()?,
            fence: lease.fence,
        })
    }

    pub(crate) async fn meta(&self, tenant: &TenantId) -> Result<Option<String>, StoreError> {
        Ok(self
            .connection
            .clone()
            .hget(self.keys.metas(), tenant.as_str())
            .await?)
    }

    pub(crate) async fn metas(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let metas = self.connection.clone().hgetall(self.keys.metas()).await?;
        let mut all: Vec<_> = metas
            .into_iter()
            .map(|(tenant, meta)| Ok((tenant.parse().map_err(|_| StoreError::Damaged(tenant))?, meta)))
            .collect::<Result<_, StoreError>>()?;
        all.sort_by(|a: &(TenantId, String), b| a.0.cmp(&b.0));
        Ok(all)
    }

    /// Removes every key of the version, the checkpoint first: without it nobody can write.
    pub(crate) async fn wipe(&self) -> Result<(), StoreError> {
        let mut connection = self.connection.clone();
        connection.unlink(self.keys.checkpoint()).await?;
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<String>) = ::redis::cmd("scan")
                .arg(cursor)
                .arg("match")
                .arg(self.keys.pattern())
                .arg("count")
                .arg(WIPE_STEP)
                .query_async(&mut connection)
                .await?;
            if !keys.is_empty() {
                connection.unlink(&keys).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// A Redis that throws single keys away would make rows vanish under an intact checkpoint.
    async fn must_not_evict(&self) -> Result<(), StoreError> {
        let info: String = ::redis::cmd("info")
            .arg("memory")
            .query_async(&mut self.connection.clone())
            .await?;
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let limited = field("maxmemory:").is_some_and(|limit| limit != "0");
        match field("maxmemory_policy:") {
            Some(policy) if limited && policy != "noeviction" => Err(StoreError::Evicts {
                policy: policy.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

fn number(text: &str) -> Result<u64, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Damaged(format!("number `{text}`")))
}

fn instant(text: &str) -> Result<chrono::DateTime<chrono::Utc>, StoreError> {
    time::parse(text).map_err(|e| StoreError::Damaged(e.to_string()))
}

impl From<::redis::RedisError> for CommitError {
    fn from(error: ::redis::RedisError) -> Self {
        Self::Store(error.into())
    }
}
