//! Notes about events, shown at the end of a run.

use crate::console::Console;
use crate::lms::{Lms, Unknown};
use crate::outcome::Tally;
use crate::text::counted;
use crate::url::redacted;

/// Shows a note if external ids were derived, or courses are named by their ids because there is no table of courses. Warns
/// if the records went to a server, which does not forget them, and the user has not asked for derived ids.
pub fn note_derived_ids(lms: &Lms, is_sent: bool, console: &Console) {
    let ids_are_names = lms.unknown_course == Unknown::Reject && lms.has_course_named_by_id();
    if lms.users.is_none() && lms.has_derived_unknown() {
        let courses = match ids_are_names {
            true => "; without `--courses`, courses are named by their ids",
            false => "",
        };
        let derived = "external ids were derived and do not match the LMS's own";
        match is_sent && lms.unknown_user == Unknown::Reject {
            true => console.alert(&format!(
                "{derived}: give a table of users with `--users`, or accept such ids with `--unknown-user derive`{courses}"
            )),
            false => console.note(&format!(
                "note: {derived}; to use those, give a table of users with `--users`{courses}"
            )),
        }
        return;
    }
    if ids_are_names {
        console.note(
            "note: courses are named by their ids; to use their names, give a table of courses with `--courses`",
        );
    }
    let of_listed = lms.derived_users.count() > 0;
    let (whose, remedy) = match (lms.has_derived_unknown(), of_listed) {
        (false, false) => return,
        (true, false) => (" of users who are not in the table", ""),
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

/// Shows a note if the events seem to come from another LMS than that of the root URL.
pub fn note_site(lms: &Lms, tally: &Tally, console: &Console) {
    let sites = tally.details.sites.most_frequent(1);
    if let Some((site, _)) = sites.first().filter(|_| !tally.details.has_root_url) {
        console.note(&format!(
            "note: the events seem to come from `{site}`, not from `{}`: check that `--lms-root-url` equals LMS_ROOT_URL in the settings of the LMS, since ids depend on it",
            redacted(&lms.root_url)
        ));
    }
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
