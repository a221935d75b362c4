//! A file that wants to be long holds two ideas.

use crate::files::Text;

const LONGEST: usize = 500;
const LONGEST_MAIN: usize = 40;
/// Written by tools.
const GENERATED: &str = "/generated/";
const CODE: [&str; 3] = ["rs", "ts", "svelte"];

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (text, lines) in measured(texts) {
        if lines > LONGEST {
            complaints.push(format!(
                "{} has {lines} lines; a file has {LONGEST} at most",
                text.path
            ));
        } else if text.path.ends_with("src/main.rs") && lines > LONGEST_MAIN {
            complaints.push(format!(
                "{} has {lines} lines; a main.rs has {LONGEST_MAIN} at most",
                text.path
            ));
        }
    }
    complaints
}

/// Median and 90th percentile: goals are 120 and 350.
pub(super) fn summary(texts: &[Text]) -> String {
    let mut lines: Vec<_> = measured(texts).map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    let at = |percent: usize| {
        lines
            .get((lines.len() * percent / 100).min(lines.len().saturating_sub(1)))
            .unwrap_or(&0)
    };
    format!(
        "tidy: {} source files, median {} lines, p90 {}, longest {}",
        lines.len(),
        at(50),
        at(90),
        at(100)
    )
}

fn measured(texts: &[Text]) -> impl Iterator<Item = (&Text, usize)> {
    texts
        .iter()
        .filter(|text| text.has_extension(&CODE) && !text.path.contains(GENERATED))
        .map(|text| (text, text.content.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::{check, summary};
    use crate::files::Text;

    fn file(path: &str, lines: usize) -> Text {
        Text::new(path, &"line\n".repeat(lines))
    }

    #[test]
    fn long_files_and_long_mains_are_named() {
        let texts = [
            file("crates/log/src/relay.rs", 500),
            file("crates/log/src/tail.rs", 501),
            file("web/shell/src/Page.svelte", 700),
            file("web/packages/contracts/src/generated/Frame.ts", 900),
            file("plimsoll/src/main.rs", 41),
        ];
        assert_eq!(
            check(&texts),
            [
                "crates/log/src/tail.rs has 501 lines; a file has 500 at most",
                "web/shell/src/Page.svelte has 700 lines; a file has 500 at most",
                "plimsoll/src/main.rs has 41 lines; a main.rs has 40 at most",
            ]
        );
    }

    #[test]
    fn median_and_p90_are_told() {
        let texts: Vec<_> = (1..=10).map(|lines| file("a.rs", lines * 10)).collect();
        assert_eq!(
            summary(&texts),
            "tidy: 10 source files, median 60 lines, p90 100, longest 100"
        );
        assert_eq!(
            summary(&[]),
            "tidy: 0 source files, median 0 lines, p90 0, longest 0"
        );
    }
}
