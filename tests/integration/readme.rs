//! The README tells today's truth.

use std::fs;
use std::path::Path;

use event_routing_backends::outcome::Reason;

use crate::harness::{Run, fixture};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn its_first_command_gives_the_summary_that_it_shows() {
    let ended = Run::transform()
        .tables()
        .args(&["-o", "out"])
        .path(&fixture("sample/tracking.log.gz"))
        .run();
    let ended = ended.with_code(0);
    let readme = readme();
    for line in ended.stderr.lines().skip(1) {
        assert!(readme.contains(line), "{line}");
    }
}

#[test]
fn it_has_every_reason_code_and_every_option() {
    let readme = readme();
    for reason in Reason::ALL {
        assert!(
            readme.contains(&format!("`{}`", reason.code())),
            "{}",
            reason.code()
        );
    }
    let help =
        String::from_utf8(Run::new(&["transform", "--help"]).run().with_code(0).stdout).unwrap();
    let options = help
        .split_whitespace()
        .filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.map(|option| option.trim_end_matches([',', ';', ':', '.'])) {
        assert!(option == "--help" || readme.contains(option), "{option}");
    }
}
