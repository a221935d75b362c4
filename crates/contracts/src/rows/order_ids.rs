//! A list of distinct ids that is copied at every change of its row, and may be long.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Id;

/// A chunk beyond this length becomes two.
const CHUNK_MAX: usize = 256;

/// Distinct ids in order. Copies share the ids in chunks: one more id costs a chunk, not the list.
#[derive(Debug, Clone, Default)]
pub struct OrderIds(Vec<Arc<Vec<Id>>>);

impl OrderIds {
    /// The list of one id.
    #[must_use]
    pub fn one(id: Id) -> Self {
        Self(vec![Arc::new(vec![id])])
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|chunk| chunk.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        // No chunk is ever empty.
        self.0.is_empty()
    }

    /// The ids in order.
    pub fn iter(&self) -> impl Iterator<Item = &Id> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }

    /// Takes an id in; `false` = it was there.
    pub fn insert(&mut self, id: &Id) -> bool {
        if self.0.is_empty() {
            *self = Self::one(id.clone());
            return true;
        }
        let place = self.place(id).min(self.0.len() - 1);
        let Err(at) = self.0[place].binary_search(id) else {
            return false;
        };
        let chunk = Arc::make_mut(&mut self.0[place]);
        chunk.insert(at, id.clone());
        if chunk.len() > CHUNK_MAX {
            let rest = chunk.split_off(CHUNK_MAX / 2);
            self.0.insert(place + 1, Arc::new(rest));
        }
        true
    }

    /// Takes an id out; `false` = it was not there.
    pub fn remove(&mut self, id: &Id) -> bool {
        let place = self.place(id);
        let Some(Ok(at)) = self.0.get(place).map(|chunk| chunk.binary_search(id)) else {
            return false;
        };
        if self.0[place].len() == 1 {
            self.0.remove(place);
        } else {
            Arc::make_mut(&mut self.0[place]).remove(at);
        }
        true
    }

    /// The chunk in which an id is, or would be but for the end.
    fn place(&self, id: &Id) -> usize {
        self.0
            .partition_point(|chunk| chunk.last().is_some_and(|last| last < id))
    }
}

impl FromIterator<Id> for OrderIds {
    fn from_iter<I: IntoIterator<Item = Id>>(ids: I) -> Self {
        let mut ids: Vec<Id> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(
            ids.chunks(CHUNK_MAX)
                .map(|chunk| Arc::new(chunk.to_vec()))
                .collect(),
        )
    }
}

impl<'a> IntoIterator for &'a OrderIds {
    type Item = &'a Id;
    type IntoIter = Box<dyn Iterator<Item = &'a Id> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

/// By the ids, however they are cut into chunks.
impl PartialEq for OrderIds {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for OrderIds {}

impl Serialize for OrderIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for OrderIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Id>::deserialize(deserializer).map(|ids| ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn id(number: u32) -> Id {
        format!("O{number}").parse().unwrap()
    }

    #[test]
    fn it_is_an_ordered_set_however_long() {
        let (mut ids, mut plain) = (OrderIds::default(), BTreeSet::new());
        for step in 0..3_000_u32 {
            let number = step.wrapping_mul(7_919) % 1_000;
            if step % 5 == 3 {
                assert_eq!(ids.remove(&id(number)), plain.remove(&id(number)));
            } else {
                assert_eq!(ids.insert(&id(number)), plain.insert(id(number)));
            }
            assert_eq!(ids.len(), plain.len());
        }
        assert!(ids.iter().eq(plain.iter()));
        let text = serde_json::to_string(&ids).unwrap();
        assert_eq!(text, serde_json::to_string(&plain).unwrap());
        assert_eq!(serde_json::from_str::<OrderIds>(&text).unwrap(), ids);
        for one in &plain {
            assert!(ids.remove(one));
        }
        assert!(ids.is_empty());
    }
}
