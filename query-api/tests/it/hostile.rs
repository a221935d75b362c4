//! Bad input of every kind: a problem document or a close code, and nothing is held for it.

use std::time::Duration;

use futures::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::{
    bed::{Bed, VIEW, problem_code},
    client::{Client, Heard},
    writer::cell,
};

const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "plimsoll.v1.json");

async fn error(client: &mut Client) -> Value {
    match client.hear().await {
        Heard::Text(text) => serde_json::from_str(&text).unwrap(),
        Heard::Closed(code) => panic!("closed with {code}"),
    }
}

#[tokio::test]
async fn a_foreign_page_is_refused_before_the_upgrade() {
    let bed = Bed::with(|options| options.live.origins.push("https://listed.example".to_owned())).await;
    let token = format!("Bearer {}", bed.token(|_| {}));
    let refused = bed
        .connect_with(&[PROTOCOL, ("origin", "https://evil.example")])
        .await
        .err()
        .unwrap();
    assert_eq!((refused.0, problem_code(&refused.1)), (403, "forbidden"));
    assert_eq!(
        bed.connect_with(&[PROTOCOL]).await.err().unwrap().0,
        403,
        "neither origin nor token"
    );
    let bad = [PROTOCOL, ("authorization", "Bearer nonsense")];
    assert_eq!(bed.connect_with(&bad).await.err().unwrap().0, 401);
    let evil = [
        PROTOCOL,
        ("origin", "https://evil.example"),
        ("authorization", token.as_str()),
    ];
    assert_eq!(
        bed.connect_with(&evil).await.err().unwrap().0,
        403,
        "a token does not make a page ours"
    );
    let mut program = bed
        .connect_with(&[PROTOCOL, ("authorization", token.as_str())])
        .await
        .ok()
        .unwrap();
    assert_eq!(
        error(&mut program).await["type"],
        json!("welcome"),
        "no hello is needed then"
    );
    assert!(
        bed.connect_with(&[PROTOCOL, ("origin", "https://listed.example")])
            .await
            .is_ok()
    );
    let plain = bed.get_with("/v1/live", &[]).await;
    assert_eq!(plain.status().as_u16(), 426);
    bed.end().await;
}

#[tokio::test]
async fn first_words_that_are_none_end_the_conversation() {
    let bed = Bed::with(|options| options.live.hello_within = Duration::from_millis(200)).await;
    let origin = format!("http://{}", bed.address);
    let headers = [PROTOCOL, ("origin", origin.as_str())];
    let expired = bed.token(|claims| claims.exp = 1_000);
    for (first, code) in [
        (None, 4501),
        (Some(json!({"type": "hello", "sdk": "t"}).to_string()), 4501),
        (
            Some(json!({"type": "hello", "sdk": "t", "token": "nonsense"}).to_string()),
            4501,
        ),
        (
            Some(json!({"type": "hello", "sdk": "t", "token": expired}).to_string()),
            4001,
        ),
        (
            Some(json!({"type": "subscribe", "id": "a", "view": VIEW}).to_string()),
            4501,
        ),
        (Some("not json".to_owned()), 4506),
    ] {
        let mut client = bed.connect_with(&headers).await.ok().unwrap();
        if let Some(text) = &first {
            client.socket.send(Message::text(text.clone())).await.unwrap();
        }
        assert_eq!(client.close_code().await, code, "{first:?}");
    }
    let mut deaf = bed
        .connect_with(&[("origin", origin.as_str())])
        .await
        .ok()
        .unwrap();
    assert_eq!(deaf.close_code().await, 4505, "no subprotocol was offered");
    bed.end().await;
}

/// Seen with a timeout per message: a socket that sent a ping now and then never ended.
#[tokio::test]
async fn a_client_that_pings_instead_of_saying_who_it_is_gets_no_more_time() {
    let within = Duration::from_millis(400);
    let bed = Bed::with(|options| options.live.hello_within = within).await;
    let origin = format!("http://{}", bed.address);
    let headers = [PROTOCOL, ("origin", origin.as_str())];
    let mut client = bed.connect_with(&headers).await.ok().unwrap();
    let started = tokio::time::Instant::now();
    let mut pings = tokio::time::interval(within / 8);
    let code = loop {
        tokio::select! {
            // Once the server has closed, a ping has nobody to go to.
            _ = pings.tick() => { client.socket.send(Message::Ping(Bytes::new())).await.ok(); }
            code = client.close_code() => break code,
        }
        assert!(started.elapsed() < within * 20, "the socket lives on");
    };
    assert_eq!(code, 4501);
    bed.end().await;
}

#[tokio::test]
async fn messages_that_are_none_of_the_protocol_end_the_conversation() {
    let bed = Bed::new().await;
    let too_long = json!({"type": "hello", "sdk": "x".repeat(20_000)}).to_string();
    for (message, code) in [
        (Message::text("{"), 4506),
        (Message::text("[]"), 4506),
        (Message::text(r#"{"type":"dance"}"#), 4506),
        (Message::text(r#"{"type":"subscribe","id":"a"}"#), 4506),
        (
            Message::text(r#"{"type":"subscribe","id":"a","view":"v","parms":{}}"#),
            4506,
        ),
        (
            Message::text(r#"{"type":"wait","id":"a","view":"v","position":-1,"timeout_ms":1}"#),
            4506,
        ),
        (Message::Binary(Bytes::from_static(b"{}")), 4506),
        (Message::text(too_long), 1009),
    ] {
        let mut client = bed.connect().await;
        client.socket.send(message.clone()).await.unwrap();
        assert_eq!(client.close_code().await, code, "{message:?}");
    }
    bed.end().await;
}

#[tokio::test]
async fn wishes_that_cannot_be_followed_are_answered_and_the_conversation_goes_on() {
    let mut bed = Bed::with(|options| {
        options.live.subscriptions_max = 2;
        options.live.messages_burst = 100;
    })
    .await;
    bed.writer.write(&[cell("P1", 1)]).await;
    let mut client = bed.connect().await;
    client.subscribe("taken", json!({}), None).await;
    client
        .until(
            client.topics.keys().copied().next().unwrap_or(1),
            plimsoll_contracts::Position::new(1),
        )
        .await;
    let wish = |id: &str, view: &str, params: Value| json!({"type": "subscribe", "id": id, "view": view, "params": params});
    let long = "x".repeat(3_000);
    let mut with_from = wish("a", VIEW, json!({}));
    with_from["from"] = json!("nonsense");
    let mut with_hz = wish("a", VIEW, json!({}));
    with_hz["max_hz"] = json!(-1);
    for (frame, status, code) in [
        (wish("a", "no-such", json!({})), 404, "not-found"),
        (
            wish("a", VIEW, json!({"colour": "red"})),
            400,
            "invalid-parameter",
        ),
        (wish("a", VIEW, json!({"limit": 3})), 400, "invalid-parameter"),
        (
            wish("a", VIEW, json!({"channel": long})),
            400,
            "invalid-parameter",
        ),
        (wish(&"i".repeat(65), VIEW, json!({})), 400, "invalid-parameter"),
        (wish("", VIEW, json!({})), 400, "invalid-parameter"),
        (wish("taken", VIEW, json!({})), 409, "id-in-use"),
        (with_from, 400, "invalid-parameter"),
        (with_hz, 400, "invalid-parameter"),
        (wish("a", "call-time", json!({})), 503, "not-yet-projected"),
    ] {
        client.say(frame.clone()).await;
        let error = loop {
            let error = error(&mut client).await;
            if error["type"] != json!("progress") {
                break error;
            }
        };
        assert_eq!(error["type"], json!("error"), "{frame}: {error}");
        assert_eq!(error["problem"]["status"], json!(status), "{frame}: {error}");
        assert_eq!(problem_code(&error["problem"]), code, "{frame}");
    }
    client.say(json!({"type": "unsubscribe", "id": "unknown"})).await;
    let answer = error(&mut client).await;
    assert_eq!(
        (&answer["type"], &answer["problem"]["status"]),
        (&json!("unsubscribed"), &json!(404))
    );
    client.subscribe("second", json!({"channel": "web"}), None).await;
    client.say(wish("third", VIEW, json!({"channel": "app"}))).await;
    let refused = loop {
        let frame = error(&mut client).await;
        if frame["type"] == json!("error") {
            break frame;
        }
    };
    assert_eq!(problem_code(&refused["problem"]), "too-many-subscriptions");
    bed.end().await;
}

#[tokio::test]
async fn too_many_messages_end_the_conversation() {
    let bed = Bed::new().await;
    let mut client = bed.connect().await;
    for _ in 0..60 {
        if client
            .socket
            .send(Message::text(r#"{"type":"pong"}"#))
            .await
            .is_err()
        {
            break;
        }
    }
    assert_eq!(client.close_code().await, 4029);
    let mut pinging = bed.connect().await;
    for _ in 0..60 {
        if pinging.socket.send(Message::Ping(Bytes::new())).await.is_err() {
            break;
        }
    }
    assert_eq!(pinging.close_code().await, 4029);
    bed.end().await;
}

#[tokio::test]
async fn one_user_has_so_many_connections_and_gets_them_back() {
    let bed = Bed::with(|options| options.live.connections_per_user = 2).await;
    let (first, second) = (bed.connect().await, bed.connect().await);
    let origin = format!("http://{}", bed.address);
    let mut third = bed
        .connect_with(&[PROTOCOL, ("origin", origin.as_str())])
        .await
        .ok()
        .unwrap();
    third
        .say(json!({"type": "hello", "token": bed.token(|_| {}), "sdk": "t"}))
        .await;
    assert_eq!(third.close_code().await, 4513);
    let token = format!("Bearer {}", bed.token(|_| {}));
    let refused = bed
        .connect_with(&[PROTOCOL, ("authorization", token.as_str())])
        .await
        .err()
        .unwrap();
    assert_eq!(
        (refused.0, problem_code(&refused.1)),
        (429, "too-many-connections")
    );
    drop((first, second));
    crate::bed::until("a place is free", async || {
        bed.connect_with(&[PROTOCOL, ("authorization", token.as_str())])
            .await
            .is_ok()
    })
    .await;
    bed.end().await;
}

#[tokio::test]
async fn too_many_connections_are_refused_before_the_upgrade() {
    let bed = Bed::with(|options| options.live.connections_max = 1).await;
    let _first = bed.connect().await;
    let token = format!("Bearer {}", bed.token(|_| {}));
    let refused = bed
        .connect_with(&[PROTOCOL, ("authorization", token.as_str())])
        .await
        .err()
        .unwrap();
    assert_eq!((refused.0, problem_code(&refused.1)), (503, "overloaded"));
    bed.end().await;
}

#[tokio::test]
async fn a_token_that_runs_out_ends_the_conversation_unless_it_is_renewed() {
    let bed = Bed::new().await;
    let soon = |claims: &mut plimsoll_host::Claims| claims.exp = chrono::Utc::now().timestamp() + 2;
    let (mut ends, _) = bed.connect_as(&bed.token(soon)).await;
    let (mut renewed, _) = bed.connect_as(&bed.token(soon)).await;
    renewed
        .say(json!({"type": "auth", "token": bed.token(|_| {})}))
        .await;
    assert_eq!(ends.close_code().await, 4001);
    renewed.say(json!({"type": "unsubscribe", "id": "x"})).await;
    assert_eq!(
        error(&mut renewed).await["type"],
        json!("unsubscribed"),
        "the conversation goes on"
    );
    bed.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_ping_is_dead() {
    let bed = Bed::with(|options| {
        options.live.ping_interval = Duration::from_millis(100);
        options.live.dead_after = Duration::from_millis(100);
    })
    .await;
    let mut client = bed.connect().await;
    assert_eq!(client.close_code().await, 4008);
    bed.end().await;
}

/// What a client does not take is not kept for it: the connection goes, its place is free again.
#[tokio::test]
async fn a_client_that_stops_reading_is_let_go() {
    let mut bed = Bed::with(|options| {
        options.live.stalled_after = Duration::from_millis(300);
        options.live.connections_per_user = 1;
    })
    .await;
    let mut stalled = bed.connect().await;
    stalled.subscribe("a", json!({}), None).await;
    let token = format!("Bearer {}", bed.token(|_| {}));
    let headers = [PROTOCOL, ("authorization", token.as_str())];
    let deadline = tokio::time::Instant::now() + crate::bed::PATIENCE;
    let mut units = 0;
    while bed.connect_with(&headers).await.is_err() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the stalled client keeps its place"
        );
        units += 1;
        let cells: Vec<_> = (0..1_000)
            .map(|number| cell(&format!("P{number}"), units))
            .collect();
        bed.writer.write(&cells).await;
        bed.answer_now("top=1").await;
    }
    bed.end().await;
}

#[tokio::test]
async fn a_question_that_needs_too_much_is_told_what_to_do() {
    let mut bed = Bed::with(|options| options.cohorts.answer_rows_max = 2).await;
    bed.writer
        .write(&[cell("P1", 1), cell("P2", 2), cell("P3", 3)])
        .await;
    let (status, problem) = bed.get(&format!("/v1/views/{VIEW}")).await;
    assert_eq!(
        (status.as_u16(), problem_code(&problem)),
        (422, "question-too-large")
    );
    assert_eq!(bed.answer("top=2").await["rows"].as_array().unwrap().len(), 2);
    bed.end().await;
}

#[tokio::test]
async fn no_more_cohorts_than_the_bound_and_idle_ones_make_room() {
    let mut bed = Bed::with(|options| options.cohorts.cohorts_max = 2).await;
    bed.writer.write(&[cell("P1", 1)]).await;
    for channel in ["a", "b", "c", "d"] {
        bed.answer(&format!("channel={channel}")).await;
    }
    let mut client = bed.connect().await;
    client.subscribe("a", json!({"channel": "a"}), None).await;
    client.subscribe("b", json!({"channel": "b"}), None).await;
    let (status, problem) = bed.get(&format!("/v1/views/{VIEW}?channel=c")).await;
    assert_eq!((status.as_u16(), problem_code(&problem)), (503, "overloaded"));
    bed.end().await;
}
