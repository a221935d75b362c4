//! Options, errors and the connection that both sides make.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

/// How the feed is carried.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// Address of the NATS server.
    pub nats_url: String,
    /// Subjects are `<prefix>.<view>`.
    pub subject_prefix: String,
    /// Changes that wait to be sent; what does not fit is dropped and counted.
    pub queue_max_changes: usize,
    /// Messages that wait to be read, per subscription; more = [`crate::FeedItem::Lost`].
    pub subscription_max_messages: usize,
}

impl FeedOptions {
    /// The defaults: subjects `plimsoll.changes.<view>`.
    #[must_use]
    pub fn new(nats_url: impl Into<String>) -> Self {
        Self {
            nats_url: nats_url.into(),
            subject_prefix: "plimsoll.changes".to_owned(),
            queue_max_changes: 256,
            subscription_max_messages: 1_024,
        }
    }

    /// The same on other subjects, so that several installations share one NATS.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.subject_prefix = prefix.into();
        self
    }

    pub(crate) fn subject(&self, view: &str) -> String {
        format!("{}.{view}", self.subject_prefix)
    }
}

/// Why the feed could not be used at all; a server that is down is no error.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The address makes no sense.
    #[error("`{0}` is not an address of a NATS server")]
    Address(String, #[source] async_nats::ConnectError),
    /// The client was closed.
    #[error("the feed's connection is closed")]
    Closed,
}

/// Connects, now or as soon as the server is there. The counter rises whenever messages may have
/// been lost.
pub(crate) async fn connect(
    options: &FeedOptions,
    name: &str,
) -> Result<(Client, watch::Receiver<u64>), FeedError> {
    let losses = Arc::new(watch::Sender::new(0_u64));
    let heard = losses.subscribe();
    let client = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .subscription_capacity(options.subscription_max_messages)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(
                u64::try_from(attempts)
                    .unwrap_or(u64::MAX)
                    .saturating_mul(100)
                    .min(1_000),
            )
        })
        .event_callback(move |event| {
            let losses = Arc::clone(&losses);
            async move {
                if matches!(
                    event,
                    Event::Connected | Event::Disconnected | Event::SlowConsumer(_)
                ) {
                    losses.send_modify(|count| *count += 1);
                }
            }
        })
        .connect(&options.nats_url)
        .await
        .map_err(|error| FeedError::Address(options.nats_url.clone(), error))?;
    Ok((client, heard))
}
