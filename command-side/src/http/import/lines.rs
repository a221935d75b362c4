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
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
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
    /// The body broke off, or is not packed as it says.
    #[error("the body cannot be read on: {0}")]
    Broken(#[from] std::io::Error),
}

/// The lines, in order, with their numbers from 1.
pub(super) struct Lines {
    reader: Pin<Box<dyn AsyncBufRead + Send>>,
    max_bytes: usize,
    number: u64,
}

impl Lines {
    pub(super) fn new(body: Body, encoding: Encoding, max_bytes: usize) -> Self {
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
            let filled = tokio::time::timeout(idle, self.reader.fill_buf()).await;
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
            self.reader.as_mut().consume(take + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &'static str, max_bytes: usize) -> Vec<Result<String, String>> {
        let mut lines = Lines::new(Body::from(text), Encoding::Plain, max_bytes);
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
