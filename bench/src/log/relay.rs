//! The relay beside a bare pipelined publish of the very same messages.

use std::time::{Duration, Instant};

use async_nats::{
    HeaderMap,
    jetstream::{self, consumer::pull, context::ContextBuilder, message::PublishMessage, stream::Config},
};
use futures::{StreamExt, stream::FuturesOrdered};
use tokio_util::sync::CancellationToken;

use super::{head, rate, setup::Bed};

/// Events per second from the start of a relay on a missing stream until all are acknowledged.
pub(super) async fn relay(bed: &Bed, stop: &CancellationToken) -> anyhow::Result<f64> {
    let head = head(bed).await?;
    let started = Instant::now();
    tokio::spawn(bed.log.relay(stop.clone()));
    loop {
        if bed
            .log
            .stream_state()
            .await
            .is_ok_and(|state| state.sequence == head)
        {
            return Ok(rate(head.get(), started.elapsed()));
        }
        anyhow::ensure!(
            started.elapsed() < Duration::from_secs(60),
            "the relay did not finish"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct Bare {
    subject: String,
    headers: HeaderMap,
    payload: bytes::Bytes,
}

/// Messages per second of a publisher that does nothing else, each acknowledged, as many in flight
/// as the relay allows itself.
pub(super) async fn bare(bed: &Bed) -> anyhow::Result<(f64, usize)> {
    let client = async_nats::connect(&bed.options.nats_url).await?;
    let context = ContextBuilder::new()
        .max_ack_inflight(bed.options.relay_max_in_flight)
        .build(client);
    let messages = collect(bed, &context).await?;
    let count = messages.len();
    let name = format!("{}_bare", bed.options.stream);
    let config = Config {
        name: name.clone(),
        subjects: vec![format!("{name}.>")],
        max_bytes: bed.options.stream_max_bytes,
        duplicate_window: Duration::from_millis(100),
        allow_direct: true,
        ..Config::default()
    };
    context.create_stream(config).await?;
    let started = Instant::now();
    let mut acks = FuturesOrdered::new();
    for message in messages {
        let publish = PublishMessage::build()
            .headers(message.headers)
            .payload(message.payload);
        let subject = message.subject.replacen(&bed.options.subject_prefix, &name, 1);
        acks.push_back(context.send_publish(subject, publish).await?.into_future());
        if acks.len() >= bed.options.relay_max_in_flight
            && let Some(ack) = acks.next().await
        {
            ack?;
        }
    }
    while let Some(ack) = acks.next().await {
        ack?;
    }
    let figure = rate(count as u64, started.elapsed());
    context.delete_stream(&name).await?;
    Ok((figure, count))
}

/// What the relay published, read back.
async fn collect(bed: &Bed, context: &jetstream::Context) -> anyhow::Result<Vec<Bare>> {
    let stream = context.get_stream(&bed.options.stream).await?;
    let held = usize::try_from(stream.cached_info().state.messages)?;
    let consumer = stream.create_consumer(pull::OrderedConfig::default()).await?;
    let mut arriving = consumer.messages().await?.take(held);
    let mut messages = Vec::with_capacity(held);
    while let Some(message) = arriving.next().await {
        let message = message?.message;
        let headers = message.headers.unwrap_or_default();
        messages.push(Bare {
            subject: message.subject.to_string(),
            headers,
            payload: message.payload,
        });
    }
    Ok(messages)
}
