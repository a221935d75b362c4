//! Adds up what test runners say in their own summary lines, while passing all they print on unchanged.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result};

use crate::command;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }

    /// What a line says, if it is a runner's summary: nextest, cargo test, vitest, or a plain `N passed, N failed`.
    fn of_line(line: &str) -> Option<Self> {
        let line = without_colour(line);
        let line = line.trim();
        let is_summary = line.starts_with("Summary [")
            || line.starts_with("test result:")
            || line.starts_with("Tests ")
            || line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" passed, ");
        if !is_summary {
            return None;
        }
        let words: Vec<_> = line
            .split([' ', ',', ';', '.'])
            .filter(|word| !word.is_empty())
            .collect();
        let count = |name: &str| {
            words
                .windows(2)
                .find(|pair| pair[1] == name)
                .and_then(|pair| pair[0].parse().ok())
        };
        let (passed, failed) = (count("passed"), count("failed"));
        (passed.is_some() || failed.is_some()).then(|| Self {
            passed: passed.unwrap_or_default(),
            failed: failed.unwrap_or_default(),
        })
    }
}

/// Runs a test runner; the tally is what its summary lines said, also when it fails.
pub(crate) fn run(command: &mut Command) -> (Tally, Result<()>) {
    let shown = command::shown(command);
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child =
        match spawned.with_context(|| format!("`{shown}` did not start: is it installed and on PATH?")) {
            Ok(child) => child,
            Err(error) => return (Tally::default(), Err(error)),
        };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let tally = thread::scope(|scope| {
        let errors = scope.spawn(|| err.map(|err| pass_on(err, std::io::stderr())).unwrap_or_default());
        let output = out.map(|out| pass_on(out, std::io::stdout())).unwrap_or_default();
        output.add(errors.join().unwrap_or_default())
    });
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(anyhow::anyhow!("`{shown}` failed ({status})")),
        Err(error) => Err(error).with_context(|| format!("waiting for `{shown}`")),
    };
    (tally, result)
}

fn pass_on(from: impl Read, mut to: impl Write) -> Tally {
    let mut tally = Tally::default();
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let _nobody_listens = to.write_all(&line).and_then(|()| to.flush());
        if let Some(said) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            tally = tally.add(said);
        }
        line.clear();
    }
    tally
}

fn without_colour(line: &str) -> String {
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            let _sequence = characters.find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Tally, pass_on};

    #[test]
    fn each_runners_summary_is_understood() {
        let all = |passed, failed| Some(Tally { passed, failed });
        for (line, expected) in [
            (
                "     Summary [   1.234s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped",
                all(11, 1),
            ),
            (
                "test result: ok. 8 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                all(8, 0),
            ),
            (
                "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m2 failed\u{1b}[39m | \u{1b}[32m12 passed\u{1b}[39m (14)",
                all(12, 2),
            ),
            ("7 passed, 0 failed", all(7, 0)),
            ("7 passed, 0 failed, 1 skipped", all(7, 0)),
            ("the 3 passed, failed", None),
            ("test it::a_rule_holds ... ok", None),
        ] {
            assert_eq!(Tally::of_line(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_are_passed_on_unchanged_and_added_up() {
        let text =
            b"test result: ok. 8 passed; 0 failed; 0 ignored\nnoise \xff\n1 passed, 2 failed" as &[u8];
        let mut seen = Vec::new();
        assert_eq!(pass_on(text, &mut seen), Tally { passed: 9, failed: 2 });
        assert_eq!(seen, text);
    }
}
