//! What people see. Everything goes to standard error, so that standard output stays the tools' own.

use std::{fmt::Display, io::Write, time::Duration};

/// The title of a step.
pub(crate) fn heading(text: impl Display) {
    line(format_args!("\n==> {text}"));
}

/// One line.
pub(crate) fn line(text: impl Display) {
    let _nobody_listens = writeln!(std::io::stderr().lock(), "{text}");
}

/// A duration as people say it.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f32())
}
