//! Vector files, and the orders in which their events may arrive.

use chrono::{DateTime, Utc};
use plimsoll_contracts::{Event, ImportedEvent, Position, TenantConfig, config::ConfigChange, time};
use serde_json::{Map, Value};

/// One worked case.
pub(crate) struct Vector {
    pub name: String,
    pub config: TenantConfig,
    /// `config.queries` and the like: what is asked of the view.
    pub asked: Map<String, Value>,
    /// In the order of the file.
    pub events: Vec<ImportedEvent>,
    pub expect: Map<String, Value>,
}

/// The cases of a file.
pub(crate) fn vectors(json: &str) -> Vec<Vector> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["vectors"].as_array().unwrap().iter().map(vector).collect()
}

fn vector(case: &Value) -> Vector {
    let mut keys = case["config"].as_object().unwrap().clone();
    let asked = ["queries", "known_at"]
        .into_iter()
        .filter_map(|name| keys.remove_entry(name))
        .collect();
    Vector {
        name: case["name"].as_str().unwrap().to_owned(),
        config: TenantConfig::default().changed(&ConfigChange(keys)).unwrap(),
        asked,
        // Read from text: `data` is passed through raw, which needs a text to point into.
        events: case["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| serde_json::from_str(&event.to_string()).unwrap())
            .collect(),
        expect: case["expect"].as_object().unwrap().clone(),
    }
}

/// An event of a case that a test makes up.
pub(crate) fn event(number: u64, stream: &str, at: DateTime<Utc>, name: &str, data: &Value) -> ImportedEvent {
    let envelope = serde_json::json!({
        "id": uuid::Uuid::from_u128(u128::from(number)), "stream": stream, "version": number,
        "type": name, "schema": 1, "occurred_at": time::format(at), "correlation_id": "C1",
        "actor": {"kind": "system", "id": "test"}, "data": data,
    });
    serde_json::from_str(&envelope.to_string()).unwrap()
}

/// The events as a log would hold them: positions from 1, newest schema.
pub(crate) fn at_positions<'a>(events: impl IntoIterator<Item = &'a ImportedEvent>) -> Vec<Event> {
    let recorded_at: DateTime<Utc> = "2030-01-01T00:00:00Z".parse().unwrap();
    (1..)
        .zip(events)
        .map(|(position, event)| event.at(Position::new(position), recorded_at).upcast())
        .collect()
}

/// Cases with more events than this are tried in fewer orders.
const LONG_CASE: usize = 40;

/// Random orders of the events, some of them twice; nothing crosses an event that `barrier` names.
/// Their number is 1,000, for long cases 100, or what `PLIMSOLL_SHUFFLES` says.
pub(crate) fn shuffles<'a>(
    events: &'a [ImportedEvent],
    barrier: impl Fn(&ImportedEvent) -> bool + Copy + 'a,
) -> impl Iterator<Item = Vec<Event>> + 'a {
    #[expect(clippy::disallowed_methods, reason = "a test is told how long to try")]
    let count = std::env::var("PLIMSOLL_SHUFFLES").map_or_else(
        |_| if events.len() > LONG_CASE { 100 } else { 1_000 },
        |text| text.parse().unwrap(),
    );
    (0..count).map(move |seed| {
        let mut rng = Rng::new(seed);
        let mut order: Vec<&ImportedEvent> = Vec::new();
        for part in events.split_inclusive(barrier) {
            let (free, barriers) = part.split_at(part.len() - part.iter().filter(|e| barrier(e)).count());
            let start = order.len();
            for event in free {
                order.extend(std::iter::repeat_n(event, 1 + usize::from(rng.below(4) == 0)));
            }
            rng.shuffle(&mut order[start..]);
            order.extend(barriers);
        }
        at_positions(order)
    })
}

/// A small generator of repeatable random numbers (`SplitMix64`).
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
