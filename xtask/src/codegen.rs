//! What is generated from the Rust types: TypeScript for the web, and the OpenAPI document.
//! `--check` generates into a temporary folder and compares.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{command, files, say, workspace::Workspace};

const TYPESCRIPT: &str = "web/packages/contracts/src/generated";
const OPENAPI: &str = "docs/openapi.json";

pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let fresh = tempfile::tempdir().context("making a temporary folder")?;
    let (typescript, openapi) = (fresh.path().join("typescript"), fresh.path().join("openapi.json"));
    fs::create_dir_all(&typescript)?;
    write_typescript(workspace, &typescript)?;
    let has_openapi = write_openapi(workspace, &openapi)?;
    if check {
        let mut drift = differences(&workspace.path(TYPESCRIPT), &typescript)?;
        if has_openapi && fs::read(workspace.path(OPENAPI)).ok() != fs::read(&openapi).ok() {
            drift.push(OPENAPI.to_owned());
        }
        if drift.is_empty() {
            say::line("codegen: what is committed is what the types say");
            return Ok(());
        }
        bail!(
            "generated files differ from the Rust types: {}. Run `cargo xtask codegen` and commit the result",
            drift.join(", ")
        );
    }
    replace(&workspace.path(TYPESCRIPT), &typescript)?;
    if has_openapi {
        fs::create_dir_all(workspace.path("docs"))?;
        fs::copy(&openapi, workspace.path(OPENAPI)).context("writing the OpenAPI document")?;
    }
    say::line(format_args!(
        "codegen: wrote {TYPESCRIPT}{}",
        if has_openapi { " and docs/openapi.json" } else { "" }
    ));
    Ok(())
}

/// ts-rs exports from tests that it adds to each type.
fn write_typescript(workspace: &Workspace, into: &Path) -> Result<()> {
    let mut export = command::cargo(workspace);
    export.args([
        "test",
        "--quiet",
        "--package",
        "plimsoll-contracts",
        "--lib",
        "export_bindings",
    ]);
    command::output(export.env("TS_RS_EXPORT_DIR", into))?;
    if files::snapshot(into)?.is_empty() {
        bail!("plimsoll-contracts exported no TypeScript: no type has #[ts(export)]");
    }
    Ok(())
}

/// `false` where the binary has no such command.
fn write_openapi(workspace: &Workspace, into: &Path) -> Result<bool> {
    let plimsoll = |argument: &str| {
        let mut command = command::cargo(workspace);
        command.args([
            "run",
            "--quiet",
            "--package",
            "plimsoll",
            "--bin",
            "plimsoll",
            "--",
            argument,
        ]);
        command::output(&mut command)
    };
    if !plimsoll("--help")?
        .lines()
        .any(|line| line.trim_start().starts_with("openapi"))
    {
        say::line("codegen: ABSENT: `plimsoll openapi` does not exist, so no OpenAPI document is generated");
        return Ok(false);
    }
    fs::write(into, plimsoll("openapi")?).context("writing the OpenAPI document")?;
    Ok(true)
}

fn differences(committed: &Path, fresh: &Path) -> Result<Vec<String>> {
    let (committed, fresh) = (files::snapshot(committed)?, files::snapshot(fresh)?);
    let mut names: Vec<_> = committed
        .iter()
        .filter(|file| !fresh.contains(file))
        .chain(fresh.iter().filter(|file| !committed.contains(file)))
        .map(|(path, _)| path.display().to_string())
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn replace(folder: &Path, fresh: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    for (path, content) in files::snapshot(fresh)? {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::differences;

    #[test]
    fn a_changed_a_missing_and_a_left_over_file_are_drift() {
        let (committed, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (folder, name, content) in [
            (&committed, "Same.ts", "a"),
            (&fresh, "Same.ts", "a"),
            (&committed, "Changed.ts", "a"),
            (&fresh, "Changed.ts", "b"),
            (&committed, "LeftOver.ts", "a"),
            (&fresh, "Missing.ts", "a"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let drift = differences(committed.path(), fresh.path()).unwrap();
        assert_eq!(drift, ["Changed.ts", "LeftOver.ts", "Missing.ts"]);
    }
}
