//! Callers who go away in the middle: they lose the answer, never half a command.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use plimsoll_command_side::{ParkedCount, ParkedCountError};
use plimsoll_contracts::TenantId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    time::Instant,
};

use crate::{
    commands::order,
    support::{House, answer},
};

async fn send(house: &House, path: &str, key: &str, body: &Value) -> TcpStream {
    let (token, body) = (house.token(&house.claims()), body.to_string());
    let request = format!(
        "POST /v1/commands/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(house.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// A count that is given only when the test says so.
#[derive(Debug)]
struct Slow {
    asked: Semaphore,
    go_on: Semaphore,
}

impl ParkedCount for Slow {
    fn parked<'a>(&'a self, _: &'a TenantId) -> BoxFuture<'a, Result<u64, ParkedCountError>> {
        Box::pin(async {
            self.asked.add_permits(1);
            self.go_on.acquire().await.unwrap().forget();
            Ok(0)
        })
    }
}

/// Seen to fail when `carry_out` awaits the handler itself instead of a task of its own.
#[tokio::test]
async fn a_command_under_way_is_finished_although_its_caller_has_gone() {
    let slow = Arc::new(Slow {
        asked: Semaphore::new(0),
        go_on: Semaphore::new(0),
    });
    let port = slow.clone();
    let house = House::with(move |side| side.with_parked_count(port)).await;
    let mut socket = send(
        &house,
        "commissions/ClosePeriod",
        "k1",
        &json!({"period": "2026-01"}),
    )
    .await;
    slow.asked.acquire().await.unwrap().forget();
    // The server answers the end of the caller's side by closing, and drops the request with it.
    socket.shutdown().await.unwrap();
    assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 0);
    slow.go_on.add_permits(1);
    let deadline = Instant::now() + Duration::from_secs(20);
    while house.types("commissionperiod-2026-01").await.is_empty() {
        assert!(Instant::now() < deadline, "the period was not closed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_command_sent_again_after_a_lost_answer_is_done_once() {
    let house = House::new().await;
    for n in 0..20_u64 {
        let socket = send(
            &house,
            "orders/PlaceOrder",
            &format!("k{n}"),
            &order(&format!("O{n}")),
        )
        .await;
        // Another moment of the command's life each time.
        tokio::time::sleep(Duration::from_micros(n * 200)).await;
        drop(socket);
    }
    for n in 0..20 {
        let id = format!("O{n}");
        let again = house
            .command("orders/PlaceOrder", &format!("k{n}"), &order(&id))
            .send()
            .await
            .unwrap();
        assert_eq!(answer(again).await.0, StatusCode::ACCEPTED);
        assert_eq!(house.types(&format!("order-{id}")).await, ["OrderPlaced"]);
    }
    // The connections are clean: a later write on them is there to be read.
    house.accepted("orders/PlaceOrder", order("LAST")).await;
    assert_eq!(house.types("order-LAST").await, ["OrderPlaced"]);
}
