//! Liveness and readiness: `/healthz` says that the process runs, `/readyz` that it can serve,
//! and names what is missing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::json;

/// Named conditions of being ready; all must hold. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    conditions: Arc<Mutex<BTreeMap<&'static str, bool>>>,
}

impl Readiness {
    /// Names a condition and says whether it holds now.
    pub fn set(&self, condition: &'static str, holds: bool) {
        self.conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(condition, holds);
    }

    /// Whether every named condition holds (and at least one is named).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let conditions = self.snapshot();
        !conditions.is_empty() && conditions.values().all(|holds| *holds)
    }

    fn snapshot(&self) -> BTreeMap<&'static str, bool> {
        self.conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// `/healthz` and `/readyz`; neither needs a token.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { Json(json!({"alive": true})) }))
            .route("/readyz", get(readyz))
            .with_state(self)
    }
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let ready = readiness.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({"ready": ready, "conditions": readiness.snapshot()})),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_named_condition_holds() {
        let readiness = Readiness::default();
        assert!(!readiness.is_ready());
        readiness.set("log", true);
        readiness.set("projector", false);
        assert!(!readiness.is_ready());
        readiness.set("projector", true);
        assert!(readiness.is_ready());
    }
}
