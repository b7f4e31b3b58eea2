//! The LMS database as the source of users and courses: everything that needs no server. `tests/mariadb` has the rest.

use crate::harness::{Ended, Run, line};

const URL: &str = "mysql://reader@127.0.0.1:1/edxapp";

fn transform(url: &str) -> Run {
    Run::transform()
        .stdin(line(1))
        .args(&["-", "--lms-db", url])
}

#[cfg(feature = "lms-db")]
fn export(url: &str) -> Run {
    Run::new(&["lms", "export", "--users", "u.csv", "--lms-db", url])
}

/// Checks that a run ends with an error of usage that has this text, and writes no file.
fn refused(ended: Ended, text: &str) {
    let ended = ended.with_code(2);
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stdout.is_empty());
    assert!(!ended.directory.path("u.csv").exists());
}

#[test]
fn the_tables_come_from_files_or_from_the_database() {
    for option in ["--users", "--courses"] {
        let ended = transform(URL)
            .args(&[option, "table.csv"])
            .run()
            .with_code(2);
        assert!(
            ended.stderr.contains("cannot be used with"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn an_export_needs_a_database_and_a_table() {
    let ended = Run::new(&["lms", "export", "--users", "u.csv"]).run();
    refused(ended, "give the LMS database with `--lms-db`");
    let ended = Run::new(&["lms", "export", "--lms-db", URL])
        .run()
        .with_code(2);
    assert!(ended.stderr.contains("--users <FILE>"), "{}", ended.stderr);
}

#[cfg(feature = "lms-db")]
#[test]
fn a_password_comes_from_the_environment_or_a_file_and_never_from_the_arguments() {
    let url = "mysql://reader:hunter2@127.0.0.1:1/edxapp";
    for run in [transform(url), export(url)] {
        refused(
            run.run(),
            "set EVENT_ROUTER_LMS_DB_PASSWORD or `--lms-db-password-file`",
        );
    }
    let missing = transform(URL).args(&["--lms-db-password-file", "missing"]);
    refused(missing.run(), "failed to read `missing`");
    let present = transform(URL).args(&["--lms-db-password-file", "password"]);
    let present = present.file("password", "hunter2\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let owner_only = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(present.directory.path("password"), owner_only).unwrap();
    }
    refused(present.run(), "Connection refused");
    let variable = transform(URL).env("EVENT_ROUTER_LMS_DB_PASSWORD", "hunter2");
    refused(variable.run(), "Connection refused");
}

#[cfg(feature = "lms-db")]
#[test]
fn a_run_with_a_state_and_nothing_new_does_not_open_the_database() {
    let derived = ["log", "--state", "state", "-o", "out", "--quiet"];
    let first = Run::transform().args(&derived).file("log", line(1));
    let first = first.run().with_code(0);
    let again = |log: String| {
        let run = Run::transform()
            .in_directory(&first.directory)
            .file("log", log);
        run.args(&derived).args(&["--lms-db", URL]).run()
    };
    again(line(1)).with_code(0);
    let ended = again([line(1), line(2)].concat()).with_code(2);
    assert!(
        ended.stderr.contains("Connection refused"),
        "{}",
        ended.stderr
    );
}

/// Starts a server that greets as MySQL does and does not speak TLS. Returns its port.
#[cfg(feature = "lms-db")]
fn server_without_tls() -> u16 {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut greeting =
                b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0\xff\xf7\x21\x02\0\xff\xdf\x15".to_vec();
            greeting.extend([0; 10]);
            greeting.extend(b"ijklmnopqrst\0mysql_native_password\0");
            let length = u8::try_from(greeting.len()).unwrap();
            stream.write_all(&[length, 0, 0, 0]).unwrap();
            stream.write_all(&greeting).unwrap();
            // The client closes the connection.
            let _ = stream.read(&mut [0; 512]);
        }
    });
    port
}

#[cfg(feature = "lms-db")]
#[test]
fn a_server_without_tls_and_a_server_that_is_away_have_their_own_advice() {
    let port = server_without_tls();
    let error = |url: &str| transform(url).run().with_code(2).stderr;
    let without_tls = error(&format!(
        "mysql://reader@127.0.0.1:{port}/edxapp?ssl-mode=required"
    ));
    let advice = "the server speaks no TLS; add `?ssl-mode=disabled` to the URL";
    assert!(without_tls.contains(advice), "{without_tls}");
    for url in [
        "mysql://reader@127.0.0.1:1/edxapp?ssl-mode=required",
        "mysql://reader@lms.invalid/edxapp",
    ] {
        let away = error(url);
        let advice = "check the host and port in `--lms-db` and that the server runs\n";
        assert!(away.ends_with(advice), "{away}");
    }
    let without_host = error("mysql://reader@/edxapp");
    assert!(
        without_host.contains("has no host: write it like"),
        "{without_host}"
    );
}

#[cfg(feature = "lms-db")]
#[test]
fn an_export_does_not_replace_a_file_that_it_reads() {
    let run = export(URL).args(&["--lms-db-password-file", "u.csv"]);
    let ended = run.file("u.csv", "hunter2").run().with_code(2);
    assert!(
        ended.stderr.contains("would replace `u.csv`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_table_is_not_exported_to_standard_output() {
    for option in ["--users", "--courses"] {
        let run = Run::new(&["lms", "export", "--lms-db", URL, option, "-"]);
        refused(run.run(), &format!("`{option} -` names no file"));
    }
}
