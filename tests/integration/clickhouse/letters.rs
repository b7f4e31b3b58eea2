//! Dead letters of ClickHouse and for ClickHouse.

use super::{is_poisoned, run, send};
use crate::clickhouse_server::{ClickHouse, Fault, Kind};
use crate::harness::{Ended, ROOT_URL, Run, lines, poisoned};
use crate::lrs::{Lrs, ServerFault};

fn recover(ended: &Ended, server: &ClickHouse) -> Run {
    run("recover", server).in_directory(&ended.directory)
}

#[test]
fn a_row_that_cannot_be_read_becomes_a_dead_letter_that_recover_inserts() {
    for code in [27, 41, 117, 376] {
        let server = ClickHouse::with_faults(move |kind, nth, rows| match kind {
            Kind::Insert if nth < 1000 && is_poisoned(rows) => {
                Fault::Exception(400, code, "Cannot parse")
            }
            _ => Fault::None,
        });
        let log = lines(0..10) + &poisoned(10) + &lines(11..30);
        let run = send(&server, &log).args(&["--dead-letters", "dead"]);
        let ended = run.run().with_code(4);
        assert_eq!(server.stored().len(), 29);
        let letters = Run::new(&["dead-letters", "dead"]).in_directory(&ended.directory);
        let url = server.url();
        let advised = format!(
            "--clickhouse-url {url} --clickhouse-table openedx.xapi_events_all --reason refused  #"
        );
        let stdout = letters.run().with_code(0).stdout;
        let stdout = String::from_utf8(stdout).unwrap();
        assert!(stdout.contains(&advised), "{stdout}");
        let letter = ended.only_dead_letter("refused");
        assert_eq!(letter["items"].as_array().unwrap().len(), 1);
        assert!(letter["items"][0]["payload"]["actor"].is_object());
        {
            // From the thousandth insert on, the server reads the row.
            let records = &mut server.records().requests;
            let request = records[0].1.clone();
            records.extend(std::iter::repeat_n((Kind::Insert, request), 1000));
        }
        let recovered = recover(&ended, &server).run().with_code(0);
        assert!(recovered.files("dead").is_empty());
        assert_eq!(server.stored().len(), 30);
    }
}

#[test]
fn dead_letters_of_a_learning_record_store_go_to_clickhouse_if_their_router_is_named() {
    let lrs = Lrs::with_faults(|_, body| match body.contains("poison") {
        true => ServerFault::Status(400),
        false => ServerFault::None,
    });
    let run = Run::new(&["send", "--to", "xapi", "--lms-root-url", ROOT_URL, "a.log"]);
    let run = run.args(&["--url", &lrs.xapi(), "--dead-letters", "dead"]);
    let ended = run
        .file("a.log", lines(0..5) + &poisoned(5))
        .run()
        .with_code(4);
    let server = ClickHouse::healthy();
    let advice = format!(
        "`--router-url {}` beside `--url` or `--clickhouse-url`",
        lrs.xapi()
    );
    let unnamed = recover(&ended, &server).run();
    unnamed.with_code(4).assert_stderr(&advice);
    let named = recover(&ended, &server).args(&["--router-url", &lrs.xapi()]);
    assert!(named.run().with_code(0).files("dead").is_empty());
    assert_eq!(server.stored().len(), 1);
}
