//! The version of the program.

/// The release of the reference whose output is reproduced.
pub const REFERENCE_RELEASE: &str = "9.3.8";

/// Returns the version of the program, its commit if the build knew it, and the release of the reference.
pub fn long() -> String {
    let commit = option_env!("COMMIT_OF_BUILD").map(|commit| format!(", commit {commit}"));
    format!(
        "{} (equals edx-event-routing-backends {}{})",
        env!("CARGO_PKG_VERSION"),
        REFERENCE_RELEASE,
        commit.unwrap_or_default()
    )
}
