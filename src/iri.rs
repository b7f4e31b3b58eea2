//! IRIs (RFC 3987): texts that are IRIs, that become IRIs when characters are percent-encoded, or that a page turns into IRIs.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use oxiri::{Iri, IriRef};

/// Returns whether a text is an IRI with a scheme.
pub(crate) fn is_iri(text: &str) -> bool {
    Iri::parse(text).is_ok()
}

/// Returns the text if it is an IRI with a scheme, else the IRI that the text becomes when the characters that IRIs do not
/// have are percent-encoded. Returns `None` if neither is an IRI, as without a scheme.
pub(crate) fn encoded(text: &str) -> Option<Cow<'_, str>> {
    candidates(text).find(|candidate| is_iri(candidate))
}

/// Returns whether a text begins as the address of a web page does.
pub(crate) fn is_web_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Resolves the target of a link, such as `../unit#part`, against the address of its page. A target that is an IRI does not
/// depend on the page.
pub(crate) fn resolved<'a>(target: &'a str, page: &str) -> Option<Cow<'a, str>> {
    // Browsers ignore blanks around the target of a link.
    let target = target.trim_matches(|c| c <= ' ');
    if let Some(iri) = encoded(target) {
        return Some(iri);
    }
    let page = encoded(page)?;
    let page = IriRef::parse(&*page).ok()?;
    let target = candidates(target).find_map(|candidate| {
        let target = IriRef::parse(&*candidate).ok()?;
        Some(page.resolve(&target).ok()?.into_inner())
    })?;
    is_iri(&target).then_some(Cow::Owned(target))
}

/// The text itself, the text with the characters encoded that no IRI has, and this text with the brackets and number signs
/// encoded that IRIs have only in one position.
fn candidates(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let is_unknown = |at: usize, c| !is_in_iris(&text[at..], c);
    let host = host_of(text);
    let is_misplaced = move |at: usize, c| match c {
        '[' | ']' => !host.contains(&at),
        '#' => text[..at].contains('#'),
        _ => is_unknown(at, c),
    };
    let itself = std::iter::once_with(move || Cow::Borrowed(text));
    let encoded = std::iter::once_with(move || percent_encoded(text, is_unknown));
    let strictly = std::iter::once_with(move || percent_encoded(text, is_misplaced));
    itself.chain(encoded).chain(strictly)
}

/// Returns the position of the host in a text, with its port and user. The range is empty if the text has none.
fn host_of(text: &str) -> Range<usize> {
    let Some((before, after)) = text.split_once("//") else {
        return 0..0;
    };
    if !before.is_empty() && !before.ends_with(':') {
        return 0..0;
    }
    let start = before.len() + "//".len();
    start..start + after.find(['/', '?', '#']).unwrap_or(after.len())
}

/// Returns whether IRIs have the character `c`, with which `rest` begins: ASCII characters of RFC 3986, a percent sign before
/// two hexadecimal digits, and the `ucschar` of RFC 3987.
fn is_in_iris(rest: &str, c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '%' => {
            let digits = rest.as_bytes().get(1..3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        }
        c if c.is_ascii() => "-._~:/?#[]@!$&'()*+,;=".contains(c),
        // Private characters and the last two of each plane, which are no characters, are no ucschar.
        '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}' => true,
        c => {
            matches!(c, '\u{10000}'..='\u{dffff}' | '\u{e1000}'..='\u{efffd}')
                && (c as u32 & 0xffff) < 0xfffe
        }
    }
}

fn percent_encoded(text: &str, is_encoded: impl Fn(usize, char) -> bool) -> Cow<'_, str> {
    let mut encoded = String::new();
    for (at, c) in text.char_indices() {
        if is_encoded(at, c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a text cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(c);
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_iris_do_not_have_are_encoded() {
        for (text, expected) in [
            ("https://h/xblock/block-v1:a+b+type@c+block@d", None),
            ("block-v1:a+b+type@problem+block@c", None),
            ("i4x://a/b/problem/c", None),
            ("https://h/é/日本/😀?q=ä#ü", None),
            ("javascript:void(0)", None),
            ("https://h/a b", Some("https://h/a%20b")),
            (
                "https://h/{a}\"<>\\^`|",
                Some("https://h/%7Ba%7D%22%3C%3E%5C%5E%60%7C"),
            ),
            ("https://h/100%", Some("https://h/100%25")),
            ("https://h/%zz%41", Some("https://h/%25zz%41")),
            ("https://h/a[1]#b#c", Some("https://h/a%5B1%5D#b%23c")),
            (
                "https://h/\u{1}\u{7f}\u{85}\u{e000}\u{ffff}",
                Some("https://h/%01%7F%C2%85%EE%80%80%EF%BF%BF"),
            ),
            ("https://[::1]/a b", Some("https://[::1]/a%20b")),
        ] {
            assert_eq!(encoded(text).as_deref(), Some(expected.unwrap_or(text)));
        }
        for text in [
            "",
            " ",
            "abc",
            "/a",
            "//h/a",
            "#a",
            "?a",
            "1a:b",
            "ä:b",
            ":a",
            "a b:c",
            "https://[x/",
        ] {
            assert_eq!(encoded(text), None, "{text}");
        }
    }

    #[test]
    fn targets_of_links_are_resolved_as_in_browsers() {
        let page = "https://h/courses/c/page?q#part";
        for (target, expected) in [
            ("/about", "https://h/about"),
            (" next unit \n", "https://h/courses/c/next%20unit"),
            ("../d", "https://h/courses/d"),
            ("?a=1", "https://h/courses/c/page?a=1"),
            ("#top", "https://h/courses/c/page?q#top"),
            ("//other/x", "https://other/x"),
            ("", "https://h/courses/c/page?q"),
            ("a:b", "a:b"),
            (" https://other/a b ", "https://other/a%20b"),
            ("x[1]", "https://h/courses/c/x%5B1%5D"),
        ] {
            assert_eq!(
                resolved(target, page).as_deref(),
                Some(expected),
                "{target}"
            );
        }
        assert_eq!(resolved("/about", "no page"), None);
        assert_eq!(resolved("//[x/", page), None);
    }

    proptest! {
        #[test]
        fn ids_in_the_address_of_the_lms_always_become_iris(id in any::<String>()) {
            let iri = encoded(&format!("https://h/xblock/{id}")).unwrap().into_owned();
            prop_assert!(is_iri(&iri), "{}", iri);
        }

        #[test]
        fn resolved_targets_are_iris(target in any::<String>()) {
            let iri = resolved(&target, "https://h/a/b?c");
            prop_assert!(iri.is_none_or(|iri| is_iri(&iri)));
        }
    }
}
