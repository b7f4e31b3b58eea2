//! The tokens of a time: words, numbers and single other characters (dateutil's `_timelex`).

/// The part of a token that was read so far. `Dotted` parts have a dot or a decimal comma.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Word,
    Number,
    DottedWord,
    DottedNumber,
}

/// Splits a time into tokens. White space of any kind becomes tokens of one blank each. A comma in a number becomes a
/// dot. Returns `None` if the text has a letter or digit that is not ASCII.
pub(super) fn tokens(text: &str) -> Option<Vec<String>> {
    let characters = text.chars().filter(|&c| c != '\0');
    let characters: Option<String> = characters.map(in_ascii).collect();
    let mut rest = &*characters?;
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        let (length, is_whole) = token(rest.as_bytes());
        let (text, later) = rest.split_at(length);
        rest = later;
        if length == 1 {
            tokens.push(text.to_owned());
        } else if is_whole && !text.contains('.') {
            tokens.push(text.replace(',', "."));
        } else if is_whole {
            tokens.push(text.to_owned());
        } else {
            let pieces = text.split_inclusive(['.', ',']);
            tokens.extend(pieces.flat_map(|piece| {
                let (text, separator) = piece.split_at(piece.trim_end_matches(['.', ',']).len());
                [text, separator].map(str::to_owned)
            }));
            tokens.retain(|token| !token.is_empty());
        }
    }
    Some(tokens)
}

fn in_ascii(c: char) -> Option<char> {
    match c {
        _ if c.is_whitespace() || ('\x1c'..='\x1f').contains(&c) => Some(' '),
        _ if c.is_ascii() => Some(c),
        _ => None,
    }
}

/// Returns the length of the first token, and whether the token is one number or word, which is not split at dots.
fn token(text: &[u8]) -> (usize, bool) {
    let mut part = match text[0] {
        first if first.is_ascii_alphabetic() => Part::Word,
        first if first.is_ascii_digit() => Part::Number,
        _ => return (1, true),
    };
    let mut has_letters = false;
    let mut end = 1;
    while let Some(&byte) = text.get(end) {
        let after_dot = text[end - 1] == b'.';
        has_letters |= matches!(part, Part::Word | Part::DottedWord);
        part = match part {
            Part::Word if byte.is_ascii_alphabetic() => Part::Word,
            Part::Word if byte == b'.' => Part::DottedWord,
            Part::Number if byte.is_ascii_digit() => Part::Number,
            Part::Number if byte == b'.' || byte == b',' && end >= 2 => Part::DottedNumber,
            Part::DottedWord if byte == b'.' || byte.is_ascii_alphabetic() => Part::DottedWord,
            Part::DottedWord if byte.is_ascii_digit() && after_dot => Part::DottedNumber,
            Part::DottedNumber if byte == b'.' || byte.is_ascii_digit() => Part::DottedNumber,
            Part::DottedNumber if byte.is_ascii_alphabetic() && after_dot => Part::DottedWord,
            _ => break,
        };
        end += 1;
    }
    let token = &text[..end];
    let dots = token.iter().filter(|&&byte| byte == b'.').count();
    let is_dotted = matches!(part, Part::DottedWord | Part::DottedNumber);
    let is_split = is_dotted && (has_letters || dots > 1 || matches!(token[end - 1], b'.' | b','));
    (end, !is_split)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dots_are_decimal_points_in_numbers_and_separators_elsewhere() {
        for (text, expected) in [
            ("09:14:07.5Z", "09|:|14|:|07.5|Z"),
            ("07,5", "07.5"),
            ("7,5", "7|,|5"),
            ("Tue, 5", "Tue|,| |5"),
            ("5.3.2024", "5|.|3|.|2024"),
            ("Mar.5.2024", "Mar|.|5|.|2024"),
            ("a.m.", "a|.|m|."),
            ("07. Z", "07|.| |Z"),
            ("9h14m", "9|h|14|m"),
            ("a\u{a0}\t\0b", "a| | |b"),
        ] {
            let tokens = super::tokens(text).map(|tokens| tokens.join("|"));
            assert_eq!(tokens.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(super::tokens("٣"), None);
    }
}
