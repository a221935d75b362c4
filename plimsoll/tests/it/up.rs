//! `plimsoll up` as a newcomer sees it: ready, moving numbers, a clean end, nothing left running.

use std::time::Duration;

use serde_json::Value;

use crate::rig::{Rig, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_moves_every_view_and_ctrl_c_leaves_nothing_behind() {
    let mut rig = Rig::start_with(&[]);
    let client = rig.client("main").await;
    for view in ["sales-volume", "call-time", "revenue", "commission"] {
        let client = client.clone();
        eventually(&format!("{view} has rows"), || async {
            let answer = client.get(&format!("/v1/views/{view}")).await;
            answer.is_ok_and(|a| a["rows"].as_array().is_some_and(|rows| !rows.is_empty()))
        })
        .await;
    }
    let position = |log: Value| log["position"].as_u64().unwrap();
    let before = position(client.get("/v1/log").await.unwrap());
    eventually("the log moves", || async {
        position(client.get("/v1/log").await.unwrap()) > before + 20
    })
    .await;
    assert_eq!(
        reqwest::get(format!("{}/readyz", rig.url))
            .await
            .unwrap()
            .status(),
        200
    );

    let mut children = descendants(rig.pid());
    assert!(children.len() >= 3, "three private servers: {children:?}");
    assert_eq!(rig.interrupt(), Some(0));
    eventually("no server is left", || {
        children.retain(|pid| std::path::Path::new(&format!("/proc/{pid}/exe")).exists());
        let gone = children.is_empty();
        async move { gone }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_die_with_the_process_even_when_it_is_killed() {
    let rig = Rig::start();
    let mut children = descendants(rig.pid());
    rig.kill9();
    eventually("no server is left", || {
        children.retain(|pid| is_alive(*pid));
        let gone = children.is_empty();
        async move { gone }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_everything_but_health_is_401() {
    let rig = Rig::start();
    let http = reqwest::Client::new();
    for path in [
        "/v1/views",
        "/v1/views/revenue",
        "/v1/log",
        "/v1/config",
        "/v1/projections",
        "/v1/events",
    ] {
        let answer = http.get(format!("{}{path}", rig.url)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz", "/v1/openapi.json"] {
        assert_eq!(
            http.get(format!("{}{path}", rig.url))
                .send()
                .await
                .unwrap()
                .status(),
            200,
            "{path}"
        );
    }
    let nowhere = http.get(format!("{}/v1/nowhere", rig.url)).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    assert_eq!(nowhere.headers()["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_serves_all_the_while_and_ends_with_the_same_rows() {
    let rig = Rig::start_with(&[]);
    let client = rig.client("main").await;
    let params = "/v1/views/sales-volume?group_by=product";
    eventually("there are sales", || async {
        let answer = client.get(params).await;
        answer.is_ok_and(|a| a["rows"].as_array().is_some_and(|rows| rows.len() > 5))
    })
    .await;
    let output = tokio::task::spawn_blocking({
        let (dir, url) = (rig.dir.path().to_owned(), rig.url.clone());
        move || {
            let run: Value = serde_json::from_slice(&std::fs::read(dir.join("run.json")).unwrap()).unwrap();
            std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
                .args(["projection", "rebuild", "sales-volume", "--url", &url])
                .args(["--token", run["token"].as_str().unwrap()])
                .output()
                .unwrap()
        }
    })
    .await
    .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let status = client.get("/v1/projections/sales-volume").await.unwrap();
    assert!(status.to_string().contains("\"version\":"), "{status}");
    tokio::time::timeout(Duration::from_secs(30), client.get(params))
        .await
        .unwrap()
        .unwrap();
}

/// Every process below one, as the kernel tells.
fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut todo = vec![pid];
    while let Some(parent) = todo.pop() {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{parent}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                found.push(child);
                todo.push(child);
            }
        }
    }
    found
}

/// Whether a process exists and is no zombie.
fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
    })
}
