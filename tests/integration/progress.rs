//! The progress bar on a terminal.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Run, lines};
use crate::lrs::{Lrs, ServerFault};

/// Returns the percentages and the numbers of statements that were on the screen, in order.
fn frames(screen: &str) -> Vec<(u64, u64)> {
    let frames = screen.split(" %  ").collect::<Vec<_>>();
    let number = |text: &str| text.replace(',', "").parse().unwrap();
    let frame = |pair: &[&str]| {
        let percent = pair[0].rsplit(' ').next().unwrap();
        (number(percent), number(pair[1].split(' ').next().unwrap()))
    };
    frames.windows(2).map(frame).collect()
}

#[test]
fn the_bar_shows_what_is_delivered_and_why_the_run_waits() {
    let answers = Arc::new(AtomicBool::new(false));
    let is_ready = Arc::clone(&answers);
    let lrs = Lrs::with_faults(move |_, method| match method {
        "POST" if !is_ready.load(Ordering::Relaxed) => ServerFault::RetryAfter(503, "1".to_owned()),
        _ => ServerFault::None,
    });
    let run = Run::send(&lrs.xapi()).args(&["--batch-size", "50", "--max-retries", "60", "a.log"]);
    let mut running = run.file("a.log", lines(0..200)).on_terminal().start();
    let mut output = running.child.stdout.take().unwrap();
    let (mut screen, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = output.read(&mut buffer).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&screen));
        screen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&screen);
        // Not every retry is on the screen if the machine is slow.
        let retry = text.rsplit_once("the LRS answered 503: retry ");
        if retry.is_some_and(|(_, retry)| retry.contains(" of 60 in 1 s")) {
            answers.store(true, Ordering::Relaxed);
            break;
        }
    }
    let waited = frames(&String::from_utf8_lossy(&screen));
    assert!(!waited.is_empty() && waited.iter().all(|&frame| frame == (0, 0)));
    output.read_to_end(&mut screen).unwrap();
    running.end().with_code(0);
    let screen = String::from_utf8(screen).unwrap();
    let frames = frames(&screen);
    assert!(frames.is_sorted_by_key(|frame| frame.0), "{frames:?}");
    assert!(frames.is_sorted_by_key(|frame| frame.1), "{frames:?}");
    assert!(frames.iter().all(|frame| frame.0 < 100), "{frames:?}");
    assert_eq!(lrs.stored().len(), 200);
}

#[test]
fn a_quiet_run_shows_nothing() {
    let lrs = Lrs::healthy();
    let run = Run::send(&lrs.xapi()).args(&["--quiet", "a.log"]);
    let ended = run
        .file("a.log", lines(0..10))
        .on_terminal()
        .run()
        .with_code(0);
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "");
}
