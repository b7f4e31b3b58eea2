//! Completions for shells, man pages, the version, and the forms that options take.

use std::fs;
use std::process::Command;

use crate::harness::{Run, line};

fn written(arguments: &[&str]) -> String {
    String::from_utf8(Run::new(arguments).run().with_code(0).stdout).unwrap()
}

#[test]
fn bash_completes_commands_and_options() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("completions");
    fs::write(&file, written(&["completions", "bash"])).unwrap();
    for (words, completed) in [
        (&["event-router", "tran"][..], "transform"),
        (
            &["event-router", "transform", "--lms-root"],
            "--lms-root-url",
        ),
        (&["event-router", "lms", "exp"], "export"),
        (&["event-router", "completions", "fi"], "fish"),
        (&["event-router", "man", "dead"], "dead-letters"),
    ] {
        let last = words.len() - 1;
        let script = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={last}; _event__router event-router {} {}; echo \"${{COMPREPLY[*]}}\"",
            file.display(),
            words.join(" "),
            words[last],
            words[last - 1],
        );
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        let replies = String::from_utf8(output.stdout).unwrap();
        assert_eq!(replies.trim(), completed, "{words:?}");
    }
}

#[test]
fn each_shell_has_completions_with_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let completions = written(&["completions", shell]);
        for command in ["transform", "dead-letters", "external-ids"] {
            assert!(completions.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn man_pages_have_the_options_of_their_command() {
    for (command, option) in [
        (&["man"][..], "transform"),
        (&["man", "send"], "dead\\-letters"),
        (&["man", "lms", "export"], "lms\\-db"),
        (&["man", "lms-export"], "lms\\-db"),
        (&["man", "event-router-dead-letters"], "json"),
    ] {
        let page = written(command);
        let name = command[1..].join("-");
        let name = match name.strip_prefix("event-router-").unwrap_or(&name) {
            "" => "event-router".to_owned(),
            name => format!("event-router-{name}"),
        };
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        assert!(page.contains(option), "{command:?}");
    }
    let ended = Run::new(&["man", "lms", "nothing"]).run().with_code(2);
    ended.assert_error("there is no command `lms nothing`");
}

#[test]
fn man_pages_keep_the_lines_of_examples_and_exit_codes() {
    let page = written(&["man", "transform"]);
    for section in [
        ".SH EXAMPLES\n.nf\nExamples, with these variables:\n  export EVENT_ROUTER_TO=xapi",
        ".SH ENVIRONMENT\nEvery option can also",
        ".SH \"EXIT STATUS\"\n.nf\nExit codes (the largest wins):\n  0         done;",
        "130, 143  ended by SIGINT or SIGTERM: run again\n.fi\n.SH \"SEE ALSO\"\n",
    ] {
        assert!(page.contains(section), "{section}: {page}");
    }
    assert!(!page.contains("EXTRA"), "{page}");
    assert!(written(&["man"]).contains("EXIT STATUS"));
    assert!(!written(&["man", "events"]).contains("EXIT STATUS"));
    assert_eq!(written(&["man", "convert"]), page);
}

#[test]
fn the_pages_of_all_commands_are_written_to_a_directory() {
    let run = Run::new(&["man", "--all-to", "man"]).file("man/old", "");
    let ended = run.run().with_code(0);
    let names = ended.files("man");
    for name in [
        "event-router.1",
        "event-router-send.1",
        "event-router-lms-export.1",
    ] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
    assert_eq!(
        ended.read("man/event-router-send.1"),
        written(&["man", "send"]).as_bytes()
    );
    let ended = Run::new(&["man", "--all-to", "none"]).run().with_code(6);
    ended.assert_error("failed to write `none/event-router.1`");
}

#[test]
fn the_version_names_the_release_of_the_reference() {
    let version = written(&["-V"]);
    assert!(
        version.contains("edx-event-routing-backends 9.3.8"),
        "{version}"
    );
    assert_eq!(version, written(&["--version"]));
}

#[test]
fn words_of_options_are_taken_in_any_case_and_sizes_with_units() {
    let run = Run::new(&[
        "convert",
        "--to",
        "xAPI",
        "--lms-root-url",
        "https://courses.example.org",
    ])
    .args(&["--framing", "LINES", "--max-line-bytes", "2K", "log"])
    .file("log", line(1));
    assert_eq!(run.run().with_code(0).rows().len(), 1);
    let short = Run::transform().args(&["--max-line-bytes", "0.1K", "log"]);
    let ended = short.file("log", line(1)).run().with_code(0);
    assert_eq!(ended.count("unparsable"), 1);
    let wrong = Run::transform().args(&["--max-line-bytes", "32 elephants", "log"]);
    wrong
        .run()
        .with_code(2)
        .assert_stderr("expected bytes, such as 33554432 or 32M");
}

#[test]
fn the_format_of_a_router_is_taken_in_any_case() {
    let routers =
        |name: &str| format!(r#"[{{"backend_name": "{name}", "route_url": "https://a.example"}}]"#);
    let run = |name: &str| {
        let run = Run::transform().args(&["--routers", "routers.json", "log"]);
        run.file("routers.json", routers(name))
            .file("log", line(1))
            .run()
    };
    assert_eq!(run("xapi").with_code(0).count("emitted"), 1);
    run("xpai")
        .with_code(2)
        .assert_stderr("unknown format `xpai`, expected `xAPI` or `Caliper`");
}
