//! SQL is written in lower case, says why it is there, and stands one statement to a file (migrations excepted).

use crate::files::Text;

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    texts
        .iter()
        .filter(|text| text.has_extension(&["sql"]))
        .flat_map(check_file)
        .collect()
}

fn check_file(text: &Text) -> Vec<String> {
    let code = code_of(&text.content);
    let mut complaints = Vec::new();
    if let Some(word) = code
        .split_whitespace()
        .find(|word| word.chars().any(char::is_uppercase))
    {
        complaints.push(format!("{}: `{word}` is not in lower case", text.path));
    }
    if !text
        .content
        .lines()
        .any(|line| line.trim_start().starts_with("--"))
    {
        complaints.push(format!("{} has no comment that says why", text.path));
    }
    let statements = code
        .split(';')
        .filter(|statement| !statement.trim().is_empty())
        .count();
    if statements != 1 && !text.path.contains("migrations/") {
        complaints.push(format!(
            "{} holds {statements} statements; a file holds one",
            text.path
        ));
    }
    complaints
}

/// What is left without comments, strings, quoted names and dollar-quoted bodies.
fn code_of(sql: &str) -> String {
    let mut code = String::new();
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        let end = match character {
            '-' if rest.starts_with("--") => rest.find('\n'),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            '\'' | '"' => rest[1..].find(character).map(|at| at + 2),
            '$' => Some(dollar_quoted(rest).unwrap_or(1)),
            other => {
                code.push(other);
                Some(other.len_utf8())
            }
        };
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    code
}

/// The length of `$tag$ … $tag$` at the start; `None` for a parameter such as `$1`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_length = text[1..].find('$')? + 2;
    let tag = &text[..tag_length];
    let is_tag = tag[1..tag_length - 1]
        .chars()
        .all(|c| c.is_alphabetic() || c == '_');
    if !is_tag {
        return None;
    }
    Some(
        text[tag_length..]
            .find(tag)
            .map_or(text.len(), |at| at + 2 * tag_length),
    )
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::files::Text;

    fn complaints(path: &str, sql: &str) -> Vec<String> {
        check(&[Text::new(path, sql)])
    }

    #[test]
    fn upper_case_is_named_and_strings_names_and_comments_are_free() {
        assert_eq!(
            complaints("a.sql", "-- why\nSELECT 1;"),
            ["a.sql: `SELECT` is not in lower case"]
        );
        assert!(
            complaints(
                "a.sql",
                "-- Why: ROWS\nselect 'EUR', \"Odd\", $1 /* NOTE */ from t where a = $2"
            )
            .is_empty()
        );
    }

    #[test]
    fn a_second_statement_is_named_outside_of_migrations() {
        let two = "-- why\nselect 1;\nselect 2;\n";
        assert_eq!(
            complaints("crates/log/sql/a.sql", two),
            ["crates/log/sql/a.sql holds 2 statements; a file holds one"]
        );
        assert!(complaints("migrations/log/0001_head.sql", two).is_empty());
        assert_eq!(complaints("a.sql", "-- why\n").len(), 1, "and so is none at all");
        assert!(complaints("a.sql", "-- why\ncreate function f() as $f$ begin x; y; end $f$;").is_empty());
        assert!(complaints("a.sql", "-- why\nselect ';' ;").is_empty());
    }

    #[test]
    fn a_statement_without_a_reason_is_named() {
        assert_eq!(
            complaints("a.sql", "select 1"),
            ["a.sql has no comment that says why"]
        );
    }
}
