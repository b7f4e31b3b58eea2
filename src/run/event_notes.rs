//! Notes about events, shown at the end of a run.

use crate::console::Console;
use crate::outcome::Tally;
use crate::text::counted;

/// Shows notes about emitted events whose times are doubtful.
pub fn note_events(tally: &Tally, console: &Console) {
    let details = &tally.details;
    let emitted = |count| counted(count, "emitted event has", "emitted events have");
    if details.without_time > 0 {
        let events = emitted(details.without_time);
        console.note(&format!(
            "note: {events} no time: statement ids may repeat, and an LRS keeps one statement of each id; find out what removed `time` from the log"
        ));
    }
    if details.without_attempt_id > 0 {
        let statements = counted(
            details.without_attempt_id,
            "statement with the verb `evaluated` has",
            "statements with the verb `evaluated` have",
        );
        console.note(&format!(
            "note: {statements} no attempt-id that is a number: the model `problem_events` of Aspects cannot read them, which makes an insert of them fail (see *ClickHouse* in the guide)"
        ));
    }
    if details.two_times > 0 {
        let events = emitted(details.two_times);
        let repairs = details.repairs_of_two_times.names();
        console.note(&format!(
            "note: {events} a `time` and a `timestamp` that differ by more than a second, and the output has `timestamp`: if a log shipper added `timestamp`, `--repair {repairs}` takes `time`"
        ));
    }
}
