//! The lines of an import's body, unpacked as they come, none longer than the bound.

use std::{pin::Pin, time::Duration};

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures::TryStreamExt as _;
use plimsoll_contracts::Problem;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, BufReader},
    time::Instant,
};
use tokio_util::io::StreamReader;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

/// Reads `Content-Encoding`.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let given = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?").trim());
    match given.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => Ok(Encoding::Plain),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some("zstd") => Ok(Encoding::Zstd),
        Some(other) => Err(
            Problem::new(415, "unsupported-media-type", "The body is of another type").detail(format!(
                "Content-Encoding `{other}` is not taken; send gzip, zstd or none"
            )),
        ),
    }
}

/// Why there is no further line.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// Longer than the bound.
    #[error("the line has more than {0} bytes")]
    TooLong(usize),
    /// Nothing came for a while.
    #[error("nothing came for {} s", .0.as_secs())]
    Idle(Duration),
    /// It came on, but so slowly that it only holds a place.
    #[error("fewer than {min_bytes} bytes came in {} s of waiting", .window.as_secs())]
    TooSlow {
        /// What had to come.
        min_bytes: usize,
        /// In this time of waiting.
        window: Duration,
    },
    /// The body broke off, or is not packed as it says.
    #[error("the body cannot be read on: {0}")]
    Broken(#[from] std::io::Error),
}

/// The least that must come: a body that drips holds a place that others wait for. Only waiting for
/// the body counts, not the time that appending takes.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    min_bytes: usize,
    waited: Duration,
    came: usize,
}

impl Pace {
    /// `min_bytes`, unpacked, in every `window` of waiting.
    pub(super) const fn new(window: Duration, min_bytes: usize) -> Self {
        Self {
            window,
            min_bytes,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    fn count(&mut self, waited: Duration, came: usize) -> Result<(), LineError> {
        self.waited += waited;
        self.came += came;
        if self.waited < self.window {
            return Ok(());
        }
        let slow = self.came < self.min_bytes;
        (self.waited, self.came) = (Duration::ZERO, 0);
        if slow {
            return Err(LineError::TooSlow {
                min_bytes: self.min_bytes,
                window: self.window,
            });
        }
        Ok(())
    }
}

/// The lines, in order, with their numbers from 1.
pub(super) struct Lines {
    reader: Pin<Box<dyn AsyncBufRead + Send>>,
    max_bytes: usize,
    pace: Pace,
    number: u64,
}

impl Lines {
    pub(super) fn new(body: Body, encoding: Encoding, max_bytes: usize, pace: Pace) -> Self {
        let stream = body.into_data_stream().map_err(std::io::Error::other);
        let plain = StreamReader::<_, Bytes>::new(stream);
        let reader: Pin<Box<dyn AsyncBufRead + Send>> = match encoding {
            Encoding::Plain => Box::pin(plain),
            Encoding::Gzip => {
                let mut decoder = GzipDecoder::new(plain);
                decoder.multiple_members(true);
                Box::pin(BufReader::with_capacity(1 << 16, decoder))
            }
            Encoding::Zstd => {
                let mut decoder = ZstdDecoder::new(plain);
                decoder.multiple_members(true);
                Box::pin(BufReader::with_capacity(1 << 16, decoder))
            }
        };
        Self {
            reader,
            max_bytes,
            pace,
            number: 0,
        }
    }

    /// Number of the line that was read last.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end; none at the end of the body.
    pub(super) async fn next(&mut self, idle: Duration) -> Result<Option<Vec<u8>>, LineError> {
        let mut line = Vec::new();
        self.number += 1;
        loop {
            let asked = Instant::now();
            let filled = tokio::time::timeout(idle, self.reader.fill_buf()).await;
            let waited = asked.elapsed();
            let available = filled.map_err(|_| LineError::Idle(idle))??;
            if available.is_empty() {
                return Ok((!line.is_empty()).then_some(line));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let take = end.unwrap_or(available.len());
            if line.len() + take > self.max_bytes {
                return Err(LineError::TooLong(self.max_bytes));
            }
            line.extend_from_slice(&available[..take]);
            let taken = take + usize::from(end.is_some());
            self.reader.as_mut().consume(taken);
            self.pace.count(waited, taken)?;
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    async fn lines(text: &'static str, max_bytes: usize) -> Vec<Result<String, String>> {
        let pace = Pace::new(Duration::from_secs(9), 1);
        let mut lines = Lines::new(Body::from(text), Encoding::Plain, max_bytes, pace);
        let mut all = Vec::new();
        loop {
            match lines.next(Duration::from_secs(9)).await {
                Ok(None) => return all,
                Ok(Some(line)) => all.push(Ok(String::from_utf8(line).unwrap())),
                Err(error) => {
                    all.push(Err(format!("{}: {error}", lines.number())));
                    return all;
                }
            }
        }
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end() {
        assert_eq!(
            lines("a\n\nb", 9).await,
            [Ok("a".to_owned()), Ok(String::new()), Ok("b".to_owned())]
        );
    }

    /// Seen with a bound on standing still only: a byte now and then held a place for ever.
    #[tokio::test]
    async fn a_body_that_drips_is_given_up_though_it_never_stands_still() {
        let drips = futures::stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
        });
        let pace = Pace::new(Duration::from_millis(60), 1_000);
        let mut lines = Lines::new(Body::from_stream(drips), Encoding::Plain, 1 << 20, pace);
        let within = Duration::from_secs(9);
        let found = tokio::time::timeout(within, lines.next(within)).await.unwrap();
        assert!(matches!(found, Err(LineError::TooSlow { .. })), "{found:?}");
    }

    #[tokio::test]
    async fn a_line_over_the_bound_is_refused_by_its_number() {
        let found = lines("ab\nabcd\n", 3).await;
        assert_eq!(
            found,
            [
                Ok("ab".to_owned()),
                Err("2: the line has more than 3 bytes".to_owned())
            ]
        );
    }
}
