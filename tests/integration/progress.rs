//! The progress bar on a terminal.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Run, lines};
use crate::lrs::{Lrs, ServerFault};

/// Returns the numbers that were on the screen before a text, in order.
fn numbers(screen: &str, text: &str) -> Vec<u64> {
    let before = screen.split(text).collect::<Vec<_>>();
    let number = |text: &&str| text.rsplit(' ').next().unwrap().parse().ok();
    before[..before.len() - 1]
        .iter()
        .filter_map(number)
        .collect()
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
    let waited = numbers(&String::from_utf8_lossy(&screen), " %  ");
    assert!(!waited.is_empty() && waited.iter().all(|&percent| percent == 0));
    output.read_to_end(&mut screen).unwrap();
    running.end().with_code(0);
    let screen = String::from_utf8(screen).unwrap();
    let percent = numbers(&screen, " %  ");
    assert!(percent.is_sorted() && percent.iter().all(|&percent| percent < 100));
    assert!(numbers(&screen, " delivered").is_sorted());
    assert_eq!(lrs.stored().len(), 200);
}

#[test]
fn a_bar_is_shown_only_on_a_terminal_and_if_the_user_wants_it() {
    for (how, is_shown) in [("bar", true), ("log", false), ("none", false)] {
        let run = Run::transform().args(&["--progress", how, "-o", "out", "a.log"]);
        let run = run.file("a.log", lines(0..10));
        let ended = run.on_terminal().run().with_code(0);
        let screen = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(screen.contains(" %  "), is_shown, "{screen}");
        let run = Run::transform().args(&["--progress", how, "a.log"]);
        let ended = run.file("a.log", lines(0..10)).run().with_code(0);
        ended.assert_not_stderr(" % ");
        ended.assert_not_stderr("progress: ");
    }
}

#[test]
fn a_signal_leaves_no_bar_behind() {
    let run = Run::transform().args(&["-o", "out", "-"]).on_terminal();
    let mut running = run.start();
    let mut output = running.child.stdout.take().unwrap();
    let (mut screen, mut buffer) = (Vec::new(), [0; 4096]);
    while !screen.contains(&b'B') || !screen.ends_with(b"\r") {
        let read = output.read(&mut buffer).unwrap();
        screen.extend_from_slice(&buffer[..read]);
    }
    // The terminal turns this byte into SIGINT.
    running.write("\u{3}");
    output.read_to_end(&mut screen).unwrap();
    running.end().with_code(130);
    let screen = String::from_utf8_lossy(&screen);
    // At the end of a line, the terminal would show `^C` below the bar, whose first line stayed behind.
    let (before, _) = screen.split_once("^C").unwrap();
    assert!(before.ends_with('\r'), "{screen:?}");
    let (_, summary) = screen.rsplit_once("\u{1b}[2K").unwrap();
    // The bar has two lines. The cursor moves up to the first.
    let summary = summary.trim_start_matches("\u{1b}[1A");
    assert!(summary.starts_with("nothing written to"), "{screen:?}");
}

#[test]
fn a_quiet_run_shows_nothing() {
    let lrs = Lrs::healthy();
    let run = Run::send(&lrs.xapi()).args(&["--quiet", "--unknown-user", "derive", "a.log"]);
    let ended = run
        .file("a.log", lines(0..10))
        .on_terminal()
        .run()
        .with_code(0);
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "");
}
