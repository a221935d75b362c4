//! The message that carries an event on the stream, and its subject.

use bytes::Bytes;
use plimsoll_contracts::{Epoch, Event, StreamId, TenantId};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct MessageOut<'a> {
    epoch: &'a Epoch,
    event: &'a Event,
}

#[derive(Deserialize)]
struct MessageIn {
    epoch: Epoch,
    event: Event,
}

/// The message of an event: its whole envelope with position, and the history it belongs to.
pub(crate) fn encode(epoch: &Epoch, event: &Event) -> Bytes {
    let message = serde_json::to_vec(&MessageOut { epoch, event });
    message
        .expect("an envelope of texts, numbers and raw JSON always serializes")
        .into()
}

/// The event of a message of this history, in its newest schema.
pub(crate) fn decode(epoch: &Epoch, payload: &[u8]) -> Option<Event> {
    let message: MessageIn = serde_json::from_slice(payload).ok()?;
    (message.epoch == *epoch).then(|| message.event.upcast())
}

/// `<prefix>.<tenant>.<category>`. A dot in the tenant would start a new token of the subject; it
/// is written `=2E`, and `=` is no character of an id, so two tenants never share a subject.
pub(crate) fn subject(prefix: &str, tenant: &TenantId, stream: &StreamId) -> String {
    format!(
        "{prefix}.{}.{}",
        tenant.as_str().replace('.', "=2E"),
        stream.category()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_in_a_tenant_starts_no_subject_token() {
        let stream: StreamId = "order-O.1".parse().unwrap();
        assert_eq!(subject("p", &"a.b".parse().unwrap(), &stream), "p.a=2Eb.order");
        assert_eq!(subject("p", &"main".parse().unwrap(), &stream), "p.main.order");
    }
}
