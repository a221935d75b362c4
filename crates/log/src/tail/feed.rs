//! The one task that fills the ring: live from the stream, and from Postgres whenever the stream
//! has a hole, a repeat, an outage or nothing to say although the log has grown.

use std::{sync::Arc, time::Duration};

use async_nats::{
    connection::State,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, pull},
    },
};
use futures::{FutureExt, StreamExt};
use plimsoll_contracts::{Event, Position};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::task::TaskTracker;

use super::Shared;
use crate::{
    metrics,
    stream::{Channel, StreamError},
    wake::Wake,
    wire,
};

/// How often progress is looked at; a stream that is silent for one tick while the log is known to
/// have grown counts as stalled.
const TICK: Duration = Duration::from_millis(100);
/// Messages taken at once from what has arrived.
const LIVE_BATCH: usize = 512;

type Live = Box<pull::Stream>;
type Joining = JoinHandle<Result<Live, StreamError>>;

pub(super) struct Feed {
    shared: Arc<Shared>,
    channel: Channel,
    wake: Wake,
    poll: Duration,
    tracker: TaskTracker,
    last: Position,
    live: Option<Live>,
    joining: Option<Joining>,
    join_at: Instant,
    join_pause: Duration,
    /// Where the previous tick stood, and when Postgres was last asked for the head.
    ticked: Position,
    polled_at: Instant,
}

enum Woken {
    Stop,
    Messages(Vec<jetstream::Message>),
    LiveEnded(String),
    Joined(Result<Live, StreamError>),
    Known,
    Tick,
}

impl Feed {
    pub(super) fn new(
        shared: Arc<Shared>,
        channel: Channel,
        wake: Wake,
        poll: Duration,
        tracker: TaskTracker,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            channel,
            wake,
            poll,
            tracker,
            last: Position::ZERO,
            live: None,
            joining: None,
            join_at: now,
            join_pause: TICK,
            ticked: Position::ZERO,
            polled_at: now,
        }
    }

    pub(super) async fn run(mut self) {
        let mut known = self.wake.known();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if !self.start().await {
            return;
        }
        loop {
            match self.next(&mut known, &mut ticks).await {
                Woken::Stop => return,
                Woken::Messages(messages) => self.take(&messages).await,
                Woken::LiveEnded(why) => self.leave(&why).await,
                Woken::Joined(Ok(live)) => {
                    tracing::info!(stream = self.channel.name, position = %self.last, "tail follows the stream");
                    self.live = Some(live);
                    self.join_pause = TICK;
                }
                Woken::Joined(Err(error)) => self.not_joined(&error),
                Woken::Known => {
                    if self.live.is_none() {
                        self.heal("down").await;
                    }
                }
                Woken::Tick => self.tick().await,
            }
        }
    }

    /// The tail begins at the log's end; whoever is further back reads pages. False on shutdown.
    async fn start(&mut self) -> bool {
        loop {
            match self.shared.reader.db.head().await {
                Ok(head) => {
                    self.last = head.position;
                    self.ticked = head.position;
                    self.shared.last.send_replace(head.position);
                    return true;
                }
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "tail cannot find the log's end yet"
                ),
            }
            if timeout(self.poll, self.shared.shutdown.cancelled()).await.is_ok() {
                return false;
            }
        }
    }

    async fn next(
        &mut self,
        known: &mut watch::Receiver<Position>,
        ticks: &mut tokio::time::Interval,
    ) -> Woken {
        let live = async {
            match &mut self.live {
                Some(live) => live.next().await,
                None => std::future::pending().await,
            }
        };
        let joined = async {
            match &mut self.joining {
                Some(joining) => joining.await,
                None => std::future::pending().await,
            }
        };
        let first = tokio::select! {
            () = self.shared.shutdown.cancelled() => return Woken::Stop,
            message = live => message,
            joined = joined => {
                self.joining = None;
                return Woken::Joined(joined.unwrap_or_else(|e| Err(StreamError::Unavailable(e.to_string()))));
            }
            _ = known.changed() => return Woken::Known,
            _ = ticks.tick() => return Woken::Tick,
        };
        match first {
            Some(Ok(message)) => Woken::Messages(self.arrived(message)),
            Some(Err(error)) => Woken::LiveEnded(error.to_string()),
            None => Woken::LiveEnded("the consumer ended".to_owned()),
        }
    }

    /// The message and what else has arrived; an error behind them shows at the next turn.
    fn arrived(&mut self, first: jetstream::Message) -> Vec<jetstream::Message> {
        let mut messages = vec![first];
        while let Some(live) = self.live.as_mut().filter(|_| messages.len() < LIVE_BATCH) {
            match live.next().now_or_never() {
                Some(Some(Ok(message))) => messages.push(message),
                Some(_) => {
                    self.live = None;
                    break;
                }
                None => break,
            }
        }
        messages
    }

    /// Takes messages in order; the first that does not fit sends the tail to Postgres.
    async fn take(&mut self, messages: &[jetstream::Message]) {
        let (mut events, mut last, mut repeated) = (Vec::with_capacity(messages.len()), self.last, 0_u64);
        let mut broken = None;
        for message in messages {
            let Ok(sequence) = message.info().map(|info| info.stream_sequence) else {
                broken = Some("message without a sequence");
                break;
            };
            match fit(last, sequence) {
                Fit::Repeat => repeated += 1,
                Fit::Hole => {
                    broken = Some("hole");
                    break;
                }
                Fit::Next => match self.decode(message, sequence) {
                    Some(event) => {
                        last = event.position;
                        events.push(Arc::new(event));
                    }
                    None => {
                        broken = Some("message of another history");
                        break;
                    }
                },
            }
        }
        self.push(events);
        if repeated > 0 {
            ::metrics::counter!(metrics::TAIL_REPEATED).increment(repeated);
        }
        if let Some(why) = broken {
            self.leave(why).await;
        }
    }

    /// The event of a message, if it is what its sequence says.
    fn decode(&self, message: &jetstream::Message, sequence: u64) -> Option<Event> {
        wire::decode(&self.channel.epoch, &message.payload).filter(|event| event.position.get() == sequence)
    }

    fn push(&mut self, events: Vec<Arc<Event>>) {
        let Some(last) = events.last().map(|event| event.position) else {
            return;
        };
        {
            let mut ring = self.shared.ring.lock().expect("no holder of the ring panics");
            for event in events {
                ring.push(event);
            }
        }
        self.last = last;
        self.wake.heard(last);
        self.shared.last.send_replace(last);
        ::metrics::gauge!(metrics::TAIL_POSITION)
            .set(f64::from(u32::try_from(last.get()).unwrap_or(u32::MAX)));
    }

    /// Gives the stream up for now: fills from Postgres and joins again behind that.
    async fn leave(&mut self, why: &str) {
        tracing::info!(stream = self.channel.name, position = %self.last, why, "tail drops back to Postgres");
        self.live = None;
        self.join_at = Instant::now() + self.join_pause;
        self.heal("hole").await;
    }

    fn not_joined(&mut self, error: &StreamError) {
        self.join_pause = (self.join_pause * 2).min(Duration::from_secs(2));
        self.join_at = Instant::now() + self.join_pause;
        if error.is_transient() {
            tracing::debug!(
                error = error as &dyn std::error::Error,
                "tail cannot join the stream yet"
            );
        } else {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "tail stays with Postgres"
            );
        }
    }

    /// Reads everything after the last event from Postgres, page by page.
    async fn heal(&mut self, why: &'static str) {
        let mut healed = false;
        while !self.shared.shutdown.is_cancelled() {
            let events = match self.shared.reader.after(self.last, usize::MAX).await {
                Ok(events) if events.is_empty() => break,
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, position = %self.last, "tail cannot read the log");
                    break;
                }
            };
            healed = true;
            self.push(events.into_iter().map(Arc::new).collect());
        }
        if healed {
            ::metrics::counter!(metrics::TAIL_HEALED, "why" => why).increment(1);
        }
    }

    async fn tick(&mut self) {
        let now = Instant::now();
        if self.live.is_none() {
            self.heal("down").await;
            let connected = self.channel.client.connection_state() == State::Connected;
            if self.joining.is_none() && connected && now >= self.join_at {
                self.joining = Some(self.tracker.spawn(join(self.channel.clone(), self.last)));
            }
        } else if *self.wake.known().borrow() > self.last && self.last == self.ticked {
            self.heal("stall").await;
        } else if self.last == self.ticked && now - self.polled_at >= self.poll {
            self.polled_at = now;
            match self.shared.reader.db.head().await {
                Ok(head) => self.wake.heard(head.position),
                Err(error) => tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "head not read; asking again"
                ),
            }
        }
        self.ticked = self.last;
    }
}

/// How a message's sequence follows the last position.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Next,
    Repeat,
    Hole,
}

const fn fit(last: Position, sequence: u64) -> Fit {
    if sequence <= last.get() {
        Fit::Repeat
    } else if sequence == last.get() + 1 {
        Fit::Next
    } else {
        Fit::Hole
    }
}

/// Follows the stream from the next position on, after checking that it is this history's.
async fn join(channel: Channel, last: Position) -> Result<Live, StreamError> {
    let unavailable = |text: String| StreamError::Unavailable(text);
    let state = channel.own_state().await?;
    if state.first > last.next() && state.messages > 0 {
        return Err(unavailable(format!(
            "the stream begins at {}, the tail is at {last}",
            state.first
        )));
    }
    let config = pull::Config {
        description: Some("a Plimsoll tail".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: last.next().get(),
        },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: Duration::from_secs(60),
        ..pull::Config::default()
    };
    let created = timeout(
        Duration::from_secs(5),
        channel.context.create_consumer_on_stream(config, &channel.name),
    );
    let consumer = created
        .await
        .map_err(|e| unavailable(e.to_string()))?
        .map_err(|e| unavailable(e.to_string()))?;
    let messages = consumer
        .stream()
        .max_messages_per_batch(2_000)
        .expires(Duration::from_secs(10))
        .heartbeat(Duration::from_secs(2))
        .messages();
    messages
        .await
        .map(Box::new)
        .map_err(|e| unavailable(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_next_sequence_is_taken() {
        let last = Position::new(7);
        assert_eq!(
            [7, 8, 9].map(|sequence| fit(last, sequence)),
            [Fit::Repeat, Fit::Next, Fit::Hole]
        );
    }
}
