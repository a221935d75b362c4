//! The table for people and the line for programs.

use std::fmt::Write;

/// Lines gathered while measuring.
pub(crate) struct Report(String);

impl Report {
    pub(crate) fn new(title: &str) -> Self {
        Self(format!("\n{title}\n"))
    }

    pub(crate) fn line(&mut self, what: &str, figure: impl AsRef<str>) {
        let _never_fails = writeln!(self.0, "  {what:<62}{:>22}", figure.as_ref());
    }

    /// Prints the table and, last, the figures as JSON.
    #[expect(clippy::print_stdout, reason = "a benchmark's report is its standard output")]
    pub(crate) fn print(&self, figures: &serde_json::Value) {
        println!("{}\n{figures}", self.0);
    }
}

/// A rate with separated thousands.
pub(crate) fn per_s(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} /s")
}

/// Two decimals are all that a noisy machine can tell.
pub(crate) fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
