//! Gives the program the commit that it is built from, for `--version`.

use std::fs;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    // The programs of the tests lack the commit: otherwise each commit would rebuild them all.
    if std::env::var("PROFILE").as_deref() == Ok("release")
        && let Some(commit) = packaged_commit().or_else(checked_out_commit)
    {
        // `cargo run` passes the variable to the program, too, which would warn of an unknown variable of its own prefix.
        println!("cargo::rustc-env=COMMIT_OF_BUILD={commit}");
    }
}

/// Returns the commit that `cargo package` notes in the package.
fn packaged_commit() -> Option<String> {
    let notes = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = notes.split_once("\"sha1\": \"")?;
    Some(rest.get(..7)?.to_owned())
}

/// Returns the commit of the checkout, if this directory is one.
fn checked_out_commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // The commit of another repository around an unpacked package would be wrong.
    git(&["ls-files", "--error-unmatch", "src/build.rs"])?;
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        println!("cargo::rerun-if-changed={path}");
    }
    git(&["rev-parse", "--short=7", "HEAD"])
}
