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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    /// Events that are new in the log.
    pub appended: u64,
    /// Events that the log already had.
    pub repeated: u64,
    /// Position of the last event taken.
    pub position: u64,
}

/// A line of the endpoint's answer: a problem with a batch, a batch taken, or the sums at the end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Stopped {
        problem: plimsoll_contracts::Problem,
    },
    Progress {
        #[serde(rename = "line")]
        _line: u64,
    },
    Done(Uploaded),
}

/// Sends all events in order and moves the bar by what the server took.
///
/// # Errors
/// The server cannot be reached, refuses the token, or does not take a batch; what it took before
/// stays.
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
        let done = read(&client.import(body).await?)?;
        sum.appended += done.appended;
        sum.repeated += done.repeated;
        sum.position = done.position;
        bar.inc(chunk.len() as u64);
    }
    Ok(sum)
}

/// The sums at the end of an answer that tells of no problem.
fn read(answer: &str) -> anyhow::Result<Uploaded> {
    let mut done = None;
    for line in answer.lines().filter(|line| !line.is_empty()) {
        match serde_json::from_str(line).with_context(|| format!("not an import answer: {line}"))? {
            Line::Progress { .. } => {}
            Line::Done(sums) => done = Some(sums),
            Line::Stopped { problem } => anyhow::bail!(
                "the server did not take a batch: {}; what came before it is in the log, so mend the cause and \
                 import again",
                problem.detail.unwrap_or(problem.title)
            ),
        }
    }
    done.context("the import was cut off; import again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_before_the_sums_is_a_failure() {
        let problem =
            r#"{"line":1,"problem":{"type":"urn:plimsoll:problem:unavailable","title":"No","status":503}}"#;
        let sums = r#"{"appended":0,"repeated":0,"position":7}"#;
        assert!(read(&format!("{problem}\n{sums}\n")).is_err());
        assert!(read(r#"{"line":2,"appended":2,"repeated":0,"position":7}"#).is_err());
        assert_eq!(read(sums).unwrap().position, 7);
    }
}
