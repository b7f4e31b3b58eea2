//! Many errors of one kind in a run.

use serde_json::{Value, json};

use crate::harness::{Run, line, lines};

#[test]
fn many_errors_of_one_kind_are_counted_and_the_report_has_all() {
    let wide: Vec<u8> = lines(0..2)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut run = Run::transform();
    for nth in 0..35 {
        run = run.file(&format!("logs/{nth}.log"), &wide);
    }
    let run = run
        .file("logs/x.log", b"-----BEGIN PGP MESSAGE-----\n")
        .file("logs/y.log", line(1));
    let names: Vec<String> = (0..25).map(|nth| format!("missing{nth}")).collect();
    let mut arguments = vec!["--quiet", "--report", "report.json", "-o", "out", "logs"];
    arguments.extend(names.iter().map(String::as_str));
    let ended = run.args(&arguments).run().with_code(3);
    for (words, shown) in [
        (": it is UTF-16 text", 20),
        (": it is encrypted", 1),
        ("failed to open `missing", 20),
    ] {
        assert_eq!(
            ended.stderr.matches(words).count(),
            shown,
            "{}",
            ended.stderr
        );
    }
    for more in [5, 15] {
        ended.assert_stderr(&format!(
            "error: {more} more errors like these are not shown; `--report FILE` lists the errors of all inputs"
        ));
    }
    assert_eq!(ended.stderr.lines().count(), 43);
    let report = ended.report();
    let failed = |input: &&Value| input["error"].is_string();
    assert_eq!(
        report["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(failed)
            .count(),
        61
    );
    assert_eq!(report["total"]["failed_inputs"], json!(61));
}
