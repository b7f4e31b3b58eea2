//! Usage keys, which identify the blocks of a course, such as videos and problems. Here they are built for events that
//! have only a part of the key of their block (the reference's `helpers.py`).

use std::borrow::Cow;
use std::net::Ipv6Addr;

use bumpalo::Bump;

use super::arena::join_in;
use super::event::TrackingEvent;
use super::field::{id_text, str_of};
use super::legacy_keys::LegacyKeys;
use crate::json::Value;
use crate::outcome::{Fault, Reason};

/// Returns the usage key of the video that an event is about, from `context.course_id` and `data.id`.
pub(crate) fn video<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Result<&'a str, Fault> {
    let course_id = event.required("context.course_id", event.context("course_id"))?;
    let video = event.required("data.id", event.data("id"))?;
    let course_id = str_of("context.course_id", course_id, "a course id")?;
    let video = id_text("data.id", video, arena)?;
    let key = block_usage_key(course_id, "video", video, arena);
    let key = key.or_else(|| legacy_keys(event)?.block(course_id, "video", video, arena));
    key.ok_or_else(|| {
        let detail =
            format!("the course id `{course_id}` has no namespace such as `course-v1:`, which a usage key needs");
        Fault::new(Reason::BadCourseId, detail)
    })
}

/// Returns the usage key of the problem that a browser's event is about: the block that the address of the page names
/// as active, or else the block whose form is in `data` (`get_problem_block_id`).
pub(crate) fn problem<'a>(
    event: &TrackingEvent<'a>,
    referer: Value<'a>,
    arena: &'a Bump,
) -> Result<Option<&'a str>, Fault> {
    // Python's `urlparse` takes null, zero, `false` and every empty value as an empty URL.
    let referer = if referer.is_truthy() {
        str_of("referer", referer, "a URL")?
    } else {
        ""
    };
    let Ok(active) = active_block(referer) else {
        let detail = format!("`referer` is `{referer}`, which has an invalid host");
        return Err(Fault::new(Reason::WrongType, detail));
    };
    if let Some(block) = active {
        return Ok(Some(arena.alloc_str(&block)));
    }
    let (Some(form), Some(course_id)) = (event.whole_data(), event.context("course_id")) else {
        return Ok(None);
    };
    let form = str_of("data", form, "a form")?;
    let course_id = str_of("context.course_id", course_id, "a course id")?;
    if let Some(keys) = legacy_keys(event)
        && !course_id.contains(':')
    {
        return Ok(keys.block_of_form(course_id, form, arena));
    }
    // The form is a text such as `input_ID_2_1=…`, where `ID` is the id of the block (`get_block_id_from_event_data`).
    let id = form.split('_').nth(1);
    Ok(id.and_then(|id| block_usage_key(course_id, "problem", id, arena)))
}

/// Returns the keys of the time before `course-v1:`, if the event is repaired to have them.
fn legacy_keys(event: &TrackingEvent<'_>) -> Option<LegacyKeys> {
    event.has_legacy_keys.then_some(LegacyKeys)
}

/// Returns the usage key of a block of a course: `block-v1:ORG+COURSE+RUN+type@TYPE+block@ID`, or the same with
/// `ccx-block-v1:` if the course is a custom course (CCX) (`make_video_block_id`). Returns `None` if the course id has
/// no namespace.
fn block_usage_key<'a>(
    course_id: &str,
    block_type: &str,
    block_id: &str,
    arena: &'a Bump,
) -> Option<&'a str> {
    let (namespace, rest) = split_once(course_id, b':')?;
    let course = split_once(rest, b':').map_or(rest, |(course, _)| course);
    let (ccx, version) = match namespace {
        "course-v1" => ("", "v1"),
        _ if namespace.contains("ccx") => ("ccx-", namespace.rsplit('-').next()?),
        _ => ("", namespace.rsplit('-').next()?),
    };
    let key = [
        ccx, "block-", version, ":", course, "+type@", block_type, "+block@", block_id,
    ];
    Some(join_in(arena, key))
}

/// Splits a text at the first separator, an ASCII character. Faster than `str::split_once`.
fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(separator, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// Returns the block that the address of a page names in the query field `activate_block_id`
/// (`get_block_id_from_event_referrer`).
///
/// # Errors
/// Returns an error if Python's `urlparse` refuses the host.
fn active_block(referer: &str) -> Result<Option<String>, ()> {
    let address = referer.trim_start_matches(|c: char| c <= ' ');
    let is_dropped = |c: char| matches!(c, '\t' | '\r' | '\n');
    let address: Cow<'_, str> = match memchr::memchr3(b'\t', b'\r', b'\n', address.as_bytes()) {
        None => address.into(),
        Some(_) => address.replace(is_dropped, "").into(),
    };
    let address = split_once(&address, b'#').map_or(&*address, |(address, _)| address);
    if !has_valid_host(address) {
        return Err(());
    }
    let Some((_, query)) = split_once(address, b'?') else {
        return Ok(None);
    };
    // Most queries do not have the field, and need not be decoded. A query without `%` can have the name of the field
    // only in plain text, so searching the text is enough.
    if memchr::memchr(b'%', query.as_bytes()).is_none() && !query.contains("activate_block_id") {
        return Ok(None);
    }
    let mut fields = form_urlencoded::parse(query.as_bytes());
    let active = fields.find(|(name, value)| name == "activate_block_id" && !value.is_empty());
    Ok(active.map(|(_, value)| value.into_owned()))
}

/// The characters that Unicode's NFKC normalization turns into a text with `/`, `?`, `#`, `@` or `:`. Python refuses
/// hosts with such a character.
const LOOK_LIKE_DELIMITERS: &str = "\u{2047}\u{2048}\u{2049}\u{2100}\u{2101}\u{2105}\u{2106}\u{2a74}\u{fe13}\u{fe16}\u{fe55}\u{fe56}\u{fe5f}\u{fe6b}\u{ff03}\u{ff0f}\u{ff1a}\u{ff1f}\u{ff20}";

/// Returns whether Python's `urlparse` accepts the host of an address. An address without a host is accepted.
fn has_valid_host(address: &str) -> bool {
    let after_scheme = match address.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => address,
    };
    let Some(rest) = after_scheme.strip_prefix("//") else {
        return true;
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if !host.is_ascii() && host.contains(|c| LOOK_LIKE_DELIMITERS.contains(c)) {
        return false;
    }
    match (host.split_once('['), host.contains(']')) {
        (None, false) => true,
        (Some((_, bracketed)), true) => {
            let bracketed = bracketed.split(']').next().unwrap_or_default();
            let (ip, zone_holds) = match bracketed.split_once('%') {
                Some((ip, zone)) => (ip, !zone.is_empty() && !zone.contains('%')),
                None => (bracketed, true),
            };
            zone_holds && ip.parse::<Ipv6Addr>().is_ok() || is_future_ip(bracketed)
        }
        _ => false,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Returns whether the text is an address of a future version of IP, such as `v1.x` (`IPvFuture` in RFC 3986).
fn is_future_ip(text: &str) -> bool {
    let parts = text.strip_prefix('v').and_then(|text| text.split_once('.'));
    parts.is_some_and(|(version, rest)| {
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !rest.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_key_has_the_namespace_of_its_course() {
        let arena = &Bump::new();
        let key = |course| block_usage_key(course, "video", "v", arena);
        assert_eq!(
            key("course-v1:a+b+c"),
            Some("block-v1:a+b+c+type@video+block@v")
        );
        assert_eq!(
            key("ccx-v1:a+b+c+ccx@1"),
            Some("ccx-block-v1:a+b+c+ccx@1+type@video+block@v")
        );
        assert_eq!(key("a:b:c"), Some("block-a:b+type@video+block@v"));
        assert_eq!(key("a/b/c"), None);
    }

    #[test]
    fn the_active_block_is_read_from_the_query() {
        for (referer, block) in [
            (
                "http://h/c?x=1&activate_block_id=block-v1%3Aa%2Bb+c%40d#f?activate_block_id=no",
                Some("block-v1:a+b c@d"),
            ),
            (
                "http://h/c?activate_block_id=&activate_block_id=b",
                Some("b"),
            ),
            ("  http://h/c?activate_\tblock_id=b", Some("b")),
            ("?activate_block_id=b", Some("b")),
            ("http://h/c", None),
            ("http://[::1]:80/?activate_block_id=b", Some("b")),
        ] {
            assert_eq!(
                active_block(referer),
                Ok(block.map(str::to_owned)),
                "{referer}"
            );
        }
        for referer in [
            "http://[h/",
            "http://h]/?activate_block_id=b",
            "http://[h]/",
            "http://a\u{ff1a}b/",
            "http://[::1%]/",
        ] {
            assert_eq!(active_block(referer), Err(()), "{referer}");
        }
    }
}
