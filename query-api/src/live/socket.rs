//! A WebSocket with bounds: how long a message may be, how many come, how long sending may take.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::SinkExt;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use plimsoll_contracts::wire::ServerFrame;
use tokio_tungstenite::tungstenite;

use super::{admission::at_least_one, close::Close};
use crate::{metrics, options::LiveOptions};

/// Time that the goodbye may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// A socket.
#[derive(Debug)]
pub(super) struct Socket {
    inner: WebSocket,
    rate: DefaultDirectRateLimiter,
    stalled_after: Duration,
}

impl Socket {
    pub(super) fn new(inner: WebSocket, options: &LiveOptions) -> Self {
        let quota = Quota::per_second(at_least_one(options.messages_per_s))
            .allow_burst(at_least_one(options.messages_burst));
        Self {
            inner,
            rate: RateLimiter::direct(quota),
            stalled_after: options.stalled_after,
        }
    }

    /// The next text of the client; `None` for a control frame, which only shows that it lives.
    ///
    /// # Errors
    /// Why the conversation ends.
    pub(super) async fn receive(&mut self) -> Result<Option<Utf8Bytes>, Close> {
        let message = match self.inner.recv().await {
            None => return Err(Close::gone()),
            Some(Err(error)) => return Err(close_for(error)),
            Some(Ok(message)) => message,
        };
        if self.rate.check().is_err() {
            return Err(Close::too_fast("more messages than welcome.limits allow"));
        }
        match message {
            Message::Text(text) => Ok(Some(text)),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Binary(_) => Err(Close::bad_message("messages are text, one JSON object each")),
            Message::Close(_) => Err(Close::gone()),
        }
    }

    /// Sends texts in order, in as few writes as may be.
    ///
    /// # Errors
    /// 4008 where the client takes nothing for too long; gone.
    pub(super) async fn send(&mut self, texts: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), Close> {
        let (mut count, mut bytes) = (0_u64, 0_u64);
        for text in texts {
            count += 1;
            bytes += text.len() as u64;
            let fed = tokio::time::timeout(self.stalled_after, self.inner.feed(Message::Text(text)));
            fed.await.map_err(|_| stalled())?.map_err(|_| Close::gone())?;
        }
        if count == 0 {
            return Ok(());
        }
        let flushed = tokio::time::timeout(self.stalled_after, self.inner.flush());
        flushed.await.map_err(|_| stalled())?.map_err(|_| Close::gone())?;
        ::metrics::counter!(metrics::DELIVERIES).increment(count);
        ::metrics::counter!(metrics::DELIVERED_BYTES).increment(bytes);
        Ok(())
    }

    /// Sends one frame of this connection alone.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(super) async fn say(&mut self, frame: &ServerFrame) -> Result<(), Close> {
        let text = serde_json::to_string(frame).expect("a frame is strings, numbers and JSON");
        self.send([text.into()]).await
    }

    /// Says goodbye, if the client still listens.
    pub(super) async fn close(mut self, close: &Close) {
        ::metrics::counter!(metrics::CLOSED, "code" => close.code.to_string()).increment(1);
        let goodbye = async {
            self.inner.send(Message::Close(Some(close.frame()))).await?;
            // The client's own close frame, so that ours is not lost with a reset.
            while let Some(Ok(_)) = self.inner.recv().await {}
            Ok::<(), axum::Error>(())
        };
        tokio::time::timeout(CLOSE_WITHIN, goodbye).await.ok();
    }
}

fn stalled() -> Close {
    Close::stalled("nothing was taken from the socket for too long")
}

fn close_for(error: axum::Error) -> Close {
    match error
        .into_inner()
        .downcast::<tungstenite::Error>()
        .map(|error| *error)
    {
        Ok(tungstenite::Error::Capacity(_)) => {
            Close::too_big("the message is longer than welcome.limits allow")
        }
        Ok(tungstenite::Error::Utf8(_)) => Close::not_utf8("text must be UTF-8"),
        Ok(tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
            Close::gone()
        }
        Ok(tungstenite::Error::Protocol(violation)) => Close::protocol_error(violation.to_string()),
        Ok(_) | Err(_) => Close::gone(),
    }
}
