//! `plimsoll openapi`.

use std::process::ExitCode;

use super::output::line;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    line(&serde_json::to_string_pretty(&crate::openapi::document())?);
    Ok(ExitCode::SUCCESS)
}
