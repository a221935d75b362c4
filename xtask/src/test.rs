//! `cargo xtask test`: everything a change must pass, in the order in which a failure is cheapest to learn.
//! It stops at the first step that fails.

use std::{collections::BTreeSet, env, path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use plimsoll_devstack::{Stack, StackOptions};

use crate::{
    codegen, command, say,
    tally::{self, Tally},
    tidy, web,
    workspace::Workspace,
};

/// Names the file in which a test that finds no real data leaves its name.
const ABSENT_LIST: &str = "PLIMSOLL_TEST_ABSENT";

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// rustfmt
    Fmt,
    /// The house rules
    Tidy,
    /// All lints, warnings being errors
    Clippy,
    /// Generated files are current
    Codegen,
    /// All Rust tests against real servers
    Rust,
    /// The examples in the documentation
    Doctest,
    /// Types, lints and unit tests of the web
    Web,
    /// The page in a real browser
    Browser,
}

/// What a step left behind.
enum Outcome {
    Done(Tally),
    Absent(&'static str),
}

pub(crate) fn run(workspace: &Workspace, only: &[Step], skip: &[Step]) -> Result<()> {
    let wanted = |step: &Step| (only.is_empty() || only.contains(step)) && !skip.contains(step);
    let steps: Vec<_> = Step::value_variants().iter().copied().filter(wanted).collect();
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let mut run = Run {
        workspace,
        environment: Vec::new(),
        total: Tally::default(),
        absent: Vec::new(),
    };
    let stack = match steps
        .iter()
        .any(|step| matches!(step, Step::Rust | Step::Doctest | Step::Browser))
    {
        true => Some(runtime.block_on(run.provision())?),
        false => None,
    };
    let outcome = steps.iter().try_for_each(|step| run.step(*step));
    let stopped = stack.map_or(Ok(()), |stack| {
        runtime.block_on(stack.stop()).context("stopping the servers")
    });
    for absent in &run.absent {
        say::line(format_args!("ABSENT: {absent}"));
    }
    if run.total != Tally::default() {
        say::line(format_args!(
            "\n{} passed, {} failed",
            run.total.passed, run.total.failed
        ));
    }
    outcome.and(stopped)
}

struct Run<'a> {
    workspace: &'a Workspace,
    /// What the tests are told about the servers.
    environment: Vec<(&'static str, String)>,
    total: Tally,
    absent: Vec<String>,
}

impl Run<'_> {
    async fn provision(&mut self) -> Result<Stack> {
        say::heading("servers");
        let cache = self.workspace.servers_cache();
        let dir = self
            .workspace
            .target()
            .join("devstack")
            .join(plimsoll_devstack::unique_name("test"));
        let options = StackOptions {
            cache_dir: Some(cache.clone()),
            ..StackOptions::temporary(dir)
        };
        let stack = Stack::start(options, say::line).await?;
        self.environment = vec![
            ("PLIMSOLL_TEST_POSTGRES_URL", stack.postgres_url().to_owned()),
            ("PLIMSOLL_TEST_NATS_URL", stack.nats_url().to_owned()),
            ("PLIMSOLL_TEST_REDIS_URL", stack.redis_url().to_owned()),
            ("PLIMSOLL_CACHE", cache.display().to_string()),
        ];
        Ok(stack)
    }

    fn step(&mut self, step: Step) -> Result<()> {
        let name = step
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        say::heading(&name);
        let started = Instant::now();
        let outcome = match step {
            Step::Fmt => done(command::run(self.cargo().args(["fmt", "--all", "--check"]))),
            Step::Tidy => done(tidy::run(self.workspace)),
            Step::Clippy => done(command::run(self.cargo().args([
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]))),
            Step::Codegen => done(codegen::run(self.workspace, true)),
            Step::Rust => self.rust(),
            Step::Doctest => self.counted(self.cargo().args(["test", "--workspace", "--doc", "--quiet"])),
            Step::Web => self.web(),
            Step::Browser => self.browser(),
        };
        let took = say::seconds(started.elapsed());
        match outcome.with_context(|| format!("step `{name}` failed after {took}"))? {
            Outcome::Done(tally) => {
                self.total.passed += tally.passed;
                self.total.failed += tally.failed;
                say::line(format_args!("{name}: done in {took}"));
            }
            Outcome::Absent(what) => {
                say::line(format_args!("{name}: ABSENT: {what}"));
                self.absent.push(what.to_owned());
            }
        }
        Ok(())
    }

    fn rust(&mut self) -> Result<Outcome> {
        let mut runner = self.cargo();
        if command::output(self.cargo().args(["nextest", "--version"])).is_ok() {
            runner.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        } else {
            runner.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]);
        }
        let list = self.workspace.target().join("tests-without-data.txt");
        match std::fs::remove_file(&list) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", list.display()));
            }
            _ => {}
        }
        runner.env(ABSENT_LIST, &list);
        let outcome = self.counted(&mut runner);
        self.absent
            .extend(without_data(&std::fs::read_to_string(&list).unwrap_or_default()));
        outcome
    }

    fn web(&mut self) -> Result<Outcome> {
        if !web::is_present(self.workspace) {
            return Ok(Outcome::Absent(
                "web/package.json does not exist, so the web was not checked",
            ));
        }
        web::install(self.workspace)?;
        command::run(command::npm(self.workspace).args(["run", "--silent", "check"]))?;
        command::run(command::npm(self.workspace).args(["run", "--silent", "lint"]))?;
        self.counted(command::npm(self.workspace).args(["run", "--silent", "test:unit"]))
    }

    fn browser(&mut self) -> Result<Outcome> {
        if !self.workspace.path("web/e2e/run.js").is_file() {
            return Ok(Outcome::Absent(
                "web/e2e/run.js does not exist, so nothing was tried in a browser",
            ));
        }
        web::build(self.workspace)?;
        command::run(
            self.cargo()
                .args(["build", "--package", "plimsoll", "--bin", "plimsoll"]),
        )?;
        let mut runner = command::npm(self.workspace);
        runner.args(["run", "--silent", "test:e2e"]);
        runner.env("PLIMSOLL_BIN", self.workspace.target().join("debug/plimsoll"));
        runner.env("CHROMIUM", chromium()?);
        self.counted(&mut runner)
    }

    /// A test runner, told about the servers; its counts are added to the total.
    fn counted(&mut self, runner: &mut Command) -> Result<Outcome> {
        let (tally, result) = tally::run(runner.envs(self.environment.iter().cloned()));
        if let Err(error) = result {
            self.total.passed += tally.passed;
            self.total.failed += tally.failed;
            return Err(error);
        }
        Ok(Outcome::Done(tally))
    }

    fn cargo(&self) -> Command {
        command::cargo(self.workspace)
    }
}

/// The line about tests that passed without looking at anything; a test may have left its name
/// more than once.
fn without_data(list: &str) -> Option<String> {
    let tests: BTreeSet<&str> = list.lines().filter(|name| !name.is_empty()).collect();
    (!tests.is_empty()).then(|| {
        format!(
            "real data (docs/data.md; PLIMSOLL_DATA names the folder): {} tests did not check anything: {}",
            tests.len(),
            tests.into_iter().collect::<Vec<_>>().join(", ")
        )
    })
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done(Tally::default()))
}

/// A browser of the Chromium family; root on Debian gets one installed.
fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let find = || {
        [
            "chromium",
            "chromium-browser",
            "google-chrome-stable",
            "google-chrome",
        ]
        .into_iter()
        .find_map(command::which)
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    let is_root = command::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || command::which("apt-get").is_none() {
        bail!(
            "the browser tests need Chromium, which is not on PATH. Install it (on Debian: apt install chromium), or name one in CHROMIUM"
        );
    }
    say::line("installing chromium");
    let apt = |arguments: &[&str]| {
        command::run(
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    apt(&["update", "--quiet"])?;
    apt(&[
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "chromium",
    ])?;
    find().context("chromium was installed and is still not on PATH")
}

#[cfg(test)]
mod tests {
    use super::without_data;

    #[test]
    fn tests_that_found_no_data_are_counted_once_and_named() {
        let line = without_data("retail_days\ncalls_days\nretail_days\n").unwrap();
        assert!(
            line.contains("2 tests did not check anything: calls_days, retail_days"),
            "{line}"
        );
        assert_eq!(without_data(""), None);
    }
}
