//! Suggestions for mistyped courses and organizations.

use crate::selection::nearest_by;

/// Returns the id that is most similar to a glob of `--course` or `--org`, if an id is similar enough.
pub fn nearest_id<'n>(glob: &str, ids: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let literal = normal(&glob.replace('*', ""));
    let length = literal.chars().count();
    nearest_by(ids, |id| {
        let id = normal(id);
        let without_run = id.strip_prefix(&literal);
        if without_run.is_some_and(|run| literal.contains('+') && run.starts_with('+')) {
            return 1.0;
        }
        let extra = id.chars().count().saturating_sub(length);
        let part: String = match (glob.starts_with('*'), glob.ends_with('*')) {
            (false, true) => id.chars().take(length).collect(),
            (true, false) => id.chars().skip(extra).collect(),
            (false, false) | (true, true) => id,
        };
        strsim::normalized_damerau_levenshtein(&literal, &part)
    })
}

/// Returns a glob that matches an id, for a glob of the form `TEXT*` that is the beginning of the id in another form, such
/// as `demox*`. Other courses may begin like this, too, so the id alone is not what was meant.
pub fn beginning_of(glob: &str, id: &str) -> Option<String> {
    let text = glob.strip_suffix('*').filter(|text| !text.contains('*'))?;
    let id_in_form = normal(id);
    let rest = id_in_form.strip_prefix(&normal(text))?;
    let end = id.len().checked_sub(rest.len())?;
    Some(format!("{}*", id.get(..end)?))
}

/// Returns whether a glob that does not match an id was most likely meant to: whether only the form of the two differs, or
/// a word in the organization or the name of the course. Courses of one name have many runs, and similar names often
/// differ in a number or a letter, as in `Math101A`.
pub fn is_mistyped(glob: &str, id: &str) -> bool {
    let (glob, id) = (normal(&glob.replace('*', "")), normal(id));
    let has_letters = |word: &&str| word.len() > 1 && !word.contains(|c: char| c.is_ascii_digit());
    let words = |id: &str| -> Vec<String> {
        let names = id.split('+').take(2);
        let words = names.flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        words.filter(has_letters).map(str::to_owned).collect()
    };
    let is_beginning = id.strip_prefix(&glob);
    is_beginning.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
        || words(&glob) != words(&id)
}

/// Returns an id in lower case, without what differs between the ways to write the id of one course: the URL of a page of
/// the course, a namespace, slashes in place of `+`, and escapes of URLs.
fn normal(id: &str) -> String {
    let id = id.trim().to_lowercase();
    let id = id.replace("%3a", ":").replace("%2b", "+");
    let id = in_url(&id).unwrap_or(id);
    let names = id.split_once(':').map_or(id.as_str(), |(_, names)| names);
    names.replace(['/', ' '], "+")
}

/// Returns the id of a course in the URL of one of its pages in the LMS, or in the micro-frontend for learners.
fn in_url(url: &str) -> Option<String> {
    let (_, path) = url.split_once("://")?;
    let mut parts = path.split(['/', '?', '#']);
    parts.find(|part| matches!(*part, "courses" | "course"))?;
    let first = parts.next()?;
    if first.contains('+') {
        return Some(first.to_owned());
    }
    // The id of an old course has slashes.
    Some([first, parts.next()?, parts.next()?].join("/"))
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
            ("course-v1:DemoX+Botany", Some(botany)),
            ("DemoX/botany", Some(botany)),
            ("MITx/6.002x", Some(ids[2])),
            (
                "https://courses.example.org/courses/course-v1:DemoX+Botany+2024/about",
                Some(botany),
            ),
            (
                "https://apps.example.org/learning/course/course-v1%3ADemoX%2BBotany%2B2024/home?x=1",
                Some(botany),
            ),
            (
                "https://courses.example.org/courses/MITx/6.002x/2012_Fall/courseware/Week_1/",
                Some(ids[2]),
            ),
            ("https://courses.example.org/courses", None),
            ("DemoX", None),
            ("course-v1:edX+Physics+2019", None),
            ("x*", None),
            ("*", None),
        ] {
            assert_eq!(nearest_id(glob, ids), suggestion, "{glob}");
        }
        assert_eq!(nearest_id("mitx", ["MITx", "edX"]), Some("MITx"));
        for (glob, expected) in [
            ("demox*", Some("course-v1:DemoX*")),
            ("DemoX/Botany*", Some("course-v1:DemoX+Botany*")),
            ("DemoX+Botny*", None),
            ("demox", None),
        ] {
            assert_eq!(beginning_of(glob, botany).as_deref(), expected, "{glob}");
        }
    }

    #[test]
    fn another_course_or_run_is_told_from_a_mistyped_one() {
        for (glob, id, expected) in [
            (
                "course-v1:DemoX+Botny+2024",
                "course-v1:DemoX+Botany+2024",
                true,
            ),
            (
                "course-v1:demox+Botany+2024",
                "course-v1:DemoX+Botany+2024",
                true,
            ),
            (
                "course-v1:DemoX+Botany",
                "course-v1:DemoX+Botany+2024",
                true,
            ),
            ("DemoX/Botany/2024", "course-v1:DemoX+Botany+2024", true),
            (
                "course-v1:DemoX+Botny+*",
                "course-v1:DemoX+Botany+2024",
                true,
            ),
            ("demox", "DemoX", true),
            (
                "course-v1:DemoX+Botany+Fall_2024",
                "course-v1:DemoX+Botany+Spring_2024",
                false,
            ),
            (
                "course-v1:DemoX+Math101A+2024",
                "course-v1:DemoX+Math102B+2024",
                false,
            ),
            (
                "course-v1:DemoX+Part_A+2024",
                "course-v1:DemoX+Part_B+2024",
                false,
            ),
        ] {
            assert_eq!(is_mistyped(glob, id), expected, "{glob} {id}");
        }
    }
}
