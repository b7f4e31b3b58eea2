//! Lines that a container runtime has written in the format of the CRI, the interface of Kubernetes to runtimes.

/// A line of a runtime, as in `2024-03-05T08:00:46.8Z stdout F text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriLine<'a> {
    pub is_stderr: bool,
    /// Whether the text goes on in the next line of the stream.
    pub is_partial: bool,
    pub text: &'a [u8],
}

impl<'a> CriLine<'a> {
    /// Parses a line. Returns `None` if the line has another format.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        if !line.first()?.is_ascii_digit() {
            return None;
        }
        let mut words = line.splitn(4, |byte| *byte == b' ');
        let is_time = words.next()?.contains(&b'T');
        let is_stderr = match words.next()? {
            b"stdout" => false,
            b"stderr" => true,
            _ => return None,
        };
        let tags = words.next()?;
        let tag = tags.split(|byte| *byte == b':').next()?;
        let is_partial = tag == b"P";
        (is_time && (is_partial || tag == b"F")).then(|| Self {
            is_stderr,
            is_partial,
            text: words.next().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_runtimes_are_told_from_others() {
        for (line, expected) in [
            (
                "2024-03-05T08:00:46.8Z stdout F {} x",
                Some((false, false, "{} x")),
            ),
            (
                "2024-03-05T08:00:46+00:00 stderr P:x  a",
                Some((true, true, " a")),
            ),
            ("2024-03-05T08:00:46Z stdout F", Some((false, false, ""))),
            ("2024-03-05T08:00:46Z stdout X a", None),
            ("2024-03-05 08:00:46 stdout F", None),
            ("INFO T stdout F", None),
        ] {
            let parsed = CriLine::parse(line.as_bytes());
            let expected = expected.map(|(is_stderr, is_partial, text): (_, _, &str)| CriLine {
                is_stderr,
                is_partial,
                text: text.as_bytes(),
            });
            assert_eq!(parsed, expected, "{line}");
        }
    }
}
