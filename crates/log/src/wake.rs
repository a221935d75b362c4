//! How readers learn that the log has grown: at once inside a process, by a core-NATS hint across
//! processes, by a bounded poll where both fail. Never by LISTEN/NOTIFY, which serialises commits.

use std::{sync::Arc, time::Duration};

use async_nats::Client;
use futures::StreamExt;
use plimsoll_contracts::{Epoch, Position, Token};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The highest position that this process has heard of.
#[derive(Debug, Clone)]
pub(crate) struct Wake {
    known: Arc<watch::Sender<Position>>,
    own: Arc<watch::Sender<Position>>,
}

impl Wake {
    pub(crate) fn new(head: Position) -> Self {
        Self {
            known: Arc::new(watch::Sender::new(head)),
            own: Arc::new(watch::Sender::new(head)),
        }
    }

    /// This process has committed up to here.
    pub(crate) fn committed(&self, position: Position) {
        raise(&self.own, position);
        raise(&self.known, position);
    }

    /// The log is known to reach at least here.
    pub(crate) fn heard(&self, position: Position) {
        raise(&self.known, position);
    }

    pub(crate) fn known(&self) -> watch::Receiver<Position> {
        self.known.subscribe()
    }

    /// Tells other processes what this one commits, and hears what they do. Hints may be lost.
    pub(crate) async fn exchange(
        self,
        client: Client,
        subject: String,
        epoch: Epoch,
        stop: CancellationToken,
    ) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.tell(&client, &subject, &epoch) => {}
            () = self.hear(&client, &subject, &epoch) => {}
        }
    }

    async fn tell(&self, client: &Client, subject: &str, epoch: &Epoch) {
        let mut own = self.own.subscribe();
        while own.changed().await.is_ok() {
            let position = *own.borrow_and_update();
            let token = Token::new(epoch.clone(), position).to_string();
            if let Err(error) = client.publish(subject.to_owned(), token.into()).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "hint not sent; the poll covers it"
                );
            }
        }
    }

    async fn hear(&self, client: &Client, subject: &str, epoch: &Epoch) {
        loop {
            match client.subscribe(subject.to_owned()).await {
                Ok(mut hints) => {
                    while let Some(hint) = hints.next().await {
                        let token = std::str::from_utf8(&hint.payload)
                            .ok()
                            .and_then(|text| text.parse::<Token>().ok());
                        if let Some(token) = token.filter(|token| token.epoch == *epoch) {
                            self.heard(token.position);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "hints cannot be heard")
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

fn raise(sender: &watch::Sender<Position>, position: Position) {
    sender.send_if_modified(|known| {
        let higher = position > *known;
        if higher {
            *known = position;
        }
        higher
    });
}
