//! What a client must be sent so that it has what the cohort has last told: the frames it misses,
//! one merged delta, or a reset and all rows — never a queue.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use plimsoll_contracts::{
    Position, Token,
    wire::{
        Delta, Progress, Promoted, RawRow, Reset, ResetReason, ServerFrame, Snapshot, Stale, SubscribeMode,
        TopicOnly,
    },
};

use super::latest::{Cursor, Latest, PartBounds, encode};
use crate::metrics;

/// A longer frame is not sent: all rows, in parts, keep the client's and the server's memory bounded.
const FRAME_MAX_BYTES: usize = 1024 * 1024;

/// A frame on its way to one client.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) text: Utf8Bytes,
    /// The position that the client holds with it, where it leads to one.
    pub(crate) position: Option<Position>,
}

impl Outgoing {
    fn of(frame: &ServerFrame) -> Self {
        Self {
            text: encode(frame),
            position: None,
        }
    }

    const fn at(text: Utf8Bytes, position: Position) -> Self {
        Self {
            text,
            position: Some(position),
        }
    }
}

/// How a client begins: what it is told first, and its place behind that.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) mode: SubscribeMode,
    pub(crate) cursor: Cursor,
    pub(crate) frames: Vec<Outgoing>,
}

impl Beginning {
    pub(crate) fn into_parts(self) -> (Cursor, Vec<Outgoing>) {
        (self.cursor, self.frames)
    }
}

impl Latest {
    /// Begins with the difference from a cursor where that can be told, else with all rows; a
    /// cursor that cannot be continued is answered by a reset before them.
    pub(crate) fn begin(&mut self, from: Option<&Token>, bounds: PartBounds) -> Beginning {
        let resumed = from.map(|from| {
            self.resumes(from)?;
            self.resume(from.position).ok_or(ResetReason::RingLost)
        });
        let mut frames = Vec::new();
        match resumed {
            Some(Ok((cursor, frame))) => {
                frames.extend(frame);
                return Beginning {
                    mode: SubscribeMode::Resume,
                    cursor,
                    frames,
                };
            }
            Some(Err(reason)) => frames.push(Outgoing::of(&ServerFrame::Reset(Reset {
                topic: self.topic,
                reason,
            }))),
            None => {}
        }
        frames.extend(self.all_rows(bounds));
        Beginning {
            mode: SubscribeMode::Snapshot,
            cursor: self.cursor(),
            frames,
        }
    }

    /// A client's place when it holds what was last told.
    fn cursor(&self) -> Cursor {
        Cursor {
            generation: self.generation,
            next: self.ring.end(),
            have: self.said,
            version: self.version,
            told: None,
        }
    }

    /// Whether a client that holds the rows at `from` can be told the difference; else why not.
    fn resumes(&self, from: &Token) -> Result<(), ResetReason> {
        if from.epoch != self.epoch {
            Err(ResetReason::Epoch)
        } else if from.position < self.floor.max(self.resumable_from) || from.position > self.said {
            Err(ResetReason::RingLost)
        } else {
            Ok(())
        }
    }

    /// All rows, in parts; encoded once for everyone who asks at the same position.
    fn snapshot(&mut self, bounds: PartBounds) -> Arc<[Utf8Bytes]> {
        if let Some((position, parts)) = &self.snapshot
            && *position == self.said
        {
            return Arc::clone(parts);
        }
        let mut chunks: Vec<Vec<RawRow>> = vec![Vec::new()];
        let mut bytes = 0;
        for (_, entry) in self.in_order() {
            let length = entry.json.get().len();
            let chunk = chunks.last_mut().expect("there is always a last chunk");
            if !chunk.is_empty() && (chunk.len() >= bounds.rows || bytes + length > bounds.bytes) {
                bytes = 0;
                chunks.push(vec![Arc::clone(&entry.json)]);
            } else {
                chunk.push(Arc::clone(&entry.json));
            }
            bytes += length + 1;
        }
        let last = chunks.len() - 1;
        let parts: Arc<[Utf8Bytes]> = chunks
            .into_iter()
            .enumerate()
            .map(|(part, rows)| {
                encode(&ServerFrame::Snapshot(Snapshot {
                    topic: self.topic,
                    epoch: self.epoch.clone(),
                    position: self.said,
                    as_of: self.said_as_of,
                    part: u32::try_from(part).unwrap_or(u32::MAX),
                    last: part == last,
                    rows,
                }))
            })
            .collect();
        self.snapshot = Some((self.said, Arc::clone(&parts)));
        parts
    }

    /// All rows on their way to a client; only the last part leads to a position.
    fn all_rows(&mut self, bounds: PartBounds) -> Vec<Outgoing> {
        let parts = self.snapshot(bounds);
        let last = parts.len() - 1;
        let outgoing = |(number, text): (usize, &Utf8Bytes)| Outgoing {
            text: text.clone(),
            position: (number == last).then_some(self.said),
        };
        parts.iter().enumerate().map(outgoing).collect()
    }

    /// What a client at a place misses, and moves the place on. More than `merge_after` frames
    /// become one.
    pub(crate) fn catch_up(
        &mut self,
        cursor: &mut Cursor,
        merge_after: usize,
        bounds: PartBounds,
    ) -> Vec<Outgoing> {
        let mut frames = Vec::new();
        if cursor.generation != self.generation {
            self.restart(cursor, self.reset, bounds, &mut frames);
        } else {
            self.tell_promoted(cursor, &mut frames);
            self.tell_missed(cursor, merge_after, bounds, &mut frames);
        }
        self.tell_standing(cursor, &mut frames);
        frames
    }

    /// The place of a client that holds the rows at `from`, and the difference to what was last
    /// told; `None` when all rows are shorter. Ask [`Self::resumes`] before.
    fn resume(&self, from: Position) -> Option<(Cursor, Option<Outgoing>)> {
        let frame = match from == self.said {
            true => None,
            false => Some(Outgoing::at(encode(&self.difference(from, 1)?), self.said)),
        };
        Some((self.cursor(), frame))
    }

    /// Whether a client at a place misses anything.
    pub(crate) fn is_behind(&self, cursor: &Cursor) -> bool {
        cursor.generation != self.generation
            || cursor.next != self.ring.end()
            || cursor.told != self.standing_told()
    }

    /// The difference between `from` and what was last told; `None` when all rows are shorter.
    fn difference(&self, from: Position, folded: u64) -> Option<ServerFrame> {
        let touched = self.rows.values().filter(|entry| entry.touched > from);
        let upsert: Vec<RawRow> = touched.map(|entry| Arc::clone(&entry.json)).collect();
        let buried = self.tombstones.iter().rev().take_while(|(at, _)| *at > from);
        let mut remove: Vec<String> = buried
            .filter(|(_, key)| !self.rows.contains_key(key))
            .map(|(_, key)| key.to_string())
            .collect();
        remove.sort_unstable();
        remove.dedup();
        if upsert.is_empty() && remove.is_empty() {
            return Some(ServerFrame::Progress(Progress {
                topic: self.topic,
                position: self.said,
                as_of: self.said_as_of,
            }));
        }
        let bytes: usize = upsert.iter().map(|row| row.get().len()).sum();
        let removed_bytes: usize = remove.iter().map(String::len).sum();
        let all_bytes: usize = self.rows.values().map(|entry| entry.json.get().len()).sum();
        let is_short = removed_bytes == 0 || bytes + removed_bytes <= all_bytes.max(1_024);
        (is_short && bytes + removed_bytes < FRAME_MAX_BYTES).then_some(ServerFrame::Delta(Delta {
            topic: self.topic,
            base: from,
            position: self.said,
            as_of: self.said_as_of,
            upsert,
            remove,
            folded,
            traceparent: None,
        }))
    }

    fn tell_missed(
        &mut self,
        cursor: &mut Cursor,
        merge_after: usize,
        bounds: PartBounds,
        frames: &mut Vec<Outgoing>,
    ) {
        let missed: Option<Vec<Outgoing>> = self
            .ring
            .since(cursor.next)
            .filter(|missed| missed.len() <= merge_after)
            .map(|missed| {
                missed
                    .map(|frame| Outgoing::at(frame.text.clone(), frame.position))
                    .collect()
            });
        if let Some(missed) = missed {
            if missed.iter().any(|frame| frame.text.len() > FRAME_MAX_BYTES) {
                return self.restart(cursor, ResetReason::RingLost, bounds, frames);
            }
            frames.extend(missed);
        } else if cursor.have < self.floor {
            return self.restart(cursor, ResetReason::RingLost, bounds, frames);
        } else if cursor.have < self.said {
            let folded = self.ring.end().saturating_sub(cursor.next).max(1);
            let Some(frame) = self.difference(cursor.have, folded) else {
                return self.restart(cursor, ResetReason::RingLost, bounds, frames);
            };
            ::metrics::counter!(metrics::CONFLATIONS).increment(1);
            frames.push(Outgoing::at(encode(&frame), self.said));
        }
        cursor.next = self.ring.end();
        cursor.have = self.said;
    }

    fn restart(
        &mut self,
        cursor: &mut Cursor,
        reason: ResetReason,
        bounds: PartBounds,
        frames: &mut Vec<Outgoing>,
    ) {
        let word = serde_json::to_value(reason).unwrap_or_default();
        ::metrics::counter!(metrics::RESETS, "reason" => word.as_str().unwrap_or_default().to_owned())
            .increment(1);
        frames.push(Outgoing::of(&ServerFrame::Reset(Reset {
            topic: self.topic,
            reason,
        })));
        frames.extend(self.all_rows(bounds));
        *cursor = Cursor {
            told: cursor.told,
            ..self.cursor()
        };
    }

    fn tell_promoted(&self, cursor: &mut Cursor, frames: &mut Vec<Outgoing>) {
        if cursor.version != self.version {
            frames.push(Outgoing::of(&ServerFrame::Promoted(Promoted {
                topic: self.topic,
                from_version: cursor.version,
                to_version: self.version,
                position: self.said,
            })));
            cursor.version = self.version;
        }
    }

    fn tell_standing(&self, cursor: &mut Cursor, frames: &mut Vec<Outgoing>) {
        let stands = self.standing_told();
        if cursor.told == stands {
            return;
        }
        cursor.told = stands;
        frames.push(Outgoing::of(&match &self.standing {
            Some(stale) => ServerFrame::Stale(Stale {
                topic: self.topic,
                since: stale.since,
                reason: stale.reason,
                behind: stale.behind,
            }),
            None => ServerFrame::Fresh(TopicOnly { topic: self.topic }),
        }));
    }

    fn standing_told(
        &self,
    ) -> Option<(
        plimsoll_contracts::wire::StaleReason,
        chrono::DateTime<chrono::Utc>,
    )> {
        self.standing.as_ref().map(|stale| (stale.reason, stale.since))
    }
}
