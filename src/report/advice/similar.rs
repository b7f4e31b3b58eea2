//! Suggestions for mistyped courses and organizations.

use crate::selection::nearest_by;

/// Returns the id that is most similar to a glob of `--course` or `--org`, if an id is similar enough.
pub fn nearest_id<'n>(glob: &str, ids: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let literal = normal(&glob.replace('*', ""));
    let length = literal.chars().count();
    nearest_by(ids, |id| {
        let id = normal(id);
        let extra = id.chars().count().saturating_sub(length);
        let part: String = match (glob.starts_with('*'), glob.ends_with('*')) {
            (false, true) => id.chars().take(length).collect(),
            (true, false) => id.chars().skip(extra).collect(),
            (false, false) | (true, true) => id,
        };
        strsim::normalized_damerau_levenshtein(&literal, &part)
    })
}

/// Returns an id in lower case, without what differs between the ways to write the id of one course: a namespace, slashes
/// in place of `+`, and escapes of URLs.
fn normal(id: &str) -> String {
    let id = id.trim().to_lowercase();
    let id = id.replace("%3a", ":").replace("%2b", "+");
    let names = id.split_once(':').map_or(id.as_str(), |(_, names)| names);
    names.replace(['/', ' '], "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_that_was_meant_is_suggested() {
        let botany = "course-v1:DemoX+Botany+2024";
        let ids = [botany, "course-v1:DemoX+Math+2024", "MITx/6.002x/2012_Fall"];
        for (glob, suggestion) in [
            ("course-v1:DemoX+Botny+2024", Some(botany)),
            ("course-v1:demox+botany+2024", Some(botany)),
            ("DemoX+Botany+2024", Some(botany)),
            ("DemoX/Botany/2024", Some(botany)),
            ("course-v1%3ADemoX%2BBotany%2B2024", Some(botany)),
            ("course-v1:DemoX Botany 2024", Some(botany)),
            ("course-v1:DemoX+Botny+*", Some(botany)),
            ("*+Botny+2024", Some(botany)),
            ("course-v1:MITx+6.002x+2012_Fall", Some(ids[2])),
            ("course-v1:edX+Physics+2019", None),
            ("x*", None),
            ("*", None),
        ] {
            assert_eq!(nearest_id(glob, ids), suggestion, "{glob}");
        }
        assert_eq!(nearest_id("mitx", ["MITx", "edX"]), Some("MITx"));
    }
}
