use super::*;

fn file(device: u64, inode: u64) -> Entry {
    let entry = format!(
        r#"{{"file":{{"input":1,"lines":3,"to":[0],"stamp":{{"device":{device},"inode":{inode},"size":9,"modified":1,"changed":{device}}}}}}}"#
    );
    serde_json::from_str(&entry).unwrap()
}

/// A file system may get another device number each time it is mounted.
#[test]
fn the_files_of_an_input_are_limited() {
    let mut contents = JournalContents::default();
    let input = r#"{"input":{"input":1,"name":"a","head_bytes":0,"head_hash":"0"}}"#;
    contents.apply(serde_json::from_str(input).unwrap(), 10);
    for device in 1..=20 {
        contents.apply(file(device, 7), 100);
    }
    contents.apply(file(20, 7), 100);
    assert_eq!(contents.dead_bytes(), 1700);
    let entries = contents.entries(SystemTime::UNIX_EPOCH);
    let files = entries
        .iter()
        .filter(|entry| matches!(entry, Entry::File { .. }));
    let files: Vec<&Entry> = files.collect();
    assert_eq!(
        files,
        [20, 19, 18, 17]
            .map(|device| file(device, 7))
            .iter()
            .collect::<Vec<_>>()
    );
}
