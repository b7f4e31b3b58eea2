//! Usage errors of outputs in object storage. `tests/cloud/run` writes to a server.

use crate::harness::{Run, lines};

#[track_caller]
fn usage_error(arguments: &[&str], message: &str) {
    let run = Run::transform().args(arguments).args(&["a.log"]);
    let ended = run.file("a.log", lines(0..3)).run().with_code(2);
    ended.assert_error(message);
    assert_eq!(ended.files("."), ["a.log"]);
}

#[test]
fn only_the_output_of_transform_may_be_in_object_storage() {
    for option in ["--rejects", "--report", "--state"] {
        usage_error(
            &["-o", "out", option, "s3://bucket/x"],
            &format!("`{option}` needs a local path, and `s3://bucket/x` is in object storage"),
        );
    }
}

#[test]
fn an_address_needs_a_bucket() {
    usage_error(
        &["-o", "s3:///x"],
        "`--output s3:///x` is no address of object storage: the address names no bucket",
    );
}

#[cfg(not(feature = "cloud"))]
#[test]
fn a_build_without_the_feature_says_how_to_get_one_with_it() {
    for output in ["s3://bucket/out/", "gs://bucket/all.jsonl", "az://bucket"] {
        usage_error(
            &["-o", output],
            "this build of event-router cannot write to object storage: in the checkout, run `cargo install --locked --path . --features cloud`",
        );
    }
}

#[cfg(feature = "cloud")]
#[test]
fn a_state_needs_a_directory_as_output() {
    usage_error(
        &["-o", "s3://bucket/out/", "--state", "state"],
        "`--state` needs a directory as `--output`, and `s3://bucket/out/` is in object storage",
    );
    usage_error(
        &["-o", "s3://bucket/all.csv"],
        "`s3://bucket/all.csv` is neither a directory nor a name for one file",
    );
}
