//! Sends the stories' commands when they are due: history as fast as the server takes it, then
//! the present at its own pace.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use plimsoll_contracts::TenantConfig;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    agency::Agency,
    centre::Centre,
    shop,
    story::{Script, Step, is_ours},
};
use crate::client::{Client, Refused};

/// How the keys of the simulation's commands begin, and with them the correlation ids of its events.
pub(crate) const CORRELATION: &str = "demo-";
/// Commands under way at once, each of another subject.
const LANES: usize = 16;
/// Commands waiting in a lane.
const LANE_DEPTH: usize = 32;
/// Attempts at a command that the server did not answer.
const ATTEMPTS: u32 = 8;
/// Orders of yesterday in the first run.
const YESTERDAY_ORDERS: u32 = 500;
/// Orders of today, up to now, in the first run: about as dense as the present, so that the day's
/// charts have a shape.
const TODAY_ORDERS: u32 = 2_200;
/// Calls of the past in the first run.
const HISTORY_CALLS: u32 = 260;

/// The simulation.
#[derive(Debug)]
pub struct Demo {
    /// The same seed tells the same stories.
    pub seed: u64,
    /// The server.
    pub client: Client,
    /// The tenant's configuration, for its business dates.
    pub config: TenantConfig,
    /// Whether to tell the past too: on an empty log.
    pub with_history: bool,
}

/// What was sent so far. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    counts: Arc<[AtomicU64; 3]>,
}

impl Progress {
    /// Accepted, refused by a rule, given up.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let [accepted, refused, lost] = &*self.counts;
        (
            accepted.load(Ordering::Relaxed),
            refused.load(Ordering::Relaxed),
            lost.load(Ordering::Relaxed),
        )
    }
}

impl Demo {
    /// Runs until the shutdown; commands under way are finished.
    pub async fn run(self, progress: Progress, shutdown: CancellationToken) {
        let now = Utc::now();
        let session_no = u32::try_from(now.timestamp() % 1_000_000_000).unwrap_or(1);
        let mut script = Script::new(self.seed, &format!("{session_no:x}"));
        shop::open(&mut script, now - chrono::Duration::days(2));
        Agency::found(&mut script, now);
        let lanes = Lanes::start(&self.client, &script.run, &progress);
        lanes.send_due(&mut script, now, &shutdown).await;
        self.end_old_calls(&mut script, now).await;
        lanes.send_due(&mut script, now, &shutdown).await;
        lanes.settle().await;

        let lanes = Lanes::start(&self.client, &script.run, &progress);
        let mut agency = Agency::default();
        let day = self.config.day_start(self.config.business_date(now));
        let mut centre = Centre::open(
            &mut script,
            day.max(now - chrono::Duration::hours(10)),
            session_no,
        );
        if self.with_history {
            agency.history(&mut script, now, &self.config);
            let yesterday = spread(
                &mut script,
                day - chrono::Duration::days(1),
                day,
                YESTERDAY_ORDERS,
            );
            let today = spread(&mut script, day, now, TODAY_ORDERS);
            for at in yesterday.into_iter().chain(today) {
                shop::order(&mut script, at);
            }
            for at in spread(
                &mut script,
                day.max(now - chrono::Duration::hours(9)),
                now,
                HISTORY_CALLS,
            ) {
                centre.call(&mut script, at);
            }
        }
        lanes.send_due(&mut script, now, &shutdown).await;
        self.live(&mut script, &mut centre, &mut agency, &lanes, &shutdown)
            .await;
        lanes.settle().await;
    }

    /// Calls that an earlier run left open are ended: nobody is on them any more. Other people's
    /// calls are theirs to end.
    async fn end_old_calls(&self, script: &mut Script, now: DateTime<Utc>) {
        let answer = self
            .client
            .get("/v1/views/call-time?table=live")
            .await
            .unwrap_or_default();
        for row in answer["rows"].as_array().into_iter().flatten() {
            let call_id = row["call_id"].as_str().unwrap_or_default();
            if !is_ours("K", call_id) {
                continue;
            }
            let body = json!({"call_id": call_id, "segment_id": row["segment_id"], "ended_by": "system"});
            script.tell(now, &format!("call-{call_id}"), "calls", "EndCall", body);
        }
    }

    async fn live(
        &self,
        script: &mut Script,
        centre: &mut Centre,
        agency: &mut Agency,
        lanes: &Lanes,
        shutdown: &CancellationToken,
    ) {
        let start = Utc::now();
        let (mut order_at, mut call_at, mut business_at) = (start, start, start);
        while !shutdown.is_cancelled() {
            let now = Utc::now();
            while order_at <= now {
                shop::order(script, order_at);
                order_at += chrono::Duration::milliseconds(script.random.random_range(1_200..4_800));
            }
            while call_at <= now {
                centre.call(script, call_at);
                call_at += chrono::Duration::milliseconds(script.random.random_range(2_000..9_000));
            }
            while business_at <= now {
                agency.business(script, business_at, &self.config);
                business_at += chrono::Duration::milliseconds(script.random.random_range(2_000..7_000));
            }
            lanes.send_due(script, now, shutdown).await;
            let next = [order_at, call_at, business_at]
                .into_iter()
                .chain(script.next_at())
                .min()
                .unwrap_or(now);
            let wait = (next - Utc::now()).to_std().unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }
}

/// Instants spread over a span, in order.
fn spread(script: &mut Script, from: DateTime<Utc>, to: DateTime<Utc>, count: u32) -> Vec<DateTime<Utc>> {
    let span = (to - from).num_milliseconds().max(1);
    let mut instants: Vec<_> = (0..count)
        .map(|_| from + chrono::Duration::milliseconds(script.random.random_range(0..span)))
        .collect();
    instants.sort_unstable();
    instants
}

/// Workers that each send the commands of their subjects, one after another.
#[derive(Debug)]
struct Lanes {
    senders: Vec<mpsc::Sender<(u64, Step)>>,
    workers: tokio::sync::Mutex<JoinSet<()>>,
}

impl Lanes {
    fn start(client: &Client, run: &str, progress: &Progress) -> Self {
        let mut workers = JoinSet::new();
        let senders = (0..LANES)
            .map(|_| {
                let (sender, mut receiver) = mpsc::channel::<(u64, Step)>(LANE_DEPTH);
                let (client, run, progress) = (client.clone(), run.to_owned(), progress.clone());
                workers.spawn(async move {
                    while let Some((number, step)) = receiver.recv().await {
                        send(&client, &format!("{CORRELATION}{run}-{number}"), step, &progress).await;
                    }
                });
                sender
            })
            .collect();
        Self {
            senders,
            workers: tokio::sync::Mutex::new(workers),
        }
    }

    async fn send_due(&self, script: &mut Script, now: DateTime<Utc>, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() && script.next_at().is_some_and(|at| at <= now) {
            let Some((number, step)) = script.next() else {
                return;
            };
            let mut hasher = DefaultHasher::new();
            step.subject.hash(&mut hasher);
            let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
            if self.senders[lane].send((number, step)).await.is_err() {
                return;
            }
        }
    }

    /// Waits until every command handed over was sent.
    async fn settle(self) {
        drop(self.senders);
        let mut workers = self.workers.into_inner();
        while workers.join_next().await.is_some() {}
    }
}

async fn send(client: &Client, key: &str, step: Step, progress: &Progress) {
    let [accepted, refused, lost] = &*progress.counts;
    let mut body = step.body;
    if let Value::Object(fields) = &mut body {
        fields.insert(
            "occurred_at".to_owned(),
            plimsoll_contracts::time::format(step.at).into(),
        );
        fields.retain(|_, value| !value.is_null());
    }
    for attempt in 1..=ATTEMPTS {
        match client.command(step.context, step.command, key, &body).await {
            Ok(_) => {
                accepted.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(error) => match error.downcast_ref::<Refused>() {
                // A rule said no, as rules do: a call that had ended, a planner appointed before.
                Some(Refused(problem)) if problem.status < 500 && problem.status != 429 => {
                    refused.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(command = step.command, problem = %Refused(problem.clone()), "refused");
                    return;
                }
                _ => {
                    tracing::debug!(command = step.command, attempt, %error, "not answered, trying again");
                    tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))).await;
                }
            },
        }
    }
    lost.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(command = step.command, "a command of the simulation was given up");
}
