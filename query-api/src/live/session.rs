//! One conversation: hears, tells, pings, ends. Its memory is bounded whatever the client does.

use std::time::Duration;

use chrono::Utc;
use plimsoll_contracts::{
    Problem,
    wire::{Draining, Reset, ResetReason, ServerFrame, Unsubscribed},
};
use plimsoll_host::Claims;
use tokio::time::Instant;

use super::{
    close::Close,
    handshake::Known,
    hello::{self, Guest},
    socket::Socket,
    subscriptions::{Opened, Subscriptions},
    waits::Waits,
};
use crate::{QueryApi, users::UserPlace};

/// A conversation with a client whose token holds.
pub(super) struct Session {
    pub(super) api: QueryApi,
    pub(super) socket: Socket,
    pub(super) claims: Claims,
    pub(super) subscriptions: Subscriptions,
    pub(super) waits: Waits,
    connection: String,
    _place: UserPlace,
    expires_at: Instant,
    ping_at: Instant,
    /// Silence until here means death.
    dead_at: Option<Instant>,
}

/// Holds the whole conversation.
pub(super) async fn run(api: QueryApi, mut socket: Socket, known: Known, place: Option<UserPlace>) {
    let shutdown = api.shutdown().clone();
    let greeted = tokio::select! {
        greeted = hello::greet(&api, &mut socket, &known, place) => greeted,
        () = shutdown.cancelled() => Err(Close::restart("the server goes")),
    };
    let guest = match greeted {
        Ok(guest) => guest,
        Err(close) => return socket.close(&close).await,
    };
    tracing::debug!(
        connection = known.connection,
        user = guest.claims.sub,
        "connected"
    );
    let mut session = Session::new(api, socket, known.connection, guest);
    let close = session.talk().await;
    tracing::debug!(
        connection = session.connection,
        code = close.code,
        reason = close.reason,
        "closed"
    );
    session.socket.close(&close).await;
}

impl Session {
    fn new(api: QueryApi, socket: Socket, connection: String, guest: Guest) -> Self {
        let live = &api.options().live;
        let ping_at = Instant::now() + live.ping_interval;
        Self {
            subscriptions: Subscriptions::new(live),
            waits: Waits::new(live),
            expires_at: instant_of(&guest.claims),
            socket,
            claims: guest.claims,
            connection,
            _place: guest.place,
            ping_at,
            dead_at: None,
            api,
        }
    }

    async fn talk(&mut self) -> Close {
        loop {
            if let Err(close) = self.turn().await {
                return close;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Close> {
        let shutdown = self.api.shutdown().clone();
        let news = std::sync::Arc::clone(&self.subscriptions.news);
        let wake_at = self.wake_at();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Err(self.drain().await),
            received = self.socket.receive() => {
                let text = received?;
                self.dead_at = None;
                match text {
                    Some(text) => self.follow(&text).await,
                    None => Ok(()),
                }
            }
            opened = self.subscriptions.opened() => self.begin(opened).await,
            () = news.notify.notified() => self.tell_news().await,
            waited = self.waits.next() => {
                self.waits.keep(waited);
                self.answer_waits().await
            }
            () = tokio::time::sleep_until(wake_at) => self.tick().await,
        }
    }

    fn wake_at(&self) -> Instant {
        let timers = [
            self.dead_at,
            self.subscriptions.delayed_until(),
            self.waits.due_at(),
        ];
        let first = self.ping_at.min(self.expires_at);
        timers.into_iter().flatten().fold(first, Instant::min)
    }

    async fn tick(&mut self) -> Result<(), Close> {
        let now = Instant::now();
        if now >= self.expires_at {
            self.expires_at = instant_of(&self.claims);
        }
        if hello::expires_at(&self.claims) <= Utc::now() {
            return Err(Close::token_expired(
                "the token has expired; come back with another",
            ));
        }
        if self.dead_at.is_some_and(|dead_at| now >= dead_at) {
            return Err(Close::stalled("no answer to ping"));
        }
        if now >= self.ping_at {
            let live = &self.api.options().live;
            self.ping_at = now + live.ping_interval;
            self.dead_at = Some(now + live.dead_after);
            self.socket.say(&ServerFrame::Ping).await?;
        }
        self.tell_news().await?;
        self.answer_waits().await
    }

    async fn begin(&mut self, opened: Opened) -> Result<(), Close> {
        match self.subscriptions.begin(opened) {
            None => Ok(()),
            Some(Err((id, problem))) => self.complain(id, problem).await,
            Some(Ok(begun)) => {
                self.socket
                    .say(&ServerFrame::Subscribed(begun.subscribed))
                    .await?;
                self.socket
                    .send(begun.frames.into_iter().map(|frame| frame.text))
                    .await?;
                self.tell_news().await
            }
        }
    }

    /// Sends what is new in all subscriptions: one look, one write.
    async fn tell_news(&mut self) -> Result<(), Close> {
        let (frames, ended) = self.subscriptions.news(Instant::now());
        self.socket
            .send(frames.into_iter().map(|frame| frame.text))
            .await?;
        for (wishes, problem) in ended {
            for wish in wishes {
                self.say_ended(wish.id, problem.clone()).await?;
            }
        }
        self.answer_waits().await
    }

    async fn say_ended(&mut self, id: String, problem: Problem) -> Result<(), Close> {
        let frame = Unsubscribed {
            id,
            problem: Some(problem),
        };
        self.socket.say(&ServerFrame::Unsubscribed(frame)).await
    }

    async fn answer_waits(&mut self) -> Result<(), Close> {
        for reached in self.waits.answers(&self.subscriptions, Instant::now()) {
            self.socket.say(&ServerFrame::Reached(reached)).await?;
        }
        Ok(())
    }

    /// Another token on the open socket: the same user, perhaps with other rights.
    pub(super) async fn renew(&mut self, token: &str) -> Result<(), Close> {
        let claims = self.api.keys().check(token).map_err(Close::token)?;
        if claims.tenant != self.claims.tenant || claims.sub != self.claims.sub {
            return Err(Close::forbidden(
                "the token is another user's; open a connection for it",
            ));
        }
        self.claims = claims;
        self.expires_at = instant_of(&self.claims);
        let claims = &self.claims;
        let changed = self.subscriptions.take_if(|subscription| {
            let key = &subscription.share.key;
            !claims.allows(&format!("view:{}", key.view)) || key.own != claims.own
        });
        for subscription in changed {
            let may_see = self
                .claims
                .require(&format!("view:{}", subscription.share.key.view));
            if may_see.is_ok() {
                let reset = Reset {
                    topic: subscription.share.topic,
                    reason: ResetReason::Scope,
                };
                self.socket.say(&ServerFrame::Reset(reset)).await?;
            }
            for mut wish in subscription.wishes {
                wish.from = None;
                let id = wish.id.clone();
                let again = may_see
                    .clone()
                    .and_then(|()| self.subscriptions.ask(&self.api, &self.claims, wish));
                if let Err(problem) = again {
                    self.say_ended(id, problem).await?;
                }
            }
        }
        Ok(())
    }

    /// Says that the server goes, and why the socket closes. Clients are spread over a moment here
    /// and over the window when they come back.
    async fn drain(&mut self) -> Close {
        let live = &self.api.options().live;
        let share = self
            .connection
            .bytes()
            .fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte))
            % 100;
        let after = live.drain_spread * share / 100;
        let frame = Draining {
            after_ms: millis(after),
            window_ms: millis(live.drain_window),
        };
        if let Err(close) = self.socket.say(&ServerFrame::Draining(frame)).await {
            return close;
        }
        tokio::time::sleep(after).await;
        Close::restart("the server goes; come back within the window")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The moment at which a token ends, on the monotonic clock; a far one is looked at again later.
fn instant_of(claims: &Claims) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 24 * 3_600);
    let left = (hello::expires_at(claims) - Utc::now())
        .to_std()
        .unwrap_or_default();
    Instant::now() + left.min(FAR)
}
