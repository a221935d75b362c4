//! The handle that routes hold: the log, the keys, the bounds, and the tasks under way.

use std::sync::Arc;

use axum::extract::FromRef;
use plimsoll_host::{Keys, ServeOptions, problem::no_such_path, serve};
use plimsoll_log::Log;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Options, ParkedCount,
    contexts::{agents::Sessions, commissions::Closings},
    handler::{Admission, Followed},
};

/// Serves the command side alone and runs its relay, until the shutdown.
///
/// # Errors
/// Accepting connections failed in a way that does not pass.
pub async fn run(
    side: CommandSide,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let routes = crate::router(side.clone()).fallback(no_such_path);
    let served = async {
        let served = serve(listener, routes, shutdown.clone(), ServeOptions::default()).await;
        shutdown.cancel();
        served
    };
    let (served, ()) = tokio::join!(served, side.run_background(shutdown.clone()));
    served
}

/// What decisions need.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) log: Log,
    pub(crate) parked: Option<Arc<dyn ParkedCount>>,
    pub(crate) sessions: Arc<Followed<Sessions>>,
    pub(crate) closings: Arc<Followed<Closings>>,
}

/// The command side of one log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CommandSide {
    pub(crate) services: Services,
    pub(crate) keys: Keys,
    pub(crate) options: Arc<Options>,
    pub(crate) admission: Admission,
    pub(crate) imports: Arc<Semaphore>,
    pub(crate) tracker: TaskTracker,
    pub(crate) closing: CancellationToken,
}

impl FromRef<CommandSide> for Keys {
    fn from_ref(side: &CommandSide) -> Self {
        side.keys.clone()
    }
}

impl CommandSide {
    /// A command side on an open log.
    #[must_use]
    pub fn new(log: Log, keys: Keys, options: Options) -> Self {
        Self {
            services: Services {
                log,
                parked: None,
                sessions: Arc::default(),
                closings: Arc::default(),
            },
            keys,
            admission: Admission::new(options.in_flight_max, options.in_flight_per_bearer_max),
            imports: Arc::new(Semaphore::new(options.imports_max)),
            options: Arc::new(options),
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// The same, able to ask how many events are parked; without it periods close only when forced.
    #[must_use]
    pub fn with_parked_count(mut self, parked: Arc<dyn ParkedCount>) -> Self {
        self.services.parked = Some(parked);
        self
    }

    /// Runs the relay until shutdown, then waits for commands and import batches under way.
    pub async fn run_background(&self, shutdown: CancellationToken) {
        self.services.log.relay(shutdown).await;
        self.closing.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
