//! Words that mean "not finished" or "look away".

use crate::files::Text;

/// Put together from halves, so that this file does not complain about itself.
const FORBIDDEN: [(&str, &str); 9] = [
    (concat!("TO", "DO"), "finish it, or leave it out"),
    (concat!("FIX", "ME"), "finish it, or leave it out"),
    (concat!("todo", "!("), "finish it, or leave it out"),
    (concat!("unimplemented", "!("), "finish it, or leave it out"),
    (concat!("#[", "allow("), "use #[expect(lint, reason = \"…\")]"),
    (concat!("#![", "allow("), "use #![expect(lint, reason = \"…\")]"),
    (
        concat!("eslint-", "disable"),
        "satisfy the rule, or change it for all",
    ),
    (concat!("@ts-", "ignore"), "say what the type is"),
    (concat!("@ts-", "nocheck"), "say what the types are"),
];

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    let mut complaints = Vec::new();
    for text in texts.iter().filter(|text| !text.path.contains("/generated/")) {
        for (number, line) in text.content.lines().enumerate() {
            let found = FORBIDDEN.iter().find(|(word, _)| contains_word(line, word));
            if let Some((word, advice)) = found {
                complaints.push(format!("{}:{}: `{word}`: {advice}", text.path, number + 1));
            }
        }
    }
    complaints
}

/// A word made of letters must stand alone; others may be found anywhere.
fn contains_word(line: &str, word: &str) -> bool {
    let is_letter = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let is_plain = word.chars().all(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        !is_plain
            || !is_letter(line[..at].chars().next_back())
                && !is_letter(line[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::{FORBIDDEN, check};
    use crate::files::Text;

    #[test]
    fn every_forbidden_word_is_found_with_its_line() {
        for (word, _) in FORBIDDEN {
            let complaints = check(&[Text::new("a.rs", &format!("fine\n// {word} later\n"))]);
            assert_eq!(complaints.len(), 1, "{word}");
            assert!(complaints[0].starts_with("a.rs:2: "), "{complaints:?}");
        }
    }

    #[test]
    fn words_inside_other_words_and_generated_files_are_fine() {
        let mastodon = format!("MAS{}N", FORBIDDEN[0].0);
        assert!(check(&[Text::new("a.rs", &mastodon)]).is_empty());
        let generated = Text::new("web/packages/contracts/src/generated/A.ts", FORBIDDEN[6].0);
        assert!(check(&[generated]).is_empty());
    }
}
