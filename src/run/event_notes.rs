//! Notes about events without a name, without a time, or with two times. They are shown at the end of a run.

use crate::console::Console;
use crate::format::Format;
use crate::outcome::Tally;
use crate::text::counted;

/// Shows notes about unsupported events that an option would convert, and about emitted events whose times are doubtful.
pub fn note_events(tally: &Tally, format: Format, console: &Console) {
    let details = &tally.details;
    let named_by_type = details.unsupported.named_by_type;
    if named_by_type > 0 {
        let lines = counted(named_by_type, "line has", "lines have");
        let format = format.title();
        let message = format!(
            "{lines} no name but an event_type that {format} takes: use `--name-from-event-type`"
        );
        match tally.emitted + tally.duplicate {
            0 => console.alert(&message),
            _ => console.note(&format!("note: {message}")),
        }
    }
    let emitted = |count| counted(count, "emitted event has", "emitted events have");
    if details.without_time > 0 {
        let events = emitted(details.without_time);
        console.note(&format!(
            "note: {events} no time: statement ids may repeat, and an LRS keeps one statement of each id; find out what removed `time` from the log"
        ));
    }
    if details.two_times > 0 {
        let events = emitted(details.two_times);
        console.note(&format!(
            "note: {events} a `time` and a `timestamp` that differ by more than a second, and the output has `timestamp`: if a log shipper added it, remove it from the log"
        ));
    }
}
