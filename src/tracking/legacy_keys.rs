//! The usage keys of courses whose ids are ORG/COURSE/RUN: `i4x://ORG/COURSE/TYPE/BLOCK`.
//!
//! Browsers name a block by the id of its HTML element. The platform made this id of the key: `i4x-ORG-COURSE-TYPE-BLOCK`,
//! with `_` in place of characters that an id of HTML must not have (`Location.html_id` of opaque-keys).

use bumpalo::Bump;

use super::arena::join_in;

/// Makes usage keys of the old form.
#[derive(Clone, Copy)]
pub(super) struct LegacyKeys;

impl LegacyKeys {
    /// Returns the usage key of a block. `id` is the id of its HTML element, its usage key, or the last part of the key.
    pub fn block<'a>(
        self,
        course_id: &str,
        block_type: &str,
        id: &'a str,
        arena: &'a Bump,
    ) -> Option<&'a str> {
        let mut parts = course_id.split('/');
        let (org, course) = (parts.next()?, parts.next()?);
        parts.next()?;
        if id.starts_with("i4x://") {
            return Some(id);
        }
        let key = |parts: [&str; 4]| {
            let [org, course, block_type, block] = parts;
            join_in(
                arena,
                ["i4x://", org, "/", course, "/", block_type, "/", block],
            )
        };
        let Some(parts) = id.strip_prefix("i4x-") else {
            return Some(key([org, course, block_type, id]));
        };
        let of_course = format!("{}-{}-", clean(org), clean(course));
        match parts.strip_prefix(&of_course) {
            Some(rest) => {
                let (block_type, block) = rest.split_once('-')?;
                Some(key([org, course, block_type, block]))
            }
            // The block of another course. Its parts must be those of the key, unchanged.
            None => {
                let mut parts = parts.split('-');
                let parts = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
                let is_unchanged = !parts[..2].concat().contains('_');
                (is_unchanged && parts.join("-").len() + 4 == id.len()).then(|| key(parts))
            }
        }
    }

    /// Returns the usage key of the problem whose form this is: `input_ID_2_1=…`, where `ID` is the id of the HTML
    /// element, which may have underscores, and the numbers tell the inputs apart.
    pub fn block_of_form<'a>(
        self,
        course_id: &str,
        form: &'a str,
        arena: &'a Bump,
    ) -> Option<&'a str> {
        let input = form
            .strip_prefix("input_")?
            .split(['=', '&', '[', '%'])
            .next()?;
        let mut parts = input.rsplitn(3, '_');
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = (parts.next()?, parts.next()?);
        let id = parts.next()?;
        let is_input = is_number(numbers.0) && is_number(numbers.1);
        self.block(course_id, "problem", id, arena)
            .filter(|_| is_input)
    }
}

/// Replaces the characters that an id of HTML must not have by `_`, and a series of `_` by a single one.
fn clean(part: &str) -> String {
    let mut cleaned = String::with_capacity(part.len());
    for c in part.chars() {
        let c = if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        };
        if c != '_' || !cleaned.ends_with('_') {
            cleaned.push(c);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_block_is_made_of_the_id_of_its_html_element() {
        let arena = &Bump::new();
        let video = |course, id| LegacyKeys.block(course, "video", id, arena);
        for (course, id, key) in [
            (
                "MITx/6.002x/2012_Fall",
                "i4x-MITx-6_002x-video-S1V1__a",
                Some("i4x://MITx/6.002x/video/S1V1__a"),
            ),
            (
                "edX/DemoX/Demo",
                "0b9e39477cf34507a7a48f74be381fdd",
                Some("i4x://edX/DemoX/video/0b9e39477cf34507a7a48f74be381fdd"),
            ),
            ("a/b/c", "i4x://a/b/video/d", Some("i4x://a/b/video/d")),
            (
                "a-x/b.-c/r",
                "i4x-a-x-b_-c-video-d-e",
                Some("i4x://a-x/b.-c/video/d-e"),
            ),
            (
                "a/b/c",
                "i4x-a-b-videoalpha-d",
                Some("i4x://a/b/videoalpha/d"),
            ),
            (
                "a/b/c",
                "i4x-other-b-video-d",
                Some("i4x://other/b/video/d"),
            ),
            ("a/b/c", "i4x-other-b_1-video-d", None),
            ("a/b/c", "i4x-other-b-video-d-e", None),
            ("a/b", "d", None),
        ] {
            assert_eq!(video(course, id), key, "{course} {id}");
        }
    }

    #[test]
    fn the_problem_of_a_form_may_have_underscores() {
        let arena = &Bump::new();
        let problem = |form| LegacyKeys.block_of_form("a/b_1/c", form, arena);
        for (form, key) in [
            (
                "input_i4x-a-b_1-problem-d_e_2_1=3&input_x",
                Some("i4x://a/b_1/problem/d_e"),
            ),
            (
                "input_i4x-a-b_1-problem-d_4_1%5B%5D=choice_0",
                Some("i4x://a/b_1/problem/d"),
            ),
            (
                "input_i4x-a-b_1-problem-d_4_1[]=choice_0",
                Some("i4x://a/b_1/problem/d"),
            ),
            ("input_i4x-a-b_1-problem-d=3", None),
            ("input_i4x-a-b_1-problem-d__=3", None),
            ("other=1", None),
        ] {
            assert_eq!(problem(form), key, "{form}");
        }
    }
}
