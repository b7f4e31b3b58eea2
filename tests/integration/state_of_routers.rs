//! `send --state`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{RunDirectory, filler, gzip, lines};
use crate::lrs::{Lrs, ServerFault};

#[test]
fn each_router_resumes_at_its_own_position() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..20));
    let (one, other) = (Lrs::healthy(), Lrs::healthy());
    directory.send(&one.xapi()).run().with_code(0);
    directory.send(&other.xapi()).run().with_code(0);
    directory.append("logs/a.log", &lines(20..30));
    directory.send(&one.xapi()).run().with_code(0);
    let routers = json!([
        {"backend_name": "xAPI", "route_url": one.xapi()},
        {"backend_name": "xAPI", "route_url": other.xapi()},
    ]);
    directory.write("routers.json", routers.to_string());
    let requests = one.request_count();
    directory
        .run_with_state(&["send", "--routers", "routers.json"])
        .args(&["--rejects", "rejects"])
        .run()
        .with_code(0);
    assert_eq!(one.request_count(), requests);
    assert_eq!((one.stored().len(), other.stored().len()), (30, 30));
    // Nothing was sent twice, so no conflict was looked up.
    let records = other.records();
    let mut methods = records.requests.iter().map(|request| &request.method);
    assert!(methods.all(|method| method == "POST"));
}

#[test]
fn a_send_stopped_by_the_server_resumes_without_sending_anything_twice() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log.gz", gzip(lines(0..100)));
    let lrs = Lrs::with_faults(|nth, _| match nth {
        5 => ServerFault::Status(401),
        _ => ServerFault::None,
    });
    let send = directory.send(&lrs.xapi()).args(&["--connections", "1"]);
    send.run().with_code(5);
    assert_eq!(lrs.stored().len(), 35);
    directory.send(&lrs.xapi()).run().with_code(0);
    assert_eq!(lrs.stored().len(), 100);
    let posted = lrs.request_count();
    assert_eq!(posted, 5 + 1 + 10);
    directory.send(&lrs.xapi()).run().with_code(0);
    assert_eq!(lrs.request_count(), posted);
}

#[test]
fn the_next_run_sends_to_a_stopped_router_what_it_missed_and_nothing_to_the_others() {
    let directory = RunDirectory::new();
    let log = lines(0..300) + &filler() + &lines(300..400);
    directory.write("logs/a.log", log);
    directory.write("logs/b.log.gz", gzip(lines(400..500)));
    let refuses = Arc::new(AtomicBool::new(true));
    let refusing = Arc::clone(&refuses);
    let stopped = Lrs::with_faults(move |_, _| match refusing.load(Ordering::Relaxed) {
        true => ServerFault::Status(401),
        false => ServerFault::None,
    });
    let well = Lrs::healthy();
    let routers =
        [&stopped, &well].map(|lrs| json!({"backend_name": "xAPI", "route_url": lrs.xapi()}));
    directory.write("routers.json", json!(routers).to_string());
    let run = || {
        let run = directory.run_with_state(&["send", "--routers", "routers.json"]);
        run.args(&["--batch-size", "10"])
    };
    let posted = |lrs: &Lrs| lrs.records().requests.len();

    run().run().with_code(5);
    assert_eq!((stopped.stored().len(), well.stored().len()), (0, 500));
    let (before, of_well) = (posted(&stopped), posted(&well));
    // The router that works gets new events, even if the other is still stopped.
    directory.append("logs/a.log", &lines(500..600));
    run().run().with_code(5);
    assert_eq!((stopped.stored().len(), well.stored().len()), (0, 600));
    assert!(posted(&stopped) > before && posted(&well) > of_well);

    let of_well = posted(&well);
    refuses.store(false, Ordering::Relaxed);
    run().run().with_code(0);
    assert_eq!((stopped.stored().len(), posted(&well)), (600, of_well));
    // Nothing was sent twice, so no conflict was looked up.
    let records = stopped.records();
    assert!(
        records
            .requests
            .iter()
            .all(|request| request.method == "POST")
    );
}

#[test]
fn a_slash_at_the_end_of_the_url_makes_no_other_server() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    let lrs = Lrs::healthy();
    let (url, with_slash) = (lrs.xapi(), lrs.xapi() + "/");
    let journal = || String::from_utf8(directory.read("state/journal.jsonl")).unwrap();
    for (nth, url) in [&url, &with_slash, &url].into_iter().enumerate() {
        if nth == 2 {
            // Earlier versions recorded the URL as it was given.
            let end = "/xAPI\"";
            assert!(journal().contains(end));
            directory.write("state/journal.jsonl", journal().replace(end, "/xAPI/\""));
        }
        let ended = directory.send(url).run().with_code(0);
        assert_eq!(ended.count("emitted"), if nth == 0 { 3 } else { 0 });
    }
    assert_eq!(lrs.request_count(), 1);
}

#[test]
fn routers_that_differ_only_in_their_query_or_a_slash_are_refused() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    let lrs = Lrs::healthy();
    // The test server answers 404 for the paths of the second pair, which stops the run.
    for (suffixes, code) in [(["?t=a", "?t=b"], 2), (["", "/"], 2), (["/a(1)", "/b"], 5)] {
        let router =
            |suffix: &str| json!({"backend_name": "xAPI", "route_url": lrs.xapi() + suffix});
        directory.write("routers.json", json!(suffixes.map(router)).to_string());
        let ended = directory
            .run_with_state(&["send", "--routers", "routers.json"])
            .run()
            .with_code(code);
        let is_refused = ended.stderr.contains("cannot tell apart");
        assert_eq!(is_refused, code == 2, "{}", ended.stderr);
    }
}
