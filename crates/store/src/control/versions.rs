//! Versions of projections and the pointer to the one that is served.

use plimsoll_contracts::Epoch;
use sqlx::{PgConnection, PgPool};

use super::{
    Lease, ProjectionId, Serving, VersionRecord, condition, id_of, record, stored_fence, stored_version,
};
use crate::{Backend, Layout, ReadError, StoreError, Stores, postgres::schema, read::Condition};

impl Stores {
    pub(crate) async fn serving(&self, view: &str) -> Result<Serving, ReadError> {
        let name = view.to_owned();
        let row = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/serving.sql"))
                    .bind(name)
                    .fetch_optional(&pool)
                    .await
            })
            .await?
            .ok_or_else(|| ReadError::UnknownView(view.to_owned()))?;
        let condition: Condition = condition(&row)?;
        Ok(Serving {
            id: id_of(&row)?,
            condition,
        })
    }

    /// Every version of a view, or of all views, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn versions(&self, view: Option<&str>) -> Result<Vec<VersionRecord>, StoreError> {
        let view = view.map(str::to_owned);
        let rows = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/versions.sql"))
                    .bind(view)
                    .fetch_all(&pool)
                    .await
            })
            .await?;
        Ok(rows.iter().map(record).collect::<Result<_, _>>()?)
    }

    /// Makes the first version of a view if it has none; it serves at once.
    ///
    /// # Errors
    /// [`StoreError::NoLayout`], [`StoreError::Database`].
    pub async fn ensure_first_version(
        &self,
        view: &str,
        logic: u32,
        epoch: &Epoch,
    ) -> Result<(), StoreError> {
        let (layout, epoch) = (layout(view)?, epoch.clone());
        self.db()
            .run(|pool| async move {
                let mut transaction = pool.begin().await?;
                lock_view(&mut transaction, layout.view).await?;
                if next_version(&mut transaction, layout.view).await? == 1 {
                    create(&mut transaction, layout, 1, logic, &epoch, "serving").await?;
                }
                transaction.commit().await
            })
            .await?;
        Ok(())
    }

    /// Begins a new version beside the serving one, unless one is being built already.
    ///
    /// # Errors
    /// [`StoreError::NoLayout`], [`StoreError::Database`].
    pub async fn begin_version(&self, view: &str, logic: u32, epoch: &Epoch) -> Result<u32, StoreError> {
        let (layout, epoch) = (layout(view)?, epoch.clone());
        let version = self
            .db()
            .run(|pool| async move {
                let mut transaction = pool.begin().await?;
                lock_view(&mut transaction, layout.view).await?;
                let version = match building(&mut transaction, layout.view).await? {
                    Some(version) => version,
                    None => {
                        let version = next_version(&mut transaction, layout.view).await?;
                        create(&mut transaction, layout, version, logic, &epoch, "building").await?;
                        version
                    }
                };
                transaction.commit().await?;
                Ok::<_, sqlx::Error>(version)
            })
            .await?;
        Ok(u32::try_from(version).expect("versions start at 1"))
    }

    /// Lets a built version serve and retires the one before, in one transaction; its rebuilds are
    /// done with that. False when the lease on it is not held any more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn switch(&self, lease: &Lease) -> Result<bool, StoreError> {
        let (id, fence) = (lease.id.clone(), lease.fence);
        let switched = self.db().run(|pool| switch(pool, id, fence)).await?;
        Ok(switched)
    }

    /// Stops or resumes a view's versions. False when it has none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_paused(&self, view: &str, paused: bool) -> Result<bool, StoreError> {
        let view = view.to_owned();
        let touched = self
            .db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/pause.sql"))
                    .bind(view)
                    .bind(paused)
                    .execute(&pool)
                    .await
            })
            .await?;
        Ok(touched.rows_affected() > 0)
    }

    /// Records why a version cannot go on, or that it can again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_error(&self, id: &ProjectionId, error: Option<&str>) -> Result<(), StoreError> {
        let (view, version) = (id.view.clone(), stored_version(id.version));
        let error = error.map(str::to_owned);
        self.db()
            .run(|pool| async move {
                sqlx::query(include_str!("../../sql/error_set.sql"))
                    .bind(view)
                    .bind(version)
                    .bind(error)
                    .execute(&pool)
                    .await
            })
            .await?;
        Ok(())
    }

    /// Drops the tables or keys of a retired version.
    ///
    /// # Errors
    /// [`StoreError`] of its backend; calling it again is safe.
    pub async fn drop_version(&self, id: &ProjectionId) -> Result<(), StoreError> {
        self.forget(id);
        if id.backend == Backend::Redis.name() {
            self.redis(id).wipe().await?;
        }
        let (view, version) = (id.view.clone(), stored_version(id.version));
        self.db()
            .run(|pool| async move {
                let mut transaction = pool.begin().await?;
                lock_view(&mut transaction, &view).await?;
                schema::drop(&mut transaction, &view, version).await?;
                sqlx::query(include_str!("../../sql/dropped.sql"))
                    .bind(&view)
                    .bind(version)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await
            })
            .await?;
        Ok(())
    }
}

fn layout(view: &str) -> Result<&'static Layout, StoreError> {
    Layout::of(view).ok_or_else(|| StoreError::NoLayout(view.to_owned()))
}

async fn lock_view(connection: &mut PgConnection, view: &str) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("../../sql/view_lock.sql"))
        .bind(view)
        .execute(connection)
        .await
        .map(drop)
}

async fn next_version(connection: &mut PgConnection, view: &str) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(include_str!("../../sql/version_next.sql"))
        .bind(view)
        .fetch_one(connection)
        .await
}

async fn building(connection: &mut PgConnection, view: &str) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(include_str!("../../sql/version_building.sql"))
        .bind(view)
        .fetch_optional(connection)
        .await
}

async fn create(
    connection: &mut PgConnection,
    layout: &Layout,
    version: i32,
    logic: u32,
    epoch: &Epoch,
    phase: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("../../sql/version_create.sql"))
        .bind(layout.view)
        .bind(version)
        .bind(stored_version(logic))
        .bind(layout.backend.name())
        .bind(epoch.as_str())
        .bind(phase)
        .execute(&mut *connection)
        .await?;
    if let Backend::Postgres { ddl } = layout.backend {
        schema::create(connection, layout.view, version, ddl, epoch).await?;
    }
    Ok(())
}

async fn switch(pool: PgPool, id: ProjectionId, fence: u64) -> Result<bool, sqlx::Error> {
    let version = stored_version(id.version);
    let mut transaction = pool.begin().await?;
    lock_view(&mut transaction, &id.view).await?;
    sqlx::query(include_str!("../../sql/version_retire.sql"))
        .bind(&id.view)
        .bind(version)
        .execute(&mut *transaction)
        .await?;
    let serves = sqlx::query(include_str!("../../sql/version_serve.sql"))
        .bind(&id.view)
        .bind(version)
        .bind(stored_fence(fence))
        .execute(&mut *transaction)
        .await?;
    if serves.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    sqlx::query(include_str!("../../sql/operations_done.sql"))
        .bind(&id.view)
        .bind(version)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}
