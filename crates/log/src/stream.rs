//! The `JetStream` stream beside the log: made when missing, checked before use, refused when it
//! belongs to another history. It is a cache: what it loses is published again from Postgres.

use std::collections::HashMap;

use async_nats::{
    Client,
    header::NATS_MESSAGE_ID,
    jetstream::{
        self, Context, ErrorCode,
        context::{CreateStreamErrorKind, GetStreamErrorKind},
        stream::{Config, DiscardPolicy, Info, LastRawMessageErrorKind, StorageType},
    },
};
use plimsoll_contracts::{Epoch, Position};
use sqlx::Row;
use uuid::Uuid;

use crate::{LogOptions, Storage, db::Db, log::context, read::ReadError};

const EPOCH_KEY: &str = "plimsoll-epoch";

/// How far the stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// Its last sequence: the position of the last event that it was given.
    pub sequence: Position,
    /// Its first sequence.
    pub first: Position,
    /// How many messages it holds.
    pub messages: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// The history it belongs to, if it says so.
    pub epoch: Option<String>,
}

/// Why the stream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// NATS does not answer; trying again is safe.
    #[error("NATS is not available: {0}")]
    Unavailable(String),
    /// The stream does not exist (yet).
    #[error("the stream {0} does not exist yet; the relay makes it")]
    Missing(String),
    /// The stream belongs to another history.
    #[error(
        "the stream {stream} belongs to another history ({found}), this log is {epoch}. \
         If the other one is no longer needed, delete the stream (`nats stream rm {stream}`) and it is made \
         anew from Postgres; else give this log a stream name of its own"
    )]
    OtherHistory {
        /// Name of the stream.
        stream: String,
        /// What shows it.
        found: String,
        /// The log's own epoch.
        epoch: Epoch,
    },
    /// The stream holds more than the log: the database was restored or replaced.
    #[error(
        "the stream {stream} is at {sequence}, ahead of the log at {head}: the database has lost events that readers \
         may have seen. Give the restored log a new epoch (`plimsoll log new-epoch`), delete the stream \
         (`nats stream rm {stream}`) and rebuild the views"
    )]
    Ahead {
        /// Name of the stream.
        stream: String,
        /// Its last sequence.
        sequence: Position,
        /// The log's last position.
        head: Position,
    },
    /// The largest event would not fit a message.
    #[error(
        "NATS takes messages of at most {max_payload} bytes, an event may need {needed}; raise max_payload in its configuration"
    )]
    MessageTooSmall {
        /// The server's bound, in bytes.
        max_payload: usize,
        /// What an event may need, in bytes.
        needed: usize,
    },
    /// The log itself could not be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
}

impl StreamError {
    /// Whether trying again may help without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Missing(_) | Self::Read(ReadError::Database(_))
        )
    }
}

/// The stream's name, shape and server.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) client: Client,
    pub(crate) context: Context,
    pub(crate) epoch: Epoch,
    pub(crate) name: String,
    pub(crate) subject_prefix: String,
    config: Config,
    refill_max_events: u64,
    message_max_bytes: usize,
}

impl Channel {
    pub(crate) fn new(client: Client, epoch: Epoch, options: &LogOptions) -> Self {
        let config = Config {
            name: options.stream.clone(),
            description: Some(
                "Plimsoll's log; sequence = position. A cache of Postgres, safe to delete.".to_owned(),
            ),
            subjects: vec![format!("{}.>", options.subject_prefix)],
            max_bytes: options.stream_max_bytes,
            discard: DiscardPolicy::Old,
            storage: match options.storage {
                Storage::File => StorageType::File,
                Storage::Memory => StorageType::Memory,
            },
            num_replicas: options.stream_replicas,
            allow_direct: true,
            // The expected sequence is the fence; remembering ids for long would only cost memory.
            duplicate_window: std::time::Duration::from_millis(100),
            metadata: HashMap::from([(EPOCH_KEY.to_owned(), epoch.to_string())]),
            ..Config::default()
        };
        Self {
            context: context(client.clone(), options.relay_max_in_flight),
            client,
            epoch,
            name: options.stream.clone(),
            subject_prefix: options.subject_prefix.clone(),
            config,
            refill_max_events: options.refill_max_events,
            message_max_bytes: options.event_max_bytes + (16 << 10),
        }
    }

    /// How far the stream is, whatever it is.
    pub(crate) async fn state(&self) -> Result<StreamState, StreamError> {
        Ok(state_of(self.get().await?.cached_info()))
    }

    /// How far the stream of this very history is.
    pub(crate) async fn own_state(&self) -> Result<StreamState, StreamError> {
        let state = self.state().await?;
        self.is_own(&state)?;
        Ok(state)
    }

    /// Makes the stream if it is missing and checks that its last message is the log's event at
    /// that position; gives that position.
    pub(crate) async fn align(&self, db: &Db) -> Result<Position, StreamError> {
        let max_payload = self.client.max_payload();
        if max_payload > 0 && max_payload < self.message_max_bytes {
            return Err(StreamError::MessageTooSmall {
                max_payload,
                needed: self.message_max_bytes,
            });
        }
        let stream = match self.get().await {
            Err(StreamError::Missing(_)) => self.create(db).await?,
            other => other?,
        };
        let state = state_of(stream.cached_info());
        self.is_own(&state)?;
        // Asked after the stream: the log only grows, and nothing is published before it is committed.
        let head = db.head().await.map_err(ReadError::from)?.position;
        if state.sequence > head {
            return Err(StreamError::Ahead {
                stream: self.name.clone(),
                sequence: state.sequence,
                head,
            });
        }
        if state.messages > 0 {
            self.same_event(&stream, db, state.sequence).await?;
        }
        Ok(state.sequence)
    }

    async fn get(&self) -> Result<jetstream::stream::Stream, StreamError> {
        self.context
            .get_stream(&self.name)
            .await
            .map_err(|error| match error.kind() {
                GetStreamErrorKind::JetStream(e) if e.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    StreamError::Missing(self.name.clone())
                }
                _ => StreamError::Unavailable(error.to_string()),
            })
    }

    /// The stream begins where refilling it is worth the while: readers further back use Postgres.
    async fn create(&self, db: &Db) -> Result<jetstream::stream::Stream, StreamError> {
        let head = db.head().await.map_err(ReadError::from)?.position;
        let first = head.get().saturating_sub(self.refill_max_events) + 1;
        let config = Config {
            first_sequence: Some(first),
            ..self.config.clone()
        };
        match self.context.create_stream(config).await {
            Ok(stream) => {
                tracing::info!(stream = self.name, first, %head, "stream made");
                Ok(stream)
            }
            // Another relay was faster; its stream is as good.
            Err(error) if matches!(error.kind(), CreateStreamErrorKind::JetStream(ref e) if e.error_code() == ErrorCode::STREAM_NAME_EXIST) => {
                self.get().await
            }
            Err(error) => Err(StreamError::Unavailable(error.to_string())),
        }
    }

    fn is_own(&self, state: &StreamState) -> Result<(), StreamError> {
        if state.epoch.as_deref() == Some(self.epoch.as_str()) {
            return Ok(());
        }
        let found = state
            .epoch
            .clone()
            .unwrap_or_else(|| "it carries no epoch".to_owned());
        Err(StreamError::OtherHistory {
            stream: self.name.clone(),
            found,
            epoch: self.epoch.clone(),
        })
    }

    async fn same_event(
        &self,
        stream: &jetstream::stream::Stream,
        db: &Db,
        at: Position,
    ) -> Result<(), StreamError> {
        let message = match stream.get_raw_message(at.get()).await {
            Ok(message) => message,
            // Dropped by the stream's bounds in between; the epoch has been checked.
            Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => return Ok(()),
            Err(error) => return Err(StreamError::Unavailable(error.to_string())),
        };
        let pool = db.pool.clone();
        let row = db.run(async move {
            sqlx::query(include_str!("../sql/event_id_at.sql"))
                .bind(at.as_i64())
                .fetch_one(&pool)
                .await
        });
        let id: Uuid = row
            .await
            .and_then(|row| row.try_get("id"))
            .map_err(ReadError::from)?;
        let found = message
            .headers
            .get(NATS_MESSAGE_ID)
            .map_or("nothing", |value| value.as_str());
        if found == id.to_string() {
            return Ok(());
        }
        let found = format!("its message {at} is {found}, the log's event is {id}");
        Err(StreamError::OtherHistory {
            stream: self.name.clone(),
            found,
            epoch: self.epoch.clone(),
        })
    }
}

fn state_of(info: &Info) -> StreamState {
    StreamState {
        sequence: Position::new(info.state.last_sequence),
        first: Position::new(info.state.first_sequence),
        messages: info.state.messages,
        bytes: info.state.bytes,
        epoch: info.config.metadata.get(EPOCH_KEY).cloned(),
    }
}
