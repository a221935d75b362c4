//! The sending side: never makes a projection wait.

use std::sync::Arc;

use async_nats::{Client, connection::State};
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::{Change, FeedError, FeedOptions, connect::connect, metrics};

/// Room that a message needs beside its payload.
const MESSAGE_OVERHEAD_BYTES: usize = 1_024;

/// A handle for sending changes; clones share one connection and one bounded queue. What cannot be
/// sent is dropped and counted: readers see the gap.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: Client,
    options: Arc<FeedOptions>,
    queue: mpsc::Sender<(Arc<str>, Bytes)>,
}

impl Publisher {
    /// Connects, now or as soon as the server is there. The returned future sends what is queued;
    /// it ends when the last handle is gone, and belongs into the service's task tracker.
    ///
    /// # Errors
    /// [`FeedError::Address`].
    pub async fn connect(
        options: FeedOptions,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), FeedError> {
        let (client, _) = connect(&options, "plimsoll-feed-out").await?;
        let (queue, waiting) = mpsc::channel(options.queue_max_changes);
        let sending = send(client.clone(), waiting);
        Ok((
            Self {
                client,
                options: Arc::new(options),
                queue,
            },
            sending,
        ))
    }

    /// Queues a change, without its rows where they do not fit the server's message size.
    pub fn publish(&self, change: &Change) {
        let counted = |name| metrics::counter(name, &change.view).increment(1);
        if self.client.connection_state() != State::Connected {
            counted(metrics::DROPPED);
            return;
        }
        let room = self
            .client
            .server_info()
            .max_payload
            .saturating_sub(MESSAGE_OVERHEAD_BYTES);
        let mut payload = encode(change);
        if payload.len() > room {
            counted(metrics::INCOMPLETE);
            payload = encode(&change.without_rows());
        }
        let subject = self.options.subject(&change.view).into();
        match self.queue.try_send((subject, payload.into())) {
            Ok(()) => counted(metrics::PUBLISHED),
            Err(_) => counted(metrics::DROPPED),
        }
    }
}

fn encode(change: &Change) -> Vec<u8> {
    serde_json::to_vec(change).expect("a change is strings, numbers and JSON that was JSON before")
}

async fn send(client: Client, mut waiting: mpsc::Receiver<(Arc<str>, Bytes)>) {
    while let Some((subject, payload)) = waiting.recv().await {
        if let Err(error) = client.publish(subject.to_string(), payload).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                %subject,
                "change not sent; readers heal from the store"
            );
        }
    }
    if let Err(error) = client.flush().await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "last changes not flushed"
        );
    }
}
