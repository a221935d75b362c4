//! The page: one document for every path, written from the manifests, with the policy that lets
//! only these files run.

use std::{collections::BTreeMap, fmt::Write};

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    manifest::{App, Kind},
    scan::Apps,
};

/// Everything about the pages that a request needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    pub(super) apps: Apps,
    /// What is wrong with the folder, where something is.
    pub(super) problem: Option<String>,
    written: Option<Written>,
}

#[derive(Debug, Clone)]
struct Written {
    korean: String,
    english: String,
    undecided: String,
    policy: HeaderValue,
}

impl Pages {
    pub(super) fn write(apps: Apps) -> Self {
        let import_map = escaped(&import_map(&apps));
        let hash = STANDARD.encode(Sha256::digest(import_map.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types svelte-trusted-html 'allow-duplicates'"
        );
        let written = Written {
            korean: document(&apps, &import_map, Some("ko")),
            english: document(&apps, &import_map, Some("en")),
            undecided: document(&apps, &import_map, None),
            policy: HeaderValue::from_str(&policy).expect("a hash in base64 and fixed words"),
        };
        Self {
            apps,
            problem: None,
            written: Some(written),
        }
    }

    pub(super) fn with_problem(&self, problem: String) -> Self {
        Self {
            problem: Some(problem),
            ..self.clone()
        }
    }

    /// Whether a path is one of the pages'.
    pub(super) fn has_route(&self, path: &str) -> bool {
        let mut routes = self.apps.current.iter().flat_map(|app| &app.manifest.routes);
        routes.any(|route| route == path)
    }

    /// The page in the language that the browser likes best; `None` = there are no pages.
    pub(super) fn respond(&self, headers: &HeaderMap) -> Option<Response> {
        let written = self.written.as_ref()?;
        let document = match language(headers) {
            Some("ko") => &written.korean,
            Some(_) => &written.english,
            None => &written.undecided,
        };
        let fixed = [
            (header::CACHE_CONTROL, "no-cache"),
            (header::VARY, "Accept-Language, Accept-Encoding"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        let policy = [(header::CONTENT_SECURITY_POLICY, written.policy.clone())];
        Some((fixed, policy, Html(document.clone())).into_response())
    }
}

fn import_map(apps: &Apps) -> serde_json::Value {
    let mut imports = BTreeMap::new();
    let mut integrity = BTreeMap::new();
    let mut scopes: BTreeMap<String, BTreeMap<&str, String>> = BTreeMap::new();
    for app in &apps.current {
        imports.extend(exports(app));
        integrity.extend(hashes(app));
    }
    let current = apps
        .of_kind(Kind::Runtime)
        .next()
        .map(|app| app.manifest.runtime.as_str());
    for fragment in apps.of_kind(Kind::Fragment) {
        let version = fragment.manifest.runtime.as_str();
        if current != Some(version)
            && let Some(runtime) = apps.runtime(version)
        {
            scopes.insert(fragment.address(""), exports(runtime).collect());
            integrity.extend(hashes(runtime));
        }
    }
    json!({"imports": imports, "scopes": scopes, "integrity": integrity})
}

fn exports(app: &App) -> impl Iterator<Item = (&str, String)> {
    let exports = app.manifest.exports.iter();
    exports.map(|(specifier, file)| (specifier.as_str(), app.address(file)))
}

/// Only modules: an import map says nothing about stylesheets and pictures.
fn hashes(app: &App) -> impl Iterator<Item = (String, &str)> {
    let modules = app
        .manifest
        .integrity
        .iter()
        .filter(|(file, _)| file.ends_with(".js"));
    modules.map(|(file, hash)| (app.address(file), hash.as_str()))
}

/// With the import map's own hash: a browser throws a preloaded module away whose hash it was not told.
fn preload(app: &App, file: &str) -> String {
    let address = app.address(file);
    match app.manifest.integrity.get(file) {
        Some(hash) => format!(r#"<link rel="modulepreload" href="{address}" integrity="{hash}">"#),
        None => format!(r#"<link rel="modulepreload" href="{address}">"#),
    }
}

fn document(apps: &Apps, import_map: &str, language: Option<&str>) -> String {
    let mut head = String::new();
    let mut line = |text: String| writeln!(head, "  {text}").expect("a String takes every text");
    let shell = apps.of_kind(Kind::Shell).next();
    let icon = shell.and_then(|shell| {
        let file = shell
            .manifest
            .integrity
            .keys()
            .find(|file| file.ends_with(".svg"))?;
        Some(shell.address(file))
    });
    if let Some(icon) = icon {
        line(format!(r#"<link rel="icon" href="{icon}">"#));
    }
    let libraries = apps.of_kind(Kind::Library).chain(apps.of_kind(Kind::Shell));
    for app in libraries.chain(apps.of_kind(Kind::Fragment)) {
        for css in &app.manifest.css {
            line(format!(r#"<link rel="stylesheet" href="{}">"#, app.address(css)));
        }
    }
    line(format!(r#"<script type="importmap">{import_map}</script>"#));
    let needed = apps
        .current
        .iter()
        .filter(|app| app.manifest.kind != Kind::Fragment);
    for app in needed {
        for file in &app.manifest.preload {
            line(preload(app, file));
        }
    }
    let fragments: Vec<&str> = apps
        .of_kind(Kind::Fragment)
        .map(|app| app.text.as_str())
        .collect();
    let boot = format!(
        r#"{{"fragments":[{}],"locale":{}}}"#,
        fragments.join(","),
        json!(language)
    );
    let entry = shell
        .map(|shell| shell.address(&shell.manifest.entry))
        .unwrap_or_default();
    format!(
        r#"<!doctype html>
<html lang="{}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <meta name="color-scheme" content="light dark">
  <title>Plimsoll</title>
{head}</head>
<body>
  <div id="app"></div>
  <script type="application/json" id="plimsoll-boot">{}</script>
  <script type="module" src="{entry}"></script>
</body>
</html>
"#,
        language.unwrap_or("en"),
        boot.replace('<', "\\u003c"),
    )
}

fn escaped(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// Korean or English, whichever the browser likes better.
fn language(headers: &HeaderMap) -> Option<&'static str> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, &'static str)> = None;
    for range in accepted.split(',') {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        let known = match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
            "ko" => "ko",
            "en" => "en",
            _ => continue,
        };
        if best.is_none_or(|(before, _)| weight > before) {
            best = Some((weight, known));
        }
    }
    best.map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_liked_best() {
        let language = |accepted: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))]);
            super::language(&headers)
        };
        assert_eq!(language("ko-KR,ko;q=0.9,en;q=0.8"), Some("ko"));
        assert_eq!(language("de, en;q=0.5, ko;q=0.4"), Some("en"));
        assert_eq!(language("de"), None);
        assert_eq!(super::language(&HeaderMap::new()), None);
    }
}
