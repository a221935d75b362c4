//! The subscriptions of a connection: a share in a cohort and a place in it, each.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use plimsoll_contracts::{
    Problem, Token,
    wire::{Subscribe, SubscribeMode, Subscribed},
};
use plimsoll_host::Claims;
use tokio::time::Instant;

use crate::{
    QueryApi,
    cohort::{CohortUse, Cursor, News, Outgoing, PartBounds, Waker},
    http::key_of,
    options::LiveOptions,
};

/// Longest id of a client's.
pub(super) const ID_MAX_BYTES: usize = 64;
/// News are kept as bits.
const PLACES: usize = 64;

/// The subscriptions of a connection.
pub(super) struct Subscriptions {
    pub(super) news: Arc<News>,
    places: Vec<Option<Subscription>>,
    opening: FuturesUnordered<BoxFuture<'static, Opened>>,
    /// Ids asked for whose cohort is not ready yet.
    asked: Vec<String>,
    max: usize,
    params_max_bytes: usize,
    merge_after: usize,
    bounds: PartBounds,
}

/// One cohort that the client looks at, under one or more ids.
pub(super) struct Subscription {
    pub(super) wishes: Vec<Subscribe>,
    pub(super) share: CohortUse,
    pub(super) cursor: Cursor,
    /// At most one frame in this time, where the client wants fewer.
    interval: Option<Duration>,
    may_send_at: Instant,
    is_delayed: bool,
}

/// A cohort that has become ready, or not.
pub(super) struct Opened {
    wish: Subscribe,
    from: Option<Token>,
    share: CohortUse,
    outcome: Result<(), Problem>,
}

/// What a new subscription is told first.
pub(super) struct Begun {
    pub(super) subscribed: Subscribed,
    pub(super) frames: Vec<Outgoing>,
}

impl Subscriptions {
    pub(super) fn new(options: &LiveOptions) -> Self {
        Self {
            news: Arc::default(),
            places: Vec::new(),
            opening: FuturesUnordered::new(),
            asked: Vec::new(),
            max: options.subscriptions_max.min(PLACES),
            params_max_bytes: options.params_max_bytes,
            merge_after: options.merge_after,
            bounds: PartBounds {
                rows: options.part_max_rows,
                bytes: options.part_max_bytes,
            },
        }
    }

    /// Asks for a cohort; [`Self::opened`] tells when it is ready.
    ///
    /// # Errors
    /// What is wrong with the wish, or why there is no room for it.
    pub(super) fn ask(&mut self, api: &QueryApi, claims: &Claims, wish: Subscribe) -> Result<(), Problem> {
        let from = self.check(&wish)?;
        let (key, question) = key_of(api, claims, &wish.view, &wish.params)?;
        let share = api.cohorts().get(key, &question)?;
        self.asked.push(wish.id.clone());
        let open = async move {
            let outcome = share.ready().await;
            Opened {
                wish,
                from,
                share,
                outcome,
            }
        };
        self.opening.push(open.boxed());
        Ok(())
    }

    fn check(&self, wish: &Subscribe) -> Result<Option<Token>, Problem> {
        let invalid = |name: &str, detail: String| Err(Problem::invalid_parameter(name, detail));
        if wish.id.is_empty() || wish.id.len() > ID_MAX_BYTES {
            return invalid("id", format!("has 1 to {ID_MAX_BYTES} bytes"));
        }
        if self.has(&wish.id) {
            return Err(
                Problem::new(409, "id-in-use", "The id names a subscription already")
                    .detail(format!("end `{}` first, or take another id", wish.id)),
            );
        }
        let bytes: usize = wish
            .params
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > self.params_max_bytes {
            return invalid("params", format!("have at most {} bytes", self.params_max_bytes));
        }
        if wish.max_hz.is_some_and(|hz| !(hz.is_finite() && hz >= 0.01)) {
            return invalid(
                "max_hz",
                "is a number of frames a second, at least 0.01".to_owned(),
            );
        }
        if self.len() >= self.max {
            return Err(Problem::new(
                429,
                "too-many-subscriptions",
                "The connection has too many subscriptions",
            )
            .with("max", self.max)
            .detail(format!("a connection may have {}; end one first", self.max)));
        }
        match wish.from.as_deref().map(str::parse::<Token>) {
            None => Ok(None),
            Some(Ok(token)) => Ok(Some(token)),
            Some(Err(error)) => invalid("from", error.to_string()),
        }
    }

    /// The next cohort that has become ready; never returns where none is asked for.
    pub(super) async fn opened(&mut self) -> Opened {
        match self.opening.next().await {
            Some(opened) => opened,
            None => std::future::pending().await,
        }
    }

    /// Begins a subscription; `None` where it has been ended meanwhile.
    pub(super) fn begin(&mut self, opened: Opened) -> Option<Result<Begun, (String, Problem)>> {
        let Opened {
            wish,
            from,
            share,
            outcome,
        } = opened;
        let place = self.asked.iter().position(|id| *id == wish.id)?;
        self.asked.swap_remove(place);
        if let Err(problem) = outcome {
            return Some(Err((wish.id, problem)));
        }
        Some(Ok(self.start(wish, from.as_ref(), share)))
    }

    /// Starts, or, where the client already looks at this cohort, starts it again under both ids.
    fn start(&mut self, wish: Subscribe, from: Option<&Token>, mut share: CohortUse) -> Begun {
        let bounds = self.bounds;
        let (beginning, epoch, version, position) = share.latest(|latest| {
            let beginning = latest.begin(from, bounds);
            (beginning, latest.epoch.clone(), latest.version, latest.said)
        });
        let subscribed = Subscribed {
            id: wish.id.clone(),
            topic: share.topic,
            mode: beginning.mode,
            epoch,
            position,
            version,
        };
        let (mode, (cursor, frames)) = (beginning.mode, beginning.into_parts());
        let known = |place: &Option<Subscription>| {
            place
                .as_ref()
                .is_some_and(|known| known.share.topic == share.topic)
        };
        let existing = self.places.iter().position(known);
        let place = existing.unwrap_or_else(|| self.free_place());
        let bit = u32::try_from(place).expect("there are at most 64 places");
        if let Some(existing) = &mut self.places[place] {
            existing.wishes.push(wish);
            existing.interval = interval(&existing.wishes);
            if mode == SubscribeMode::Snapshot {
                existing.cursor = cursor;
            }
        } else {
            share.wake_with(Waker {
                news: Arc::clone(&self.news),
                bit,
            });
            self.places[place] = Some(Subscription {
                interval: interval(std::slice::from_ref(&wish)),
                wishes: vec![wish],
                share,
                cursor,
                may_send_at: Instant::now(),
                is_delayed: false,
            });
        }
        // What came between, and whether the numbers may be old.
        self.news.mark(bit);
        Begun { subscribed, frames }
    }

    fn free_place(&mut self) -> usize {
        self.places.iter().position(Option::is_none).unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        })
    }

    /// Ends the subscription of an id; `false` = there is none.
    pub(super) fn end(&mut self, id: &str) -> bool {
        if let Some(place) = self.asked.iter().position(|asked| asked == id) {
            self.asked.swap_remove(place);
            return true;
        }
        for place in &mut self.places {
            let Some(subscription) = place else { continue };
            let before = subscription.wishes.len();
            subscription.wishes.retain(|wish| wish.id != id);
            if subscription.wishes.len() == before {
                continue;
            }
            subscription.interval = interval(&subscription.wishes);
            if subscription.wishes.is_empty() {
                *place = None;
            }
            return true;
        }
        false
    }

    /// What the client misses in the cohorts with news; and the subscriptions whose cohort ended.
    pub(super) fn news(&mut self, now: Instant) -> (Vec<Outgoing>, Vec<(Vec<Subscribe>, Problem)>) {
        let (mut frames, mut ended) = (Vec::new(), Vec::new());
        let bits = self.news.take();
        for (bit, place) in self.places.iter_mut().enumerate() {
            let Some(subscription) = place else { continue };
            if bits & (1 << bit) == 0 && !subscription.is_delayed {
                continue;
            }
            if let Some(problem) = subscription.share.ended() {
                ended.push((std::mem::take(&mut subscription.wishes), problem));
                *place = None;
                continue;
            }
            subscription.is_delayed = now < subscription.may_send_at;
            if !subscription.is_delayed {
                frames.extend(subscription.catch_up(self.merge_after, self.bounds, now));
            }
        }
        (frames, ended)
    }

    /// When a subscription that wants fewer frames may be sent the next.
    pub(super) fn delayed_until(&self) -> Option<Instant> {
        let delayed = self
            .places
            .iter()
            .flatten()
            .filter(|subscription| subscription.is_delayed);
        delayed.map(|subscription| subscription.may_send_at).min()
    }

    /// The subscriptions that stand.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Subscription> {
        self.places.iter().flatten()
    }

    /// Takes out the subscriptions that a new token changes.
    pub(super) fn take_if(&mut self, changes: impl Fn(&Subscription) -> bool) -> Vec<Subscription> {
        let taken = self
            .places
            .iter_mut()
            .filter_map(|place| place.take_if(|subscription| changes(subscription)));
        taken.collect()
    }

    fn has(&self, id: &str) -> bool {
        self.asked.iter().any(|asked| asked == id)
            || self
                .iter()
                .any(|subscription| subscription.wishes.iter().any(|wish| wish.id == id))
    }

    fn len(&self) -> usize {
        self.asked.len()
            + self
                .iter()
                .map(|subscription| subscription.wishes.len())
                .sum::<usize>()
    }
}

impl Subscription {
    fn catch_up(&mut self, merge_after: usize, bounds: PartBounds, now: Instant) -> Vec<Outgoing> {
        let merge_after = if self.interval.is_some() { 1 } else { merge_after };
        let frames = self
            .share
            .latest(|latest| latest.catch_up(&mut self.cursor, merge_after, bounds));
        if let Some(interval) = self.interval
            && !frames.is_empty()
        {
            self.may_send_at = now + interval;
        }
        frames
    }
}

/// The pace of the most eager of some wishes; `None` = the cohort's own.
fn interval(wishes: &[Subscribe]) -> Option<Duration> {
    let eager = wishes
        .iter()
        .map(|wish| wish.max_hz)
        .collect::<Option<Vec<f64>>>()?;
    let hz = eager.into_iter().fold(f64::NAN, f64::max);
    (hz > 0.0).then(|| Duration::from_secs_f64(1.0 / hz))
}
