//! The set of paid instalments of a policy, kept as ranges: a policy that pays in order has one.

use serde::{Deserialize, Serialize};

/// Paid instalments as ascending ranges `[first, last]` that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instalments(Vec<(u16, u16)>);

impl Instalments {
    /// How many are paid: the k of M-R5.
    pub(super) fn count(&self) -> u16 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether one is paid.
    pub(super) fn contains(&self, instalment: u16) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&instalment))
    }

    /// Adds one.
    pub(super) fn insert(&mut self, instalment: u16) {
        if self.contains(instalment) {
            return;
        }
        let place = self.0.partition_point(|(first, _)| *first < instalment);
        self.0.insert(place, (instalment, instalment));
        self.0.dedup_by(|next, kept| {
            let touches = kept.1.checked_add(1) == Some(next.0);
            if touches {
                kept.1 = next.1;
            }
            touches
        });
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, instalment: u16) {
        let Some(place) = self.0.iter().position(|(f, l)| (*f..=*l).contains(&instalment)) else {
            return;
        };
        let (first, last) = self.0.remove(place);
        if instalment < last {
            self.0.insert(place, (instalment + 1, last));
        }
        if first < instalment {
            self.0.insert(place, (first, instalment - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instalments_in_any_order_are_counted_once() {
        let mut paid = Instalments::default();
        for instalment in [3, 1, 2, 2, 7, 5, 6] {
            paid.insert(instalment);
        }
        assert_eq!(paid.0, [(1, 3), (5, 7)]);
        paid.remove(6);
        paid.remove(9);
        assert_eq!((paid.0.clone(), paid.count()), (vec![(1, 3), (5, 5), (7, 7)], 5));
    }
}
