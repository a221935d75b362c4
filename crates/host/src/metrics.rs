//! The metrics registry of the process, in the Prometheus text format at `/metrics`.

use std::{sync::OnceLock, time::Duration};

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{ApiResult, Claims, Keys};

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Bounds of latency histograms, seconds.
const LATENCY_BUCKETS_S: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// How often histograms are compacted.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Installs the process-wide recorder, once; `None` if another recorder was there first.
pub fn install() -> Option<&'static PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets(LATENCY_BUCKETS_S)
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| tracing::warn!(%error, "metrics are off: another recorder is installed"))
                .ok()
        })
        .as_ref()
}

/// The scope that reading them needs.
const SCOPE: &str = "operate";

/// `/metrics` for bearers of the scope `operate` (Prometheus sends one with `authorization`), and
/// the upkeep that keeps histograms small until the shutdown.
pub fn router(
    handle: &'static PrometheusHandle,
    keys: Keys,
    shutdown: tokio_util::sync::CancellationToken,
) -> Router {
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP_EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => handle.run_upkeep(),
                () = shutdown.cancelled() => return,
            }
        }
    });
    let metrics = async move |claims: Claims| -> ApiResult<_> {
        claims.require(SCOPE)?;
        Ok((
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
            handle.render(),
        ))
    };
    Router::new().route("/metrics", get(metrics)).with_state(keys)
}
