//! Questions for a position: answered when the view has processed it and this connection has been
//! told of it in everything that it looks at.

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use plimsoll_contracts::{
    Position, Problem,
    wire::{Reached, Wait},
};
use plimsoll_host::Claims;
use tokio::time::Instant;

use super::subscriptions::{ID_MAX_BYTES, Subscriptions};
use crate::{QueryApi, options::LiveOptions, problems};

/// The questions of a connection.
pub(super) struct Waits {
    under_way: FuturesUnordered<BoxFuture<'static, Waited>>,
    /// The view has come far enough, frames that say so are on their way.
    almost: Vec<Waited>,
    max: usize,
    longest: std::time::Duration,
}

/// A question whose view has come far enough, or whose time is over.
pub(super) struct Waited {
    wait: Wait,
    stands: Position,
    until: Instant,
}

impl Waits {
    pub(super) fn new(options: &LiveOptions) -> Self {
        Self {
            under_way: FuturesUnordered::new(),
            almost: Vec::new(),
            max: options.waits_max,
            longest: options.wait_max,
        }
    }

    /// Takes a question.
    ///
    /// # Errors
    /// What is wrong with it, or that there are too many.
    pub(super) fn ask(
        &mut self,
        api: &QueryApi,
        claims: &Claims,
        subscriptions: &Subscriptions,
        wait: Wait,
    ) -> Result<(), Problem> {
        if wait.id.is_empty() || wait.id.len() > ID_MAX_BYTES {
            return Err(Problem::invalid_parameter(
                "id",
                format!("has 1 to {ID_MAX_BYTES} bytes"),
            ));
        }
        let view = api
            .registry()
            .find(&wait.view)
            .ok_or_else(|| problems::no_such_view(&wait.view))?;
        claims.require(&format!("view:{}", wait.view))?;
        if self.under_way.len() + self.almost.len() >= self.max {
            return Err(Problem::new(
                429,
                "too-many-waits",
                "The connection waits for too many positions",
            )
            .with("max", self.max)
            .detail(format!(
                "a connection may wait for {} positions at once",
                self.max
            )));
        }
        for subscription in subscriptions.iter().filter(|s| s.share.key.view == view.name) {
            subscription.share.hurry(wait.position);
        }
        let until = Instant::now() + std::time::Duration::from_millis(wait.timeout_ms).min(self.longest);
        let hub = api.cohorts().hub(view.name).clone();
        let waiting = async move {
            tokio::time::timeout_at(until, hub.reached(wait.position))
                .await
                .ok();
            Waited {
                stands: hub.position(),
                wait,
                until,
            }
        };
        self.under_way.push(waiting.boxed());
        Ok(())
    }

    /// The next question whose view has come far enough or whose time is over.
    pub(super) async fn next(&mut self) -> Waited {
        match self.under_way.next().await {
            Some(waited) => waited,
            None => std::future::pending().await,
        }
    }

    /// Keeps a question until [`Self::answers`] finds it told.
    pub(super) fn keep(&mut self, waited: Waited) {
        self.almost.push(waited);
    }

    /// The questions that can be answered now.
    pub(super) fn answers(&mut self, subscriptions: &Subscriptions, now: Instant) -> Vec<Reached> {
        let mut answers = Vec::new();
        self.almost.retain(|waited| {
            let wanted = waited.wait.position;
            let mut mine = subscriptions
                .iter()
                .filter(|s| s.share.key.view == waited.wait.view);
            let told = mine.all(|subscription| subscription.cursor.have >= wanted);
            let ok = waited.stands >= wanted && told;
            let is_over = waited.stands < wanted || now >= waited.until;
            if ok || is_over {
                answers.push(Reached {
                    id: waited.wait.id.clone(),
                    position: waited.stands,
                    ok,
                });
            }
            !(ok || is_over)
        });
        answers
    }

    /// When the time of a question that is almost answered is over.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.almost.iter().map(|waited| waited.until).min()
    }
}
