//! The web pages: written here from the manifests of separately built apps, served with their
//! hashed files. A build put into the folder while the server runs is taken up; a bad one leaves
//! the one before serving. Nothing here knows what the pages do.

mod assets;
mod manifest;
mod page;
mod scan;

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use plimsoll_host::problem::{no_such_method, no_such_path};
use tokio_util::sync::CancellationToken;

use crate::QueryApi;
use page::Pages;

/// The pages as they are served now; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    dir: Option<Arc<PathBuf>>,
    pages: Arc<ArcSwap<Pages>>,
}

impl Site {
    /// Reads the folder of the built pages; none = a server without pages.
    pub(crate) fn open(dir: Option<PathBuf>) -> Self {
        let site = Self {
            dir: dir.map(Arc::new),
            pages: Arc::default(),
        };
        site.refresh();
        site
    }

    /// Takes up what has changed in the folder.
    fn refresh(&self) {
        let Some(dir) = &self.dir else { return };
        let before = self.pages.load();
        match scan::scan(dir, &before.apps) {
            Ok(apps) if apps == before.apps => {}
            Ok(apps) => {
                tracing::info!(apps = apps.len(), "web pages taken up");
                self.pages.store(Arc::new(Pages::write(apps)));
            }
            Err(error) => {
                if before.problem.as_deref() != Some(error.to_string().as_str()) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "web pages stay as they are"
                    );
                    self.pages.store(Arc::new(before.with_problem(error.to_string())));
                }
            }
        }
    }
}

/// Looks at the folder from time to time until the shutdown.
pub(crate) async fn watch(site: Site, every: Duration, shutdown: CancellationToken) {
    if site.dir.is_none() {
        return;
    }
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let looking = site.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || looking.refresh()).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "looking at the web pages panicked"
            );
        }
    }
}

/// `/`, the paths of the apps, `/a/…`, and the answer to everything that nobody serves.
pub(crate) fn router() -> Router<QueryApi> {
    Router::new()
        .route("/", get(root))
        .route("/a/{*file}", get(assets::asset))
        .fallback(elsewhere)
        .method_not_allowed_fallback(no_such_method)
}

async fn root(State(api): State<QueryApi>, headers: HeaderMap) -> Response {
    let pages = api.site().pages.load();
    pages.respond(&headers).unwrap_or_else(|| without_pages(&pages))
}

/// The pages know their paths themselves, and these change while the server runs.
async fn elsewhere(State(api): State<QueryApi>, method: Method, headers: HeaderMap, uri: Uri) -> Response {
    let pages = api.site().pages.load();
    let is_page = matches!(method, Method::GET | Method::HEAD) && pages.has_route(uri.path());
    let page = is_page.then(|| pages.respond(&headers)).flatten();
    match page {
        Some(page) => page,
        None => no_such_path(uri).await.into_response(),
    }
}

fn without_pages(pages: &Pages) -> Response {
    let why = pages
        .problem
        .as_deref()
        .unwrap_or("it was started without --web-dir");
    let text = format!(
        "This is Plimsoll. This server has no web pages: {why}.\n\n\
         The API is at /v1: views at /v1/views, live updates at /v1/live, its description at /v1/openapi.json.\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
