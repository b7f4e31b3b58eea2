//! Events that were renamed.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};
use crate::tracking::TrackingEvent;

/// Returns the present name of events that had this name.
pub fn present_name(earlier: &str) -> Option<&'static str> {
    Some(match earlier {
        "save_problem_check" => "problem_check",
        "show_answer" => "showanswer",
        "seq_goto" => "edx.ui.lms.sequence.tab_selected",
        "seq_next" => "edx.ui.lms.sequence.next_selected",
        "seq_prev" => "edx.ui.lms.sequence.previous_selected",
        _ => return None,
    })
}

/// Returns the event under its present name. The positions `old` and `new` of navigation events were renamed, too.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    let earlier = match event.has_name() {
        true => event.name()?,
        false => event.event_type()?,
    };
    let name = present_name(earlier)?;
    let mut root = event.root().set("name", Value::Str(name), arena);
    if let Some(Value::Object(data)) = event.whole_data() {
        let mut renamed = data;
        for (old_key, key) in [("old", "current_tab"), ("new", "target_tab")] {
            if let Some(value) = data.get(old_key).filter(|_| data.get(key).is_none()) {
                renamed = renamed.set(key, value, arena);
            }
        }
        root = root.set(event.data_key(), Value::Object(renamed), arena);
    }
    Some(root)
}
