//! `--state` when sending.

use crate::harness::gzip;
use crate::lrs::{Fault, Lrs, Settings};
use crate::place::{Place, lines, run};

#[test]
fn each_router_goes_on_where_it_was() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..20));
    let (one, other) = (
        Lrs::start(Settings::default()),
        Lrs::start(Settings::default()),
    );
    run(place.send(&one.xapi()), 0);
    run(place.send(&other.xapi()), 0);
    place.append("logs/a.log", &lines(20..30));
    run(place.send(&one.xapi()), 0);
    let routers = serde_json::json!([
        {"backend_name": "xAPI", "route_url": one.xapi()},
        {"backend_name": "xAPI", "route_url": other.xapi()},
    ]);
    place.write("routers.json", routers.to_string());
    let requests = one.records().requests.len();
    let mut both = place.command(&["send", "--routers", "routers.json"]);
    both.args(["--rejects", "rejects"]);
    run(both, 0);
    assert_eq!(one.records().requests.len(), requests);
    assert_eq!((one.stored().len(), other.stored().len()), (30, 30));
    assert!(
        other
            .records()
            .requests
            .iter()
            .all(|request| request.method == "POST")
    );
}

#[test]
fn a_send_that_the_server_stopped_goes_on_from_there() {
    let place = Place::new();
    place.write("logs/a.log.gz", gzip(lines(0..100)));
    let lrs = Lrs::start(Settings {
        fault: Box::new(|nth, _| {
            if nth == 5 {
                Fault::Status(403)
            } else {
                Fault::None
            }
        }),
        ..Settings::default()
    });
    let mut send = place.send(&lrs.xapi());
    send.args(["--connections", "1"]);
    run(send, 5);
    assert_eq!(lrs.stored().len(), 35);
    run(place.send(&lrs.xapi()), 0);
    assert_eq!(lrs.stored().len(), 100);
    // What was acknowledged is not sent again.
    let posted = lrs.records().requests.len();
    assert_eq!(posted, 5 + 1 + 10);
    let before = lrs.records().requests.len();
    run(place.send(&lrs.xapi()), 0);
    assert_eq!(lrs.records().requests.len(), before);
}

#[test]
fn routers_that_a_state_cannot_tell_apart_are_an_error() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    let lrs = Lrs::start(Settings::default());
    for (queries, code) in [(["?t=a", "?t=b"], 2), (["/a(1)", "/b"], 5)] {
        let router = |query: &str| serde_json::json!({"backend_name": "xAPI", "route_url": lrs.xapi() + query});
        place.write(
            "routers.json",
            serde_json::json!(queries.map(router)).to_string(),
        );
        // The server knows no such paths, which is found when it is asked.
        let said = run(place.command(&["send", "--routers", "routers.json"]), code);
        assert_eq!(
            said.contains("could not tell them apart"),
            code == 2,
            "{said}"
        );
    }
}
