//! `--state` with inputs that are not complete: damaged gzip files, files that are still being written, shorter copies.

use crate::harness::{RunDirectory, gzip, line, lines};

#[test]
fn a_damaged_gzip_file_is_an_error_in_every_run() {
    let packed = gzip(lines(0..3));
    let large = gzip(lines(0..20_000));
    let garbage = b"garbage, and not a gzip header".to_vec();
    for (bytes, emitted) in [
        (packed[..9].to_vec(), 0),
        (packed[..60].to_vec(), 0),
        (packed[..packed.len() - 1].to_vec(), 3),
        ([packed.clone(), garbage.clone()].concat(), 3),
        ([packed.clone(), packed[..20].to_vec()].concat(), 3),
        ([large.clone(), garbage].concat(), 20_000),
    ] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log.gz", &bytes);
        directory.age("logs/a.log.gz");
        directory.write("logs/b.log", line(30_000));
        for (nth, emitted) in [emitted + 1, 0, 0].into_iter().enumerate() {
            let ended = directory.transform().run().with_code(3);
            assert_eq!(ended.count("emitted"), emitted, "{nth}");
            ended.assert_error("failed to ");
            ended.assert_not_stderr("leave it out");
        }
    }
}
