//! Hashed files below `/a/<name>/<build>/`: immutable, in the encoding that the browser takes.

use std::path::PathBuf;

use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use plimsoll_host::{extract::Path, problem::no_such_path};

use super::manifest::is_file_name;
use crate::QueryApi;

/// Serves a file, or 404: a page never stands in for a missing file.
pub(super) async fn asset(
    State(api): State<QueryApi>,
    Path(path): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    match find(&api, &path, &headers).await {
        Some(found) => found,
        None => no_such_path(uri).await.into_response(),
    }
}

async fn find(api: &QueryApi, path: &str, headers: &HeaderMap) -> Option<Response> {
    let dir = api.site().dir.as_ref()?;
    let parts: Vec<&str> = path.split('/').collect();
    let [name, build, file] = parts[..] else {
        return None;
    };
    if !(is_file_name(name) && is_file_name(build) && is_file_name(file)) {
        return None;
    }
    let content_type = content_type(file)?;
    let file: PathBuf = [
        dir.as_path(),
        "a".as_ref(),
        name.as_ref(),
        build.as_ref(),
        file.as_ref(),
    ]
    .iter()
    .collect();
    let (encoding, bytes) = read(file, headers).await?;
    let fixed = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "Accept-Encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let encoding = encoding.map(|encoding| [(header::CONTENT_ENCODING, encoding)]);
    Some(match encoding {
        Some(encoding) => (fixed, encoding, bytes).into_response(),
        None => (fixed, bytes).into_response(),
    })
}

async fn read(file: PathBuf, headers: &HeaderMap) -> Option<(Option<&'static str>, Vec<u8>)> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |encoding: &str| {
        let mut ranges = accepted
            .split(',')
            .map(str::trim)
            .map(|range| range.split_once(';').unwrap_or((range, "")));
        ranges.any(|(named, weight)| named.eq_ignore_ascii_case(encoding) && weight.trim() != "q=0")
    };
    for (encoding, ending) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(encoding) {
            let mut sibling = file.clone().into_os_string();
            sibling.push(ending);
            if let Ok(bytes) = tokio::fs::read(sibling).await {
                return Some((Some(encoding), bytes));
            }
        }
    }
    tokio::fs::read(file).await.ok().map(|bytes| (None, bytes))
}

fn content_type(file: &str) -> Option<&'static str> {
    let (_, ending) = file.rsplit_once('.')?;
    Some(match ending {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "png" => "image/png",
        _ => return None,
    })
}
