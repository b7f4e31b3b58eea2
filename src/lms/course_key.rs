//! Course keys, parsed as `opaque-keys` parses them (`CourseKey.from_string`).
//!
//! Courses are looked up by the parsed key, so that two texts of one key find the same course. An event whose course id
//! does not parse is rejected.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Returns the text that Python's `str()` makes of the parsed key, or `None` if the text does not parse.
///
/// Keys are `course-v1:ORG+COURSE+RUN` and the same with `ccx-v1:`, `library-v1:` or `slashes:`, with or without a branch
/// or version, and the old ids `ORG/COURSE/RUN`. The rest of a usage key (`+type@…+block@…`) is ignored.
pub fn canonical(text: &str) -> Option<Cow<'_, str>> {
    if is_plain_course(text) {
        return Some(Cow::Borrowed(text));
    }
    namespaced(text)
        .map(Cow::Owned)
        .or_else(|| has_slashes(text).then_some(Cow::Borrowed(text)))
}

/// Returns the organization in a course key, or `None` if the key does not parse or has only a version.
pub fn org(text: &str) -> Option<&str> {
    canonical(text)?;
    let names = text.split_once(':').map_or(text, |(_, names)| names);
    names
        .split(['+', '/'])
        .next()
        .filter(|org| !org.contains('@'))
}

/// The ASCII characters that are allowed in the names of every kind of key.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        plain[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~' | b'.' | b':');
        byte += 1;
    }
    plain
};

/// Whether the text is `course-v1:ORG+COURSE+RUN` with plain names, as almost all are. Such a text is canonical.
fn is_plain_course(text: &str) -> bool {
    let Some(names) = text.strip_prefix("course-v1:") else {
        return false;
    };
    let (mut ends, mut last) = (0, b'+');
    for byte in names.bytes() {
        if byte == b'+' {
            ends += 1;
        }
        // Names are not empty.
        let is_end = byte == b'+' && last != b'+';
        if !is_end && !PLAIN[usize::from(byte)] {
            return false;
        }
        last = byte;
    }
    ends == 2 && last != b'+'
}

fn namespaced(text: &str) -> Option<String> {
    let (namespace, rest) = text.split_once(':')?;
    match namespace {
        "course-v1" | "slashes" => Some(format!(
            "course-v1:{}",
            Locator::parse(rest, Ccx::No)?.course()?
        )),
        "library-v1" => Some(format!(
            "library-v1:{}",
            Locator::parse(rest, Ccx::No)?.library()?
        )),
        "ccx-v1" => {
            let locator = Locator::parse(rest, Ccx::Required)?;
            Some(format!("ccx-v1:{}+ccx@{}", locator.course()?, locator.ccx?))
        }
        _ => None,
    }
}

/// Whether the text is `ORG/COURSE/RUN`, where the run may be empty.
fn has_slashes(text: &str) -> bool {
    let is_part = |part: &str| {
        part.chars()
            .all(|c| is_word(c) || matches!(c, '.' | '%' | '-'))
    };
    let mut parts = text.split('/');
    let (org, course, run) = (parts.next(), parts.next(), parts.next());
    parts.next().is_none()
        && org.is_some_and(|org| !org.is_empty() && is_part(org))
        && course.is_some_and(|course| !course.is_empty() && is_part(course))
        && run.is_some_and(is_part)
}

#[derive(Clone, Copy, PartialEq)]
enum Ccx {
    No,
    /// There must be a `ccx@` part, and prefixes match in upper and lower case.
    Required,
}

/// The parts of a key after its namespace (`BlockLocatorBase.URL_RE`).
#[derive(Default)]
struct Locator<'a> {
    org: Option<&'a str>,
    course: Option<&'a str>,
    run: Option<&'a str>,
    branch: Option<&'a str>,
    version: Option<String>,
    ccx: Option<&'a str>,
}

impl<'a> Locator<'a> {
    /// Parses parts that are separated by `+`. Parts with a prefix come last, each at most once, in this order: branch,
    /// version, ccx, type, block.
    fn parse(text: &'a str, ccx: Ccx) -> Option<Self> {
        let mut locator = Self::default();
        let mut parts = text.split('+').peekable();
        let names: Vec<&str> =
            std::iter::from_fn(|| parts.next_if(|part| !part.contains('@'))).collect();
        match names[..] {
            [] => {}
            [org, course] => (locator.org, locator.course) = (Some(org), Some(course)),
            [org, course, run] => {
                (locator.org, locator.course, locator.run) = (Some(org), Some(course), Some(run))
            }
            _ => return None,
        }
        if !names.iter().all(|name| is_id(name)) {
            return None;
        }
        let mut prefixed = |prefix: &str| {
            let value = parts.peek()?.split_once('@').filter(|(name, _)| match ccx {
                Ccx::No => *name == prefix,
                Ccx::Required => name.eq_ignore_ascii_case(prefix),
            });
            value.map(|(_, value)| {
                parts.next();
                value
            })
        };
        locator.branch = prefixed("branch");
        locator.version = prefixed("version").map(|version| match ccx {
            Ccx::No => version.to_owned(),
            Ccx::Required => version.to_ascii_lowercase(),
        });
        locator.ccx = if ccx == Ccx::Required {
            Some(prefixed("ccx")?)
        } else {
            None
        };
        let block_type = prefixed("type");
        let block = prefixed("block");
        let is_object_id = |id: &String| {
            id.len() == 24
                && id
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_block = |id: &str| {
            !id.is_empty()
                && id
                    .chars()
                    .all(|c| is_id_char(c) || (c == '%' && ccx == Ccx::No))
        };
        let holds = parts.next().is_none()
            && locator.branch.is_none_or(is_id)
            && locator.version.as_ref().is_none_or(is_object_id)
            && locator
                .ccx
                .is_none_or(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
            && block_type.is_none_or(is_id)
            && block.is_none_or(is_block);
        holds.then_some(locator)
    }

    /// Prints a course: its organization, course and run, else its version (`CourseLocator._to_string`).
    fn course(&self) -> Option<String> {
        match (self.org, self.course, self.run) {
            (Some(org), Some(course), Some(run)) => {
                Some(self.with_branch_and_version(&[org, course, run]))
            }
            _ => self
                .version
                .as_ref()
                .map(|version| format!("version@{version}")),
        }
    }

    /// Prints a library: its organization and library, else its version (`LibraryLocator._to_string`).
    fn library(&self) -> Option<String> {
        match (self.org, self.course) {
            (Some(org), Some(library)) => Some(self.with_branch_and_version(&[org, library])),
            _ => self
                .version
                .as_ref()
                .map(|version| format!("version@{version}")),
        }
    }

    fn with_branch_and_version(&self, names: &[&str]) -> String {
        let mut text = names.join("+");
        for (prefix, part) in [
            ("branch", self.branch),
            ("version", self.version.as_deref()),
        ] {
            if let Some(part) = part {
                text.extend(["+", prefix, "@", part]);
            }
        }
        text
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_id_char)
}

fn is_id_char(c: char) -> bool {
    is_word(c) || matches!(c, '-' | '~' | '.' | ':')
}

/// Whether Python's `\w` matches: letters and numbers, without the marks that Rust's `is_alphanumeric` includes.
fn is_word(c: char) -> bool {
    static LETTER_OR_NUMBER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}]$").ok());

    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    LETTER_OR_NUMBER
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_key_begins_with_the_organization() {
        for (text, expected) in [
            ("course-v1:MITx+6.002x+2012_Fall", Some("MITx")),
            ("course-v1:a:b+c+d", Some("a:b")),
            ("MITx/6.002x/2012_Fall", Some("MITx")),
            ("slashes:MITx+b+c", Some("MITx")),
            ("library-v1:MITx+b", Some("MITx")),
            ("ccx-v1:MITx+b+c+ccx@1", Some("MITx")),
            ("course-v1:version@519665f6223ebd6980884f2b", None),
            ("course-v1:MITx+b", None),
            ("MITx", None),
        ] {
            assert_eq!(org(text), expected, "{text}");
        }
    }

    /// Each row was made by opaque-keys 4.0.0 with edx-ccx-keys 2.0.2.
    #[test]
    fn keys_parse_as_opaque_keys_parses_them() {
        const VERSION: &str = "519665f6223ebd6980884f2b";
        for (text, key) in [
            ("course-v1:edX+DemoX+Demo", Some("course-v1:edX+DemoX+Demo")),
            (
                "course-v1:éd.X+De-mo~:X+2014_T1",
                Some("course-v1:éd.X+De-mo~:X+2014_T1"),
            ),
            ("slashes:edX+DemoX+Demo", Some("course-v1:edX+DemoX+Demo")),
            (
                "course-v1:a+b+c+branch@draft",
                Some("course-v1:a+b+c+branch@draft"),
            ),
            (
                "course-v1:a+b+c+type@problem+block@x%y",
                Some("course-v1:a+b+c"),
            ),
            (
                &format!("course-v1:version@{VERSION}"),
                Some(&format!("course-v1:version@{VERSION}")),
            ),
            (
                &format!("course-v1:a+b+version@{VERSION}"),
                Some(&format!("course-v1:version@{VERSION}")),
            ),
            (
                &format!("course-v1:a+b+c+version@{VERSION}"),
                Some(&format!("course-v1:a+b+c+version@{VERSION}")),
            ),
            ("library-v1:a+b", Some("library-v1:a+b")),
            ("library-v1:a+b+c", Some("library-v1:a+b")),
            ("ccx-v1:a+b+c+ccx@1", Some("ccx-v1:a+b+c+ccx@1")),
            ("ccx-v1:a+b+c+CCX@1", Some("ccx-v1:a+b+c+ccx@1")),
            ("edX/DemoX/2014", Some("edX/DemoX/2014")),
            ("edX/DemoX/", Some("edX/DemoX/")),
            ("a%2/b/c", Some("a%2/b/c")),
            ("", None),
            ("course-v1:a+b", None),
            ("course-v1:a+b+c+", None),
            ("course-v1:a++c", None),
            ("course-v1:a+b+c+d", None),
            ("course-v1:a+b+c+version@1", None),
            ("course-v1:a+b+c+block@x+type@y", None),
            ("course-v1:a+b+c\n", None),
            ("course-v1:a/b/c", None),
            ("ccx-v1:a+b+c", None),
            ("course-v1:a+b\u{93e}+c", None),
            ("course-v1:a+b+c+version@519665F6223EBD6980884F2B", None),
            (
                "ccx-v1:version@519665F6223EBD6980884F2B+ccx@1",
                Some(&format!("ccx-v1:version@{VERSION}+ccx@1")),
            ),
            ("lib:a:b", None),
            ("edX/DemoX", None),
            ("edX/DemoX/2014/x", None),
            ("/DemoX/2014", None),
            ("a b/c/d", None),
            ("a~/c/d", None),
        ] {
            assert_eq!(canonical(text).as_deref(), key, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_course_is_its_own_key(text in "course-v1:[a-zA-Z0-9_~.:é@%/-]{0,4}(\\+[a-z0-9_~.:é@%/-]{0,3}){0,4}") {
            if is_plain_course(&text) {
                prop_assert_eq!(namespaced(&text), Some(text));
            }
        }
    }

    #[test]
    fn the_usual_course_ids_are_plain() {
        assert!(is_plain_course("course-v1:MITx+6.002x+2012_Fall"));
        assert!(
            !is_plain_course("course-v1:MITx+6.002x") && !is_plain_course("MITx/6.002x/2012_Fall")
        );
    }
}
