//! The web pages: written from manifests, locked down, taken up while running.

use std::{fs, path::Path};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bed::{Bed, header, until};

/// A folder with a runtime, a client, a shell and a fragment.
fn built() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, kind, route) in [
        ("runtime", "runtime", None),
        ("client", "library", None),
        ("shell", "shell", Some("/")),
        ("revenue", "fragment", Some("/revenue")),
    ] {
        build(dir.path(), name, kind, "b1", route, 1);
    }
    index(
        dir.path(),
        &[
            ("runtime", "b1"),
            ("client", "b1"),
            ("shell", "b1"),
            ("revenue", "b1"),
        ],
    );
    dir
}

fn build(dir: &Path, name: &str, kind: &str, build: &str, route: Option<&str>, contract: u32) {
    let folder = dir.join("a").join(name).join(build);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("index-x1.js"), "export {}").unwrap();
    fs::write(folder.join("index-x1.js.gz"), "zipped").unwrap();
    fs::write(folder.join("style-x1.css"), "a{}").unwrap();
    let manifest = json!({
        "name": name, "kind": kind, "build": build, "contract": contract, "runtime": "5.57.3", "sdk": "0.1.0",
        "entry": "index-x1.js", "css": ["style-x1.css"],
        "integrity": {"index-x1.js": "sha256-AAAA", "style-x1.css": "sha256-BBBB"},
        "exports": {format!("@plimsoll/{name}"): "index-x1.js"}, "preload": ["index-x1.js"],
        "routes": route.into_iter().collect::<Vec<_>>(), "nav": {"ko": "</script>", "en": name},
    });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn index(dir: &Path, builds: &[(&str, &str)]) {
    let entries: Vec<Value> = builds
        .iter()
        .map(|(name, build)| json!({"name": name, "build": build, "manifest": format!("{name}/{build}/manifest.json")}))
        .collect();
    fs::write(dir.join("a/index.json"), json!(entries).to_string()).unwrap();
}

async fn page(bed: &Bed, path: &str) -> String {
    bed.http
        .get(bed.url(path))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_holds_the_import_map_and_a_policy_that_fits_it() {
    let dir = built();
    let bed = Bed::with(|options| options.web_dir = Some(dir.path().to_owned())).await;
    let response = bed
        .http
        .get(bed.url("/"))
        .header("accept-language", "ko")
        .send()
        .await
        .unwrap();
    assert!(header(&response, "content-type").starts_with("text/html"));
    assert_eq!(header(&response, "cache-control"), "no-cache");
    let policy = header(&response, "content-security-policy").to_owned();
    let text = response.text().await.unwrap();
    let map = text
        .split("<script type=\"importmap\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let parsed: Value = serde_json::from_str(map).unwrap();
    assert_eq!(
        parsed["imports"]["@plimsoll/revenue"],
        json!("/a/revenue/b1/index-x1.js")
    );
    assert_eq!(
        parsed["integrity"]["/a/revenue/b1/index-x1.js"],
        json!("sha256-AAAA")
    );
    use base64::Engine;
    use sha2::Digest;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(map.as_bytes()));
    assert!(
        policy.contains(&format!("script-src 'self' 'sha256-{hash}'")),
        "{policy}"
    );
    assert!(text.contains("<html lang=\"ko\">"));
    let boot = text
        .split("id=\"plimsoll-boot\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let boot: Value = serde_json::from_str(boot).unwrap();
    assert_eq!(
        (&boot["locale"], &boot["fragments"][0]["nav"]["ko"]),
        (&json!("ko"), &json!("</script>"))
    );
    assert!(text.contains(r#"<script type="module" src="/a/shell/b1/index-x1.js">"#));
    assert!(text.find("importmap").unwrap() < text.find("modulepreload").unwrap());
    assert_eq!(
        page(&bed, "/revenue?date=2026-03-01").await,
        page(&bed, "/").await,
        "every path of a page"
    );
    let missing = bed.http.get(bed.url("/no/page")).send().await.unwrap();
    assert_eq!(
        (missing.status(), header(&missing, "content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    bed.end().await;
}

#[tokio::test]
async fn files_are_immutable_and_nothing_else_of_the_folder_is_served() {
    let dir = built();
    fs::write(dir.path().join("secret.js"), "secret").unwrap();
    let bed = Bed::with(|options| options.web_dir = Some(dir.path().to_owned())).await;
    let file = bed
        .http
        .get(bed.url("/a/shell/b1/index-x1.js"))
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(
        header(&file, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(header(&file, "content-encoding"), "gzip");
    assert!(header(&file, "content-type").starts_with("text/javascript"));
    assert_eq!(page(&bed, "/a/shell/b1/index-x1.js").await, "export {}");
    for path in [
        "/a/shell/b1/none.js",
        "/a/shell/b1/..%2F..%2F..%2Fsecret.js",
        "/a/shell/b1",
        "/a/index.json",
        "/a/x/y/z/w",
    ] {
        let response = bed.http.get(bed.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json",
            "{path}"
        );
    }
    bed.end().await;
}

#[tokio::test]
async fn a_new_build_is_taken_up_and_a_bad_one_is_not() {
    let dir = built();
    let bed = Bed::with(|options| {
        options.web_dir = Some(dir.path().to_owned());
        options.http.web_poll_interval = std::time::Duration::from_millis(20);
    })
    .await;
    build(dir.path(), "revenue", "fragment", "b2", Some("/income"), 1);
    index(
        dir.path(),
        &[
            ("runtime", "b1"),
            ("client", "b1"),
            ("shell", "b1"),
            ("revenue", "b2"),
        ],
    );
    until("the new build is served", async || {
        page(&bed, "/").await.contains("/a/revenue/b2/")
    })
    .await;
    assert!(page(&bed, "/income").await.contains("/a/revenue/b2/"));
    assert_eq!(
        page(&bed, "/a/revenue/b1/index-x1.js").await,
        "export {}",
        "open tabs still find the one before"
    );
    build(dir.path(), "revenue", "fragment", "b3", Some("/income"), 99);
    build(dir.path(), "shell", "shell", "b2", Some("/"), 1);
    index(
        dir.path(),
        &[
            ("runtime", "b1"),
            ("client", "b1"),
            ("shell", "b2"),
            ("revenue", "b3"),
        ],
    );
    until("the new shell is served", async || {
        page(&bed, "/").await.contains("/a/shell/b2/")
    })
    .await;
    assert!(
        page(&bed, "/").await.contains("/a/revenue/b2/"),
        "a contract that nobody keeps is not served"
    );
    fs::write(dir.path().join("a/index.json"), "broken").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(page(&bed, "/").await.contains("/a/shell/b2/"));
    bed.end().await;
}

#[tokio::test]
async fn a_server_without_pages_says_where_the_api_is() {
    let bed = Bed::new().await;
    let response = bed.http.get(bed.url("/")).send().await.unwrap();
    assert!(header(&response, "content-type").starts_with("text/plain"));
    assert!(response.text().await.unwrap().contains("/v1/views"));
    bed.end().await;
}
