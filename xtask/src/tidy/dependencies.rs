//! Every dependency earns its place in a line of `docs/dependencies.md`: what for, and what was passed over.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Metadata;
use crate::files::Text;

/// The page with the lines.
pub(super) const PAGE: &str = "docs/dependencies.md";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    name: String,
    dependencies: BTreeMap<String, serde_json::Value>,
    dev_dependencies: BTreeMap<String, serde_json::Value>,
}

pub(super) fn check(metadata: &Metadata, npm: &[Text], page: &str) -> Vec<String> {
    if page.is_empty() {
        return vec![format!(
            "{PAGE} does not exist, so no dependency has earned its place"
        )];
    }
    let wanted: BTreeSet<_> = from_cargo(metadata).into_iter().chain(from_npm(npm)).collect();
    wanted
        .into_iter()
        .filter(|name| !page.contains(&format!("`{name}`")))
        .map(|name| format!("{PAGE} has no line for `{name}`"))
        .collect()
}

fn from_cargo(metadata: &Metadata) -> BTreeSet<String> {
    let all = metadata.packages.iter().flat_map(|package| &package.dependencies);
    all.filter(|dependency| dependency.path.is_none())
        .map(|dependency| dependency.name.clone())
        .collect()
}

fn from_npm(manifests: &[Text]) -> BTreeSet<String> {
    let manifests: Vec<Manifest> = manifests
        .iter()
        .map(|text| serde_json::from_str(&text.content).unwrap_or_default())
        .collect();
    let ours: BTreeSet<_> = manifests.iter().map(|manifest| manifest.name.clone()).collect();
    let all = manifests.iter().flat_map(|manifest| {
        manifest
            .dependencies
            .keys()
            .chain(manifest.dev_dependencies.keys())
    });
    all.filter(|name| !ours.contains(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::{
        files::Text,
        tidy::{Dependency, Metadata, Package},
    };

    fn metadata() -> Metadata {
        let dependency = |name: &str, path: Option<&str>| Dependency {
            name: name.to_owned(),
            kind: None,
            path: path.map(str::to_owned),
        };
        let dependencies = vec![
            dependency("serde", None),
            dependency("plimsoll-contracts", Some("here")),
        ];
        Metadata {
            packages: vec![Package {
                name: "plimsoll-log".into(),
                dependencies,
            }],
        }
    }

    #[test]
    fn a_dependency_without_a_line_is_named() {
        let npm = [
            Text::new(
                "web/package.json",
                r#"{"name": "web", "devDependencies": {"vite": "8"}}"#,
            ),
            Text::new(
                "web/shell/package.json",
                r#"{"name": "shell", "dependencies": {"svelte": "5", "web": "*"}}"#,
            ),
        ];
        assert_eq!(
            check(&metadata(), &npm, "| `svelte` | pages | React |"),
            [
                "docs/dependencies.md has no line for `serde`",
                "docs/dependencies.md has no line for `vite`"
            ]
        );
        assert!(check(&metadata(), &npm, "`svelte` `serde` `vite`").is_empty());
    }

    #[test]
    fn a_missing_page_is_not_an_empty_excuse() {
        assert_eq!(check(&metadata(), &[], "").len(), 1);
    }
}
