//! The same frames over server-sent events and long-poll, under the same cursor.

use futures::StreamExt;
use plimsoll_contracts::Position;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    bed::{Bed, PATIENCE, VIEW},
    writer::cell,
};

#[tokio::test]
async fn a_long_poll_goes_on_from_the_cursor_of_the_one_before() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 1)]).await;
    let path = format!("/v1/views/{VIEW}/changes");
    let (status, first) = bed.get(&path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(first["frames"][0]["type"], json!("snapshot"));
    assert_eq!(first["position"], json!(1));
    let from = format!("{path}?from=k3f9.000000000001");
    let waiting = bed.get_with(&from, &[("prefer", "wait=20")]);
    let waiting = tokio::spawn(waiting);
    bed.writer.write(&[cell("P2", 2)]).await;
    let response = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
    let second: Value = response.json().await.unwrap();
    let delta = &second["frames"][0];
    assert_eq!(
        (&delta["type"], &delta["base"], &delta["position"]),
        (&json!("delta"), &json!(1), &json!(2))
    );
    assert_eq!(delta["upsert"].as_array().unwrap().len(), 1);
    let (status, problem) = bed.get(&format!("{path}?from=k3f9.x")).await;
    assert_eq!(
        (status, &problem["parameter"]),
        (StatusCode::BAD_REQUEST, &json!("from"))
    );
    bed.end().await;
}

#[tokio::test]
async fn an_event_stream_carries_frames_and_cursors_and_goes_on_after_a_break() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("P1", 1)]).await;
    let path = format!("/v1/views/{VIEW}/changes?from=2026-03-01");
    let accept = ("accept", "text/event-stream");
    let mut stream = EventStream::of(bed.get_with(&path, &[accept]).await);
    let (id, frame) = stream.next().await;
    assert_eq!(
        (id.as_str(), &frame["type"]),
        ("k3f9.000000000001", &json!("snapshot"))
    );
    bed.writer.write(&[cell("P2", 2)]).await;
    let (id, frame) = stream.until_type("delta").await;
    assert_eq!((id.as_str(), &frame["base"]), ("k3f9.000000000002", &json!(1)));
    drop(stream);
    bed.writer.write(&[cell("P3", 3)]).await;
    assert_eq!(bed.writer.position, Position::new(3));
    bed.answer_now("from=2026-03-01").await;
    let resumed = bed.get_with(&path, &[accept, ("last-event-id", &id)]).await;
    let mut stream = EventStream::of(resumed);
    let (id, frame) = stream.next().await;
    assert_eq!(
        (id.as_str(), &frame["type"]),
        ("k3f9.000000000003", &json!("delta"))
    );
    assert_eq!(frame["upsert"].as_array().unwrap().len(), 1);
    drop(stream);
    bed.end().await;
}

struct EventStream {
    bytes: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl EventStream {
    fn of(response: reqwest::Response) -> Self {
        assert!(crate::bed::header(&response, "content-type").starts_with("text/event-stream"));
        Self {
            bytes: response.bytes_stream().boxed(),
            text: String::new(),
        }
    }

    /// The next event: its id and its frame.
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::trim)
                };
                if let Some(data) = field("data:") {
                    return (
                        field("id:").unwrap_or_default().to_owned(),
                        serde_json::from_str(data).unwrap(),
                    );
                }
                continue;
            }
            let more = tokio::time::timeout(PATIENCE, self.bytes.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            self.text.push_str(std::str::from_utf8(&more).unwrap());
        }
    }

    async fn until_type(&mut self, kind: &str) -> (String, Value) {
        loop {
            let (id, frame) = self.next().await;
            if frame["type"] == kind {
                return (id, frame);
            }
        }
    }
}
