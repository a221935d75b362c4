//! Sends events to a server's import endpoint, in requests of bounded size. A repeated event is a
//! no-op there, so an import that was cut off is simply run again.

use anyhow::Context as _;
use indicatif::ProgressBar;
use plimsoll_contracts::ImportedEvent;
use serde::Deserialize;

use crate::client::Client;

/// Events in one request at most.
const EVENTS_PER_REQUEST: usize = 2_000;

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Events that are new in the log.
    pub appended: u64,
    /// Events that the log already had.
    pub repeated: u64,
    /// Position of the last event taken.
    pub position: u64,
}

/// The last line of the endpoint's answer: sums, or a problem document.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LastLine {
    Done {
        appended: u64,
        repeated: u64,
        position: u64,
    },
    Problem(plimsoll_contracts::Problem),
}

/// Sends all events in order and moves the bar by what the server took.
///
/// # Errors
/// The server cannot be reached, refuses the token, or refuses a line; what it took before stays.
pub async fn upload(
    client: &Client,
    events: &[ImportedEvent],
    bar: &ProgressBar,
) -> anyhow::Result<Uploaded> {
    let mut sum = Uploaded::default();
    for chunk in events.chunks(EVENTS_PER_REQUEST) {
        let mut body = Vec::new();
        for event in chunk {
            serde_json::to_writer(&mut body, event)?;
            body.push(b'\n');
        }
        let answer = client.import(body).await?;
        let line = answer
            .lines()
            .rfind(|line| !line.is_empty())
            .context("the server answered nothing")?;
        match serde_json::from_str(line).with_context(|| format!("not an import answer: {line}"))? {
            LastLine::Done {
                appended,
                repeated,
                position,
            } => {
                sum.appended += appended;
                sum.repeated += repeated;
                sum.position = position;
            }
            LastLine::Problem(problem) => anyhow::bail!(
                "the server refused a line: {}; events before its batch are in the log, so mend the line and import again",
                problem.detail.unwrap_or(problem.title)
            ),
        }
        bar.inc(chunk.len() as u64);
    }
    Ok(sum)
}
