//! Course keys, parsed as `opaque-keys` parses them (`CourseKey.from_string`).
//!
//! Courses are looked up by the parsed key, so that different texts of the same key find the same course. An event
//! whose course id does not parse is rejected.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Returns the text that Python's `str()` makes of the parsed key, or `None` if the text does not parse.
///
/// Keys are `course-v1:ORG+COURSE+RUN`, similar texts that start with `ccx-v1:`, `library-v1:` or `slashes:`, and the
/// old ids `ORG/COURSE/RUN`. All but the old ids may have a branch or version. If the text is a usage key, its end
/// (`+type@…+block@…`) is ignored.
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

/// Returns whether the text is `course-v1:ORG+COURSE+RUN` with plain names, as most course ids are. Such a text is
/// already canonical.
fn is_plain_course(text: &str) -> bool {
    let is_plain = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~' | b'.' | b':')
    };
    let Some(names) = text.strip_prefix("course-v1:") else {
        return false;
    };
    let mut count = 0;
    // Splitting bytes takes half the instructions of splitting a `str`.
    let are_plain = names.as_bytes().split(|&byte| byte == b'+').all(|name| {
        count += 1;
        !name.is_empty() && name.iter().all(is_plain)
    });
    are_plain && count == 3
}

fn namespaced(text: &str) -> Option<String> {
    let (namespace, rest) = text.split_once(':')?;
    let locator = |ccx| Locator::parse(rest, ccx);
    match namespace {
        "course-v1" | "slashes" => Some(format!("course-v1:{}", locator(Ccx::No)?.course()?)),
        "library-v1" => Some(format!("library-v1:{}", locator(Ccx::No)?.library()?)),
        "ccx-v1" => {
            let locator = locator(Ccx::Required)?;
            Some(format!("ccx-v1:{}+ccx@{}", locator.course()?, locator.ccx?))
        }
        _ => None,
    }
}

/// The characters that Python's `\w` matches. The `\w` of the regex crate also matches combining marks.
const WORD: &str = r"\p{L}\p{N}_";

/// Returns whether the text is `ORG/COURSE/RUN`, where the run may be empty.
fn has_slashes(text: &str) -> bool {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let part = format!("[{WORD}.%-]");
        Regex::new(&format!("^{part}+/{part}+/{part}*$")).ok()
    });

    PATTERN
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text))
}

/// Whether a key must be that of a CCX, which is a custom course made from another course.
#[derive(Clone, Copy, PartialEq)]
enum Ccx {
    No,
    /// The key must have a part `ccx@…`. Prefixes such as `branch@` may be in upper or lower case.
    Required,
}

/// The parts of a key after its namespace.
struct Locator<'a> {
    org: Option<&'a str>,
    course: Option<&'a str>,
    run: Option<&'a str>,
    branch: Option<&'a str>,
    version: Option<String>,
    ccx: Option<&'a str>,
}

impl<'a> Locator<'a> {
    fn parse(text: &'a str, ccx: Ccx) -> Option<Self> {
        static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| locator_pattern(Ccx::No));
        static CCX_PATTERN: LazyLock<Option<Regex>> =
            LazyLock::new(|| locator_pattern(Ccx::Required));

        let pattern = match ccx {
            Ccx::No => &PATTERN,
            Ccx::Required => &CCX_PATTERN,
        };
        // The pattern expects a `+` after every part, so the last part gets one too.
        let separated = format!("{text}+");
        let captures = pattern.as_ref()?.captures(&separated)?;
        let part = |name| captures.name(name).map(|part| &text[part.range()]);
        Some(Self {
            org: part("org"),
            course: part("course"),
            run: part("run"),
            branch: part("branch"),
            version: part("version").map(str::to_ascii_lowercase),
            ccx: part("ccx"),
        })
    }

    /// Prints the key of a course: its organization, course and run or, without these, its version
    /// (`CourseLocator._to_string`).
    fn course(&self) -> Option<String> {
        match (self.org, self.course, self.run) {
            (Some(org), Some(course), Some(run)) => Some(self.with_revision(&[org, course, run])),
            _ => self.version_alone(),
        }
    }

    /// Prints the key of a library: its organization and library or, without these, its version
    /// (`LibraryLocator._to_string`).
    fn library(&self) -> Option<String> {
        match (self.org, self.course) {
            (Some(org), Some(library)) => Some(self.with_revision(&[org, library])),
            _ => self.version_alone(),
        }
    }

    fn version_alone(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        Some(format!("version@{version}"))
    }

    fn with_revision(&self, names: &[&str]) -> String {
        let mut text = names.join("+");
        let version = self.version.as_deref();
        for (prefix, part) in [("branch", self.branch), ("version", version)] {
            if let Some(part) = part {
                text.extend(["+", prefix, "@", part]);
            }
        }
        text
    }
}

/// Returns the pattern of the parts of a key, each of which ends with `+` (`BlockLocatorBase.URL_RE`).
fn locator_pattern(ccx: Ccx) -> Option<Regex> {
    let id = format!("[{WORD}~.:-]+");
    let (flags, ccx, block) = match ccx {
        Ccx::No => ("", "", format!("[{WORD}~.:%-]+")),
        Ccx::Required => ("i-u", r"(?i-u:ccx@)(?<ccx>[0-9]+)\+", id.clone()),
    };
    let pattern = format!(
        r"^(?:(?<org>{id})\+(?<course>{id})\+(?:(?<run>{id})\+)?)?(?:(?{flags}:branch@)(?<branch>{id})\+)?(?:(?{flags}:version@)(?<version>(?{flags}:[0-9a-f]{{24}}))\+)?{ccx}(?:(?{flags}:type@){id}\+)?(?:(?{flags}:block@){block}\+)?$"
    );
    Regex::new(&pattern).ok()
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

    /// The expected keys were printed by opaque-keys 4.0.0 with edx-ccx-keys 2.0.2.
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
