//! From Postgres to the stream, in order: the log is the outbox, the stream's own sequence the
//! fence. It decides nothing else; a relay that dies or doubles costs time, never an event.

use std::{sync::Arc, time::Duration};

use async_nats::{
    HeaderMap,
    header::{NATS_EXPECTED_LAST_SEQUENCE, NATS_MESSAGE_ID},
    jetstream::message::PublishMessage,
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesOrdered};
use plimsoll_contracts::{Event, Position};
use sqlx::{Connection, PgConnection, Row};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    LogOptions, metrics,
    read::{ReadError, Reader},
    stream::{Channel, StreamError},
    wake::Wake,
    wire,
};

/// One message in so many asks for an acknowledgement: since each expects its predecessor's
/// sequence, an acknowledged message proves all before it.
const ACK_EVERY: u64 = 64;
/// How long another process stays leader before this one asks again.
const STANDBY: Duration = Duration::from_secs(1);

/// What a relay is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayState {
    /// Not running in this process.
    Stopped,
    /// Another process publishes.
    Standby,
    /// Publishing; the last position that the stream has acknowledged.
    Leading(Position),
    /// Waiting for Postgres or NATS to come back.
    Waiting(Arc<str>),
    /// The stream is of another history, or unfit; an operator has to act, as the text says.
    Refused(Arc<str>),
}

pub(crate) struct Relay {
    pub(crate) reader: Reader,
    pub(crate) channel: Channel,
    pub(crate) wake: Wake,
    pub(crate) options: LogOptions,
    pub(crate) state: watch::Sender<RelayState>,
    pub(crate) shutdown: CancellationToken,
}

type Acks = FuturesOrdered<BoxFuture<'static, Result<Position, StreamError>>>;
type NextPage = JoinHandle<Result<Vec<Event>, ReadError>>;

impl Relay {
    pub(crate) async fn run(self) {
        let mut leader = None;
        let mut backoff = Duration::from_millis(100);
        while !self.shutdown.is_cancelled() {
            let pause = match self.lead(&mut leader).await {
                Ok(true) => {
                    backoff = Duration::from_millis(100);
                    Duration::ZERO
                }
                Ok(false) => STANDBY,
                Err(error) => {
                    self.report(&error);
                    backoff = (backoff * 2).min(Duration::from_secs(2));
                    backoff
                }
            };
            let _stopped = timeout(pause, self.shutdown.cancelled()).await;
        }
        self.state.send_replace(RelayState::Stopped);
        if let Some(connection) = leader {
            let _closed: Result<(), sqlx::Error> = PgConnection::close(connection).await;
        }
    }

    fn report(&self, error: &StreamError) {
        let text: Arc<str> = error.to_string().into();
        let state = if error.is_transient() {
            RelayState::Waiting(text)
        } else {
            RelayState::Refused(text)
        };
        if self.state.send_replace(state.clone()) == state {
            return;
        }
        if error.is_transient() {
            tracing::warn!(error = error as &dyn std::error::Error, "relay waits");
        } else {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "relay refuses to publish"
            );
        }
    }

    /// Publishes until something is amiss with the stream; false when another process leads.
    async fn lead(&self, leader: &mut Option<PgConnection>) -> Result<bool, StreamError> {
        if self.options.relay_leader && !self.is_leader(leader).await? {
            self.state.send_replace(RelayState::Standby);
            return Ok(false);
        }
        let sequence = self.channel.align(&self.reader.db).await?;
        ::metrics::counter!(metrics::RELAY_ALIGNED).increment(1);
        self.state.send_replace(RelayState::Leading(sequence));
        tracing::info!(stream = self.channel.name, %sequence, "relay publishes");
        self.publish_from(sequence, leader).await?;
        Ok(true)
    }

    /// The advisory lock lives on a connection of its own, opened here and never pooled.
    async fn is_leader(&self, leader: &mut Option<PgConnection>) -> Result<bool, StreamError> {
        if let Some(connection) = leader {
            if sqlx::query(include_str!("../sql/leader_alive.sql"))
                .execute(connection)
                .await
                .is_ok()
            {
                return Ok(true);
            }
            *leader = None;
        }
        let mut connection = PgConnection::connect_with(&self.reader.db.options)
            .await
            .map_err(ReadError::from)?;
        let row = sqlx::query(include_str!("../sql/leader_try.sql"))
            .bind(&self.options.stream)
            .fetch_one(&mut connection)
            .await
            .map_err(ReadError::from)?;
        let won = row.try_get(0).map_err(ReadError::from)?;
        if won {
            *leader = Some(connection);
        } else {
            let _closed: Result<(), sqlx::Error> = connection.close().await;
        }
        Ok(won)
    }

    async fn publish_from(
        &self,
        mut sent: Position,
        leader: &mut Option<PgConnection>,
    ) -> Result<(), StreamError> {
        let mut known = self.wake.known();
        let mut acks = Acks::new();
        let mut acked = sent;
        let mut ahead: Option<NextPage> = None;
        while !self.shutdown.is_cancelled() {
            known.borrow_and_update();
            let page = match ahead.take() {
                Some(reading) => reading
                    .await
                    .map_err(|e| StreamError::Unavailable(e.to_string()))?,
                None => self.reader.after(sent, usize::MAX).await,
            }?;
            let Some(last) = page.last().map(|event| event.position) else {
                self.drain(&mut acks, &mut acked, 0).await?;
                self.idle(&mut known, acked, leader).await?;
                continue;
            };
            if page.len() >= self.options.page_max_events {
                let reader = self.reader.clone();
                ahead = Some(
                    self.reader
                        .db
                        .spawn(async move { reader.after(last, usize::MAX).await }),
                );
            }
            for event in &page {
                self.publish(event, event.position == last, &mut acks).await?;
                let in_flight_max = self.options.relay_max_in_flight as u64;
                self.drain(&mut acks, &mut acked, in_flight_max / ACK_EVERY)
                    .await?;
            }
            ::metrics::counter!(metrics::RELAYED).increment(last.since(sent));
            sent = last;
        }
        self.drain(&mut acks, &mut acked, 0).await
    }

    async fn publish(&self, event: &Event, last: bool, acks: &mut Acks) -> Result<(), StreamError> {
        let position = event.position;
        let subject = wire::subject(&self.channel.subject_prefix, &event.tenant, &event.stream);
        let payload = wire::encode(&self.channel.epoch, event);
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, (position.get() - 1).to_string());
        headers.insert(NATS_MESSAGE_ID, event.id.to_string());
        let unavailable = |text: String| StreamError::Unavailable(text);
        if !last && !position.get().is_multiple_of(ACK_EVERY) {
            let sending = self
                .channel
                .client
                .publish_with_headers(subject, headers, payload);
            return bounded(sending).await?.map_err(|e| unavailable(e.to_string()));
        }
        let message = PublishMessage::build().headers(headers).payload(payload);
        let sending = self.channel.context.send_publish(subject, message);
        let ack = bounded(sending).await?.map_err(|e| unavailable(e.to_string()))?;
        acks.push_back(Box::pin(async move {
            let ack = ack
                .await
                .map_err(|e| StreamError::Unavailable(format!("at position {position}: {e}")))?;
            if ack.sequence == position.get() {
                Ok(position)
            } else {
                Err(StreamError::Unavailable(format!(
                    "position {position} got sequence {}",
                    ack.sequence
                )))
            }
        }));
        Ok(())
    }

    /// Waits until at most `left` acknowledgements are outstanding.
    async fn drain(&self, acks: &mut Acks, acked: &mut Position, left: u64) -> Result<(), StreamError> {
        let before = *acked;
        while acks.len() as u64 > left {
            if let Some(position) = acks.next().await {
                *acked = position?;
            }
        }
        if *acked > before {
            self.state.send_replace(RelayState::Leading(*acked));
            ::metrics::gauge!(metrics::RELAY_POSITION).set(as_f64(*acked));
        }
        Ok(())
    }

    /// Nothing to publish: waits for a wake-up, and now and then looks whether the stream and the
    /// leader's lock are still there.
    async fn idle(
        &self,
        known: &mut watch::Receiver<Position>,
        acked: Position,
        leader: &mut Option<PgConnection>,
    ) -> Result<(), StreamError> {
        tokio::select! {
            () = self.shutdown.cancelled() => return Ok(()),
            _ = known.changed() => return Ok(()),
            () = tokio::time::sleep(self.options.poll) => {}
        }
        let state = self.channel.own_state().await?;
        if state.sequence != acked {
            let found = state.sequence;
            return Err(StreamError::Unavailable(format!(
                "the stream went from {acked} to {found} by itself"
            )));
        }
        if self.options.relay_leader && !self.is_leader(leader).await? {
            return Err(StreamError::Unavailable("another relay leads".to_owned()));
        }
        Ok(())
    }
}

/// A send waits for room in the client's buffer, which never comes while NATS is away.
async fn bounded<F: Future>(sending: F) -> Result<F::Output, StreamError> {
    timeout(Duration::from_secs(5), sending)
        .await
        .map_err(|_| StreamError::Unavailable("NATS takes no messages".to_owned()))
}

fn as_f64(position: Position) -> f64 {
    f64::from(u32::try_from(position.get()).unwrap_or(u32::MAX))
}
