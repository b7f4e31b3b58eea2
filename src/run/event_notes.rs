//! Notes about events, shown at the end of a run.

use crate::console::Console;
use crate::lms::Lms;
use crate::outcome::Tally;
use crate::text::counted;

/// Shows a note if external ids were derived.
pub fn note_derived_ids(lms: &Lms, console: &Console) {
    let (has_users, of_listed) = (lms.users.is_some(), lms.derived_users.count() > 0);
    let (whose, remedy) = match (lms.has_derived_unknown(), of_listed) {
        (false, false) => return,
        (true, false) if has_users => (" of users who are not in the table", ""),
        (true, false) => ("", "; to use those, give a table of users with `--users`"),
        (is_unknown, true) => (
            match is_unknown {
                true => " of users who are not in the table or have none in it",
                false => " of users who have none in the table",
            },
            "; to give the LMS the same ids, import those that `event-router lms external-ids` writes",
        ),
    };
    console.note(&format!(
        "note: external ids{whose} were derived and do not match the LMS's own{remedy}"
    ));
}

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
