use super::super::head_lines::HeadLines;
use super::*;
use crate::checkpoint::entry::DeliveryProgress;
use crate::checkpoint::history::History;
use crate::input::Position;

fn progress(line: u64) -> DeliveryProgress {
    DeliveryProgress {
        position: Position {
            line,
            offset: line * 10,
            hash: u128::from(line) << 100,
            open: false,
        },
        first_file: Some("out/a.xapi.jsonl".into()),
        files: 1,
        ended: true,
        at: 1_700_000_000 + line,
        history: History::default(),
    }
}

fn entries() -> Vec<Entry> {
    let delivered = |input, line| Entry::Delivered {
        input,
        to: "xapi out".to_owned(),
        progress: progress(line),
    };
    vec![
        Entry::Input {
            input: 1,
            name: "a".to_owned(),
            head_bytes: 10,
            head_hash: 7,
            head_lines: HeadLines::default(),
        },
        Entry::Writing {
            file: "out/.a.part".into(),
        },
        delivered(1, 1),
        Entry::Delivering {
            input: 1,
            to: "xapi out".to_owned(),
            progress: progress(2),
            part: "out/.a.part".into(),
            file: "out/a".into(),
            file_bytes: 3,
        },
        delivered(1, 2),
    ]
}

#[test]
fn a_journal_cut_at_any_byte_has_the_entries_before_the_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::rewrite(&path, &JournalContents::default()).unwrap();
    let mut lengths = vec![std::fs::metadata(&path).unwrap().len()];
    for entry in entries() {
        journal.append(&[&entry]).unwrap();
        lengths.push(std::fs::metadata(&path).unwrap().len());
    }
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let (contents, text) = Journal::read(&path).unwrap();
        let count = lengths
            .iter()
            .filter(|&&length| length <= cut as u64)
            .count();
        let mut expected = JournalContents::default();
        let lengths = lengths.windows(2).map(|pair| pair[1] - pair[0]);
        for (entry, length) in entries()
            .into_iter()
            .zip(lengths)
            .take(count.saturating_sub(1))
        {
            expected.apply(entry, length);
        }
        assert_eq!(format!("{contents:?}"), format!("{expected:?}"), "{cut}");

        // An entry that is appended after the cut is read with the entries before the cut.
        let mut journal = Journal::open(&path, &contents, &text, false).unwrap();
        let input = &entries()[0];
        journal.append(&[input]).unwrap();
        let (again, _) = Journal::read(&path).unwrap();
        expected.apply(input.clone(), 0);
        assert_eq!(
            again.entries(SystemTime::UNIX_EPOCH),
            expected.entries(SystemTime::UNIX_EPOCH)
        );
    }
}

#[test]
fn no_entry_follows_one_that_could_not_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::rewrite(&path, &JournalContents::default()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    // A journal that is open for reading only, so that appending fails.
    journal.file = File::open(&path).unwrap();
    for entry in entries() {
        assert!(journal.append(&[&entry]).is_err());
        journal.file = OpenOptions::new().append(true).open(&path).unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), whole);
}

#[test]
fn superseded_entries_are_left_out_when_the_journal_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut contents = JournalContents::default();
    for entry in entries() {
        contents.apply(entry, 0);
    }
    Journal::rewrite(&path, &contents).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let [version, input, delivered, seen] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    assert_eq!(version, r#"{"event_router_state":{"version":2}}"#);
    assert_eq!(
        input,
        r#"{"input":{"input":1,"name":"a","head_bytes":10,"head_hash":"00000000000000000000000000000007"}}"#
    );
    assert_eq!(
        delivered,
        r#"{"delivered":{"input":1,"to":"xapi out","progress":{"line":2,"offset":20,"hash":"00000020000000000000000000000000","first_file":"out/a.xapi.jsonl","files":1,"ended":true,"at":1700000002,"trail":{"ends":"1,10,00000010000000000000000000000000,1700000001"}}}}"#
    );
    assert!(seen.starts_with(r#"{"seen":{"day":"#) && seen.ends_with(r#","inputs":[[1,1]]}}"#));
}

#[test]
fn a_journal_is_replaced_when_most_of_its_entries_are_obsolete() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let length = || std::fs::metadata(&path).unwrap().len();
    let mut lengths = Vec::new();
    for line in 1..=1000 {
        let (mut contents, text) = Journal::read(&path).unwrap();
        let mut journal = Journal::open(&path, &contents, &text, false).unwrap();
        let [input, .., delivered] = &mut entries()[..] else {
            panic!("there are entries");
        };
        if line == 1 {
            journal.append(&[input]).unwrap();
            contents.apply(input.clone(), 0);
        }
        if let Entry::Delivered { progress, .. } = delivered {
            progress.position.line = line;
            progress.position.offset = line * 10;
        }
        journal.append(&[delivered]).unwrap();
        lengths.push(length());
    }
    let replaced = lengths.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!((2..10).contains(&replaced), "{replaced}");
    assert!(lengths.iter().all(|&length| length < LEAST_REPLACED + 1000));
    let (contents, _) = Journal::read(&path).unwrap();
    let position = contents.inputs[&1]
        .delivered
        .get("xapi out")
        .unwrap()
        .position;
    assert_eq!((position.line, position.offset), (1000, 10_000));
}

#[test]
fn a_damaged_journal_is_an_error_that_names_the_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let version = r#"{"event_router_state":{"version":1}}"#;
    for (text, message) in [
        ("x\n".to_owned(), "not a journal of event-router"),
        (format!("{version}\n{{}}\n"), "line 2 of the state"),
        (version.replace('1', "3") + "\n", "version 3"),
        (
            r#"{"writing":{"file":"a"}}"#.to_owned() + "\n",
            "is not a journal",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = format!("{:#}", Journal::read(&path).unwrap_err());
        assert!(error.contains(message), "{error}");
    }
}
