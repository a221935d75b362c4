//! Appending an import batch by batch, and telling how far it is.

use bytes::Bytes;
use plimsoll_contracts::{ImportedEvent, Position, Problem};
use plimsoll_host::Claims;
use plimsoll_log::{ImportError, Log};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    line,
    lines::{LineError, Lines},
};
use crate::{CommandSide, Options, handler::payload_too_large, metrics};

/// How often a full queue is asked again, and how long the first pause is.
const OVERLOAD_ATTEMPTS_MAX: u32 = 8;
const OVERLOAD_PAUSE_MS: u64 = 20;

/// One import.
pub(super) struct Work {
    log: Log,
    claims: Claims,
    options: std::sync::Arc<Options>,
    closing: tokio_util::sync::CancellationToken,
    progress: mpsc::Sender<Bytes>,
    appended: u64,
    repeated: u64,
    position: Position,
}

/// Lines that are appended together.
#[derive(Default)]
struct Batch {
    events: Vec<ImportedEvent>,
    /// Number of each event's line.
    numbers: Vec<u64>,
    bytes: usize,
}

/// Why an import stops before the end of its body.
struct Stopped {
    line: u64,
    problem: Problem,
}

impl Work {
    pub(super) fn new(side: &CommandSide, claims: Claims, progress: mpsc::Sender<Bytes>) -> Self {
        Self {
            log: side.services.log.clone(),
            claims,
            options: side.options.clone(),
            closing: side.closing.clone(),
            progress,
            appended: 0,
            repeated: 0,
            position: Position::ZERO,
        }
    }

    /// Imports until the end, the first problem, or until nobody listens any more.
    pub(super) async fn run(mut self, mut lines: Lines) {
        if let Err(stopped) = self.import(&mut lines).await {
            self.tell_last(json!({"line": stopped.line, "problem": stopped.problem}))
                .await;
        }
        let (appended, repeated) = (self.appended, self.repeated);
        self.tell_last(json!({"appended": appended, "repeated": repeated, "position": self.position}))
            .await;
    }

    async fn import(&mut self, lines: &mut Lines) -> Result<(), Stopped> {
        loop {
            let (batch, ended) = tokio::select! {
                gathered = self.gather(lines) => gathered?,
                () = self.closing.cancelled() => return Err(stopping(lines.number())),
            };
            if let Some(last) = batch.numbers.last().copied() {
                self.append(batch).await?;
                let told = json!({"line": last, "appended": self.appended, "repeated": self.repeated, "position": self.position});
                // A caller who does not read yet misses some progress, never the end.
                let _full = self.progress.try_send(as_line(&told));
            }
            if ended || self.progress.is_closed() {
                return Ok(());
            }
        }
    }

    /// The next lines, at most a batch, and whether they are the last.
    async fn gather(&self, lines: &mut Lines) -> Result<(Batch, bool), Stopped> {
        let mut batch = Batch::default();
        while batch.events.len() < self.options.import_batch_lines
            && batch.bytes < self.options.import_batch_bytes
        {
            let next = lines.next(self.options.body_idle).await;
            let line = lines.number();
            let Some(bytes) = next.map_err(|error| Stopped {
                line,
                problem: line_problem(&error),
            })?
            else {
                return Ok((batch, true));
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let event = line::read(&bytes, &self.claims).map_err(|detail| bad_line(line, &detail))?;
            batch.bytes += bytes.len();
            batch.events.push(event);
            batch.numbers.push(line);
        }
        Ok((batch, false))
    }

    async fn append(&mut self, batch: Batch) -> Result<(), Stopped> {
        let first = batch.numbers.first().copied().unwrap_or(0);
        let mut attempt = 0;
        let imported = loop {
            match self.log.import(batch.events.clone()).await {
                Ok(imported) => break imported,
                Err(ImportError::Overloaded) if attempt < OVERLOAD_ATTEMPTS_MAX => {
                    tokio::time::sleep(std::time::Duration::from_millis(OVERLOAD_PAUSE_MS << attempt)).await;
                    attempt += 1;
                }
                Err(ImportError::Event { index, reason }) => {
                    return Err(bad_line(
                        batch.numbers.get(index).copied().unwrap_or(first),
                        &reason,
                    ));
                }
                Err(error) => {
                    return Err(Stopped {
                        line: first,
                        problem: import_problem(&error),
                    });
                }
            }
        };
        self.appended += imported.appended;
        self.repeated += imported.repeated;
        self.position = self.position.max(imported.position);
        ::metrics::counter!(metrics::IMPORTED).increment(imported.appended);
        ::metrics::counter!(metrics::REPEATED).increment(imported.repeated);
        Ok(())
    }

    /// A line that must arrive; a caller who is gone does not get it.
    async fn tell_last(&self, line: Value) {
        let _gone = self.progress.send(as_line(&line)).await;
    }
}

fn as_line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

fn stopping(line: u64) -> Stopped {
    let detail = "the server is stopping; import the same file again, what is there is not doubled";
    Stopped {
        line,
        problem: Problem::unavailable(detail),
    }
}

fn bad_line(line: u64, detail: &str) -> Stopped {
    let problem = Problem::new(400, "invalid-event", "A line is no event that can be imported")
        .detail(format!(
            "line {line}: {detail}; nothing of its batch was appended"
        ))
        .with("line", line);
    Stopped { line, problem }
}

fn line_problem(error: &LineError) -> Problem {
    match error {
        LineError::TooLong(_) => payload_too_large(error.to_string()),
        LineError::Idle(_) | LineError::TooSlow { .. } => {
            Problem::new(408, "request-timeout", "The body did not come on").detail(error.to_string())
        }
        LineError::Broken(_) => {
            Problem::new(400, "body-incomplete", "The body did not arrive whole").detail(error.to_string())
        }
    }
}

fn import_problem(error: &ImportError) -> Problem {
    match error {
        ImportError::TooLarge { .. } => payload_too_large(error.to_string()),
        ImportError::Overloaded => Problem::new(503, "overloaded", "Too much is waiting")
            .detail("the log takes no more at the moment; import the same file again")
            .retry_after(5),
        ImportError::Refused(_) => {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the database refused an import batch"
            );
            Problem::new(400, "invalid-event", "A line is no event that can be imported").detail(
                "the database cannot hold a text of this batch (a NUL character?); nothing of it was appended",
            )
        }
        ImportError::Event { .. } | ImportError::Unavailable(_) | ImportError::Closed => {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "an import batch was not appended"
            );
            Problem::unavailable("the log's database does not answer; import the same file again")
        }
    }
}
