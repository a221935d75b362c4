//! Logs to standard error: readable lines for people, JSON lines for machines.

use tracing_subscriber::EnvFilter;

/// Installs the log subscriber; `PLIMSOLL_LOG` holds the filter (the caller names the default).
/// A second call changes nothing.
pub fn init(json: bool, default_filter: &str) {
    let filter = EnvFilter::try_from_env("PLIMSOLL_LOG").unwrap_or_else(|_| EnvFilter::new(default_filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let installed = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.compact().try_init()
    };
    if let Err(error) = installed {
        tracing::debug!(%error, "a log subscriber is already installed");
    }
}
