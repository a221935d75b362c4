//! How a crate is laid out: the lints of the workspace, and one integration test binary.

use crate::files::Text;

pub(super) fn check(texts: &[Text]) -> Vec<String> {
    texts
        .iter()
        .filter_map(|text| manifest(text).or_else(|| stray_test(text)))
        .collect()
}

fn manifest(text: &Text) -> Option<String> {
    let is_member = text.file_name() == "Cargo.toml" && text.path != "Cargo.toml";
    (is_member && !text.content.contains("[lints]\nworkspace = true"))
        .then(|| format!("{} does not take the lints of the workspace", text.path))
}

/// Every file directly in `tests/` is a binary of its own, to be linked each time.
fn stray_test(text: &Text) -> Option<String> {
    let folder = text.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (text.has_extension(&["rs"]) && folder.rsplit('/').next() == Some("tests") && !folder.contains("src/"))
        .then(|| {
            format!(
                "{} is a test binary of its own; integration tests live in tests/it/",
                text.path
            )
        })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::files::Text;

    #[test]
    fn a_crate_without_the_workspace_lints_is_named() {
        let bare = Text::new("crates/log/Cargo.toml", "[package]\nname = \"plimsoll-log\"\n");
        assert_eq!(
            check(&[bare]),
            ["crates/log/Cargo.toml does not take the lints of the workspace"]
        );
        assert!(check(&[Text::new("crates/log/Cargo.toml", "[lints]\nworkspace = true\n")]).is_empty());
        assert!(check(&[Text::new("Cargo.toml", "[workspace]\n")]).is_empty());
    }

    #[test]
    fn a_second_integration_binary_is_named() {
        let texts = [
            "crates/log/tests/relay.rs",
            "crates/log/tests/it/main.rs",
            "crates/log/src/tests/relay.rs",
        ]
        .map(|path| Text::new(path, ""));
        assert_eq!(
            check(&texts),
            ["crates/log/tests/relay.rs is a test binary of its own; integration tests live in tests/it/"]
        );
    }
}
