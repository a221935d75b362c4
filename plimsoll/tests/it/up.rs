//! `plimsoll up` as a newcomer sees it: ready, moving numbers, a clean end, nothing left running.

use plimsoll::client::Client;
use plimsoll_devstack::{Stack, StackOptions};
use reqwest::Method;
use serde_json::Value;

use crate::{
    crash,
    rig::{Rig, eventually, folder, import, on_servers, rows},
};

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

/// Doors that need no token: a description, and the way to a token where `up` gives them.
const OPEN: [&str; 1] = ["/v1/dev/token"];

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_everything_but_health_is_401() {
    let rig = Rig::start();
    let http = reqwest::Client::new();
    let document: Value = http
        .get(format!("{}/v1/openapi.json", rig.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut doors = vec![(Method::GET, "/metrics".to_owned())];
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let path = path.replace(['{', '}'], "");
            if let Ok(method) = method.to_uppercase().parse()
                && !OPEN.contains(&path.as_str())
            {
                doors.push((method, path));
            }
        }
    }
    assert!(doors.len() > 60, "{}", doors.len());
    for part in [
        "projections",
        "operations",
        "views",
        "events:import",
        "commands:batch",
        "config",
    ] {
        let found = doors
            .iter()
            .any(|(_, path)| path.starts_with(&format!("/v1/{part}")));
        assert!(found, "the document has no /v1/{part}");
    }
    for (method, path) in doors {
        let answer = http
            .request(method.clone(), format!("{}{path}", rig.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{method} {path}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz"] {
        let answer = http.get(format!("{}{path}", rig.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let nowhere = http.get(format!("{}/v1/nowhere", rig.url)).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    assert_eq!(nowhere.headers()["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_operators_and_every_wrong_method_or_path_is_a_problem_document() {
    let rig = Rig::start();
    let client = rig.client("main").await;
    let metrics = client.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(metrics.status(), 200);
    let http = reqwest::Client::new();
    for (method, path, status, allow) in [
        (Method::DELETE, "/v1/views/revenue", 405, Some("GET,HEAD")),
        (Method::POST, "/v1/projections", 405, Some("GET,HEAD")),
        (Method::PUT, "/v1/operations/x", 405, Some("GET,HEAD")),
        (Method::GET, "/v1/commands/orders/PlaceOrder", 405, Some("POST")),
        (Method::POST, "/healthz", 405, Some("GET,HEAD")),
        (Method::POST, "/metrics", 405, Some("GET,HEAD")),
        (Method::POST, "/v1/openapi.json", 405, Some("GET,HEAD")),
        (Method::GET, "/v1/views/%FF", 400, None),
        (Method::GET, "/v1/streams/%FF", 400, None),
        (Method::GET, "/v1/projections/%FF", 400, None),
        (Method::GET, "/v1/operations/%FF", 400, None),
    ] {
        let answer = client.request(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let headers = answer.headers();
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{method} {path}"
        );
        assert_eq!(
            headers.get("allow").map(|allow| allow.to_str().unwrap()),
            allow,
            "{method} {path}"
        );
    }
    let rebound = http
        .post(format!("{}/v1/dev/token", rig.url))
        .header("host", "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), 403);
}

/// The version that serves a view.
async fn version(client: &Client, view: &str) -> u64 {
    let status = client.get(&format!("/v1/projections/{view}")).await.unwrap();
    status["version"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_serves_all_the_while_and_ends_with_the_same_rows() {
    let rig = Rig::start();
    let client = rig.client("main").await;
    let position = import(&client, &crash::events()).await;
    let params = [("group_by", "product")];
    let before = rows(&client, "sales-volume", &params, position).await["rows"].clone();
    assert!(before.as_array().unwrap().len() > 5, "{before}");
    let from = version(&client, "sales-volume").await;

    let run: Value =
        serde_json::from_slice(&std::fs::read(rig.dir.path().join("run.json")).unwrap()).unwrap();
    let mut rebuild = tokio::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["projection", "rebuild", "sales-volume", "--url", &rig.url])
        .args(["--token", run["token"].as_str().unwrap()])
        .spawn()
        .unwrap();
    let mut polls = 0_u32;
    let ended = loop {
        let answer = client
            .get("/v1/views/sales-volume?group_by=product")
            .await
            .unwrap();
        assert_eq!(answer["rows"], before, "poll {polls} during the rebuild");
        polls += 1;
        if let Some(status) = rebuild.try_wait().unwrap() {
            break status;
        }
    };
    assert!(ended.success(), "{ended}");
    assert!(polls > 1, "nothing was asked while it was rebuilt");
    assert_eq!(version(&client, "sales-volume").await, from + 1);
    let after = rows(&client, "sales-volume", &params, position).await["rows"].clone();
    assert_eq!(after, before);
}

/// Seen with the check left out: orders of the simulation stood in somebody's own log.
#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_keeps_out_of_a_log_that_it_did_not_fill_and_says_so() {
    let dir = folder();
    let servers = StackOptions::temporary(dir.path().join("servers"));
    let stack = Stack::start(servers, |_| {}).await.unwrap();
    let urls = on_servers(&stack);
    let mut first = Rig::start_with(&[&["--no-demo"], &urls[..]].concat());
    let position = import(&first.client("main").await, &crash::events()[..2]).await;
    assert_eq!(first.interrupt(), Some(0));
    drop(first);

    let (mut second, said) = Rig::start_and_hear(&urls);
    let line = tokio::task::spawn_blocking(move || said.into_iter().find(|line| line.contains("simulation")));
    let line = line.await.unwrap().unwrap();
    assert!(
        line.starts_with("no simulation:") && line.contains("--demo"),
        "{line}"
    );
    assert_eq!(second.interrupt(), Some(0));
    let (rig, _said) = Rig::start_and_hear(&[&["--demo"], &urls[..]].concat());
    let client = rig.client("main").await;
    eventually("the simulation runs where it is asked for", || async {
        client.get("/v1/log").await.unwrap()["position"].as_u64() > Some(position)
    })
    .await;
    drop(rig);
    stack.stop().await.unwrap();
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
