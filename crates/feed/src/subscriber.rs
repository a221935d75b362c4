//! The receiving side: changes in the order of arrival, and word of every possible loss.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_nats::Client;
use futures::{Stream, StreamExt, stream::BoxStream};
use tokio::sync::watch;

use crate::{Change, FeedError, FeedItem, FeedOptions, connect::connect, metrics};

/// A handle for hearing changes; clones share one connection.
#[derive(Debug, Clone)]
pub struct Subscriber {
    client: Client,
    options: Arc<FeedOptions>,
    losses: watch::Receiver<u64>,
}

/// The changes of one view. Its first item is always [`FeedItem::Lost`]: what was said before the
/// subscription is unknown, so load the store after it has begun.
pub struct Subscription {
    view: String,
    items: BoxStream<'static, FeedItem>,
}

impl Subscriber {
    /// Connects, now or as soon as the server is there.
    ///
    /// # Errors
    /// [`FeedError::Address`].
    pub async fn connect(options: FeedOptions) -> Result<Self, FeedError> {
        let (client, losses) = connect(&options, "plimsoll-feed-in").await?;
        Ok(Self {
            client,
            options: Arc::new(options),
            losses,
        })
    }

    /// Hears the changes of one view from now on. When this returns the server knows of it, or
    /// will as soon as it is there (then a [`FeedItem::Lost`] comes).
    ///
    /// # Errors
    /// [`FeedError::Closed`].
    pub async fn subscribe(&self, view: &str) -> Result<Subscription, FeedError> {
        let messages = self
            .client
            .subscribe(self.options.subject(view))
            .await
            .map_err(|_| FeedError::Closed)?;
        if self.client.connection_state() == async_nats::connection::State::Connected {
            self.client.flush().await.map_err(|_| FeedError::Closed)?;
        }
        let losses = tokio_stream::wrappers::WatchStream::new(self.losses.clone()).map(|_| FeedItem::Lost);
        let changes = messages.map(|message| read(&message.payload));
        Ok(Subscription {
            view: view.to_owned(),
            items: futures::stream::select(losses, changes).boxed(),
        })
    }
}

impl Stream for Subscription {
    type Item = FeedItem;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FeedItem>> {
        let item = self.items.poll_next_unpin(context);
        if matches!(item, Poll::Ready(Some(FeedItem::Lost))) {
            metrics::counter(metrics::LOST, &self.view).increment(1);
        }
        item
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

fn read(payload: &[u8]) -> FeedItem {
    match serde_json::from_slice::<Change>(payload) {
        Ok(change) => FeedItem::Change(change),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "unreadable message on the change feed"
            );
            FeedItem::Lost
        }
    }
}
