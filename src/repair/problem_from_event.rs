//! Checked problems of the time before events had a referer. The reference does not convert them without one, although
//! the event names the problem.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};
use crate::tracking::TrackingEvent;

/// Returns the event with its page as the referer and, if the event does not name the block of the problem, with that
/// of the module in the context.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    let name = event.name().or_else(|| event.event_type())?;
    let has_referer = event.find("referer").is_some() || event.context("referer").is_some();
    if name != "problem_check" || has_referer {
        return None;
    }
    let root = event.root();
    let page = root
        .get("page")
        .filter(|page| page.as_str().is_some_and(|page| !page.is_empty()));
    let referer = page.unwrap_or(Value::Str(NO_PAGE));
    let context = root.object_at("context").set("referer", referer, arena);
    let root = root
        .set("referer", referer, arena)
        .set("context", Value::Object(context), arena);
    let module = event.context("module").and_then(Value::as_object);
    let block = module.and_then(|module| module.get("usage_key"));
    let (Some(block), Some(Value::Object(data))) = (block, event.whole_data()) else {
        return Some(root);
    };
    if event
        .data("problem_id")
        .or_else(|| event.data("module_id"))
        .is_some()
    {
        return Some(root);
    }
    let data = data.set("problem_id", block, arena);
    Some(root.set(event.data_key(), Value::Object(data), arena))
}

/// The page that the server names in its own events.
const NO_PAGE: &str = "x_module";
