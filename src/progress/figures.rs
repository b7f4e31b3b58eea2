//! The figures of the progress, as the two lines beside and below the bar, and as a line for journals.

use std::time::Duration;

use indicatif::{FormattedDuration, HumanCount};

use super::counts::SentRecords;

/// The width of the terminal that the bar itself needs at least, with the space behind it.
const LEAST_BAR: usize = 9;

/// The fewest columns in which the name of an input is shown.
const LEAST_NAME: usize = 12;

/// The figures of a run at one time.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The number of bytes of the inputs that are processed, and the size of all inputs, if it is known.
    pub bytes: (u64, Option<u64>),
    /// The unpacked bytes in a second, if they are counted.
    pub speed: Option<f64>,
    /// The events or sent records in a second, with their noun.
    pub rate: Option<(f64, &'static str)>,
    pub left: Option<Duration>,
    /// The number of inputs that have started, and of all inputs, if there are any.
    pub inputs: Option<(usize, usize)>,
    /// The name of the input that has started last.
    pub name: String,
    /// The numbers of emitted and rejected lines, if the lines are counted.
    pub outcomes: Option<(u64, u64)>,
    pub sent: Option<SentRecords>,
}

/// A part of a line. Of the parts that do not fit, those with the highest rank are left out first.
struct Part {
    rank: u8,
    text: String,
}

impl Figures {
    /// Returns the share of the bytes that are processed.
    fn percent(&self) -> Option<u128> {
        let (bytes, length) = self.bytes;
        Some(u128::from(bytes) * 100 / u128::from(length?.max(1)))
    }

    /// Returns the text beside the bar, for a terminal with this number of columns.
    pub fn beside(&self, columns: usize) -> String {
        let (bytes, length) = self.bytes;
        let size = |bytes: u64| format!("{}B", compact(bytes as f64, 0, " "));
        let percent = self.percent().map(|percent| format!("{percent:>3} %"));
        let sizes = match length {
            Some(length) => format!("{:>7}/{}", size(bytes), size(length).trim_start()),
            None => format!("{:>7}", size(bytes)),
        };
        let speed = self
            .speed
            .map(|speed| format!("{:>7}/s", size(speed as u64)));
        let rate = self.rate.map(|(rate, nouns)| {
            let rate = compact(rate, 1, "");
            format!("{rate:>5} {nouns}/s")
        });
        let left = length.map(|_| match self.left {
            Some(left) => format!("{} left", FormattedDuration(left)),
            None => "--:--:-- left".to_owned(),
        });
        let parts = [
            (0, percent),
            (4, Some(sizes)),
            (2, speed),
            (3, rate),
            (1, left),
        ];
        joined(parts, columns.saturating_sub(LEAST_BAR))
    }

    /// Returns the text below the bar, for a terminal with this number of columns.
    pub fn below(&self, columns: usize) -> String {
        let count = |count: u64, word: &str| format!("{:>5} {word}", compact(count as f64, 0, ""));
        let inputs = self.inputs.map(|(started, all)| {
            let width = all.to_string().len();
            format!("{started:>width$}/{all}")
        });
        let delivered = self.sent.map(|sent| count(sent.delivered, "delivered"));
        let undeliverable = self.sent.filter(|sent| sent.undeliverable > 0);
        let undeliverable = undeliverable.map(|sent| count(sent.undeliverable, "undeliverable"));
        let emitted = self.outcomes.map(|(emitted, _)| count(emitted, "emitted"));
        let rejected = self
            .outcomes
            .map(|(_, rejected)| count(rejected, "rejected"));
        let parts = [
            (0, inputs),
            (1, delivered),
            (2, undeliverable),
            (4, emitted),
            (3, rejected),
        ];
        let text = joined(parts, columns);
        let free = columns.saturating_sub(text.chars().count() + 2);
        match tail(&self.name, free) {
            name if free < LEAST_NAME || name.is_empty() => text,
            name => format!("{text}  {name}"),
        }
    }

    /// Returns the line for journals.
    pub fn line(&self, waiting: Option<&str>) -> String {
        let (bytes, length) = self.bytes;
        let size = |bytes: u64| format!("{}B", compact(bytes as f64, 0, " "));
        let mut parts = Vec::new();
        parts.extend(self.percent().map(|percent| format!("{percent} %")));
        parts.push(match length {
            Some(length) => format!("{} of {}", size(bytes), size(length)),
            None => size(bytes),
        });
        // Bytes are counted by blocks. Before the first block, the speed is unknown.
        let speed = self.speed.filter(|&speed| speed >= 1.0);
        parts.extend(speed.map(|speed| format!("{}/s", size(speed as u64))));
        let rate = self
            .rate
            .map(|(rate, nouns)| format!("{} {nouns}/s", compact(rate, 1, "")));
        parts.extend(rate);
        parts.extend(
            self.left
                .map(|left| format!("{} left", FormattedDuration(left))),
        );
        let input = |(started, all)| format!("input {started} of {all} `{}`", self.name);
        parts.extend(self.inputs.map(input));
        if let Some(sent) = self.sent {
            parts.push(format!(
                "{} {} delivered",
                HumanCount(sent.delivered),
                sent.nouns
            ));
            let undeliverable = (sent.undeliverable > 0)
                .then(|| format!("{} undeliverable", HumanCount(sent.undeliverable)));
            parts.extend(undeliverable);
        }
        if let Some((emitted, rejected)) = self.outcomes {
            parts.push(format!("{} emitted", HumanCount(emitted)));
            parts.push(format!("{} rejected", HumanCount(rejected)));
        }
        parts.extend(waiting.map(str::to_owned));
        format!("progress: {}", parts.join(", "))
    }
}

/// Returns the parts that fit, in their order, two columns apart. The first number of a part is its rank.
fn joined(parts: impl IntoIterator<Item = (u8, Option<String>)>, columns: usize) -> String {
    let parts = parts.into_iter();
    let parts = parts.filter_map(|(rank, text)| Some(Part { rank, text: text? }));
    let mut parts: Vec<Part> = parts.collect();
    loop {
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let text = texts.join("  ");
        let least_important = (0..parts.len()).max_by_key(|&nth| parts[nth].rank);
        match least_important {
            Some(nth) if text.chars().count() > columns => drop(parts.remove(nth)),
            _ => return text,
        }
    }
}

/// Returns a number with three digits and the unit of its power of 1,000, such as `1.23M`. Numbers below 10 have as many
/// decimals as `decimals` says.
fn compact(number: f64, decimals: usize, gap: &str) -> String {
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];

    let mut scaled = number;
    let mut power = 0;
    while scaled >= 999.5 && power + 1 < UNITS.len() {
        scaled /= 1000.0;
        power += 1;
    }
    let decimals = match (power, scaled) {
        (0, 0.0..9.95) => decimals,
        (0, _) => 0,
        (_, ..9.995) => 2,
        (_, ..99.95) => 1,
        _ => 0,
    };
    format!("{scaled:.decimals$}{gap}{}", UNITS[power])
}

/// Returns the end of a text, with at most this number of characters.
fn tail(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = text.chars().skip(length - most.saturating_sub(1));
    std::iter::once('…').chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        Figures {
            bytes: (1_230_000_000, Some(2_720_000_000)),
            speed: Some(812_000_000.0),
            rate: Some((1_234_567.0, "events")),
            left: Some(Duration::from_secs(65)),
            inputs: Some((3, 12)),
            name: "logs/tracking.log-20240305.gz".to_owned(),
            outcomes: Some((1_234_567, 12_345)),
            sent: None,
        }
    }

    #[test]
    fn the_least_important_figures_go_first_as_the_terminal_narrows() {
        for (columns, beside, below) in [
            (
                200,
                " 45 %  1.23 GB/2.72 GB   812 MB/s  1.23M events/s  00:01:05 left",
                " 3/12  1.23M emitted  12.3k rejected  logs/tracking.log-20240305.gz",
            ),
            (
                80,
                " 45 %  1.23 GB/2.72 GB   812 MB/s  1.23M events/s  00:01:05 left",
                " 3/12  1.23M emitted  12.3k rejected  logs/tracking.log-20240305.gz",
            ),
            (
                60,
                " 45 %   812 MB/s  1.23M events/s  00:01:05 left",
                " 3/12  1.23M emitted  12.3k rejected  …cking.log-20240305.gz",
            ),
            (
                40,
                " 45 %   812 MB/s  00:01:05 left",
                " 3/12  1.23M emitted  12.3k rejected",
            ),
            (20, " 45 %", " 3/12  …-20240305.gz"),
        ] {
            assert_eq!(figures().beside(columns), beside);
            assert_eq!(figures().below(columns), below);
        }
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let mut sending = figures();
        sending.sent = Some(SentRecords {
            nouns: "statements",
            delivered: 999_499,
            undeliverable: 1_000,
        });
        sending.rate = Some((0.04, "statements"));
        for columns in LEAST_BAR..250 {
            for figures in [&figures(), &sending] {
                assert!(figures.beside(columns).chars().count() + LEAST_BAR <= columns);
                assert!(figures.below(columns).chars().count() <= columns);
            }
        }
    }

    #[test]
    fn figures_keep_their_columns_while_they_grow() {
        let mut first = figures();
        first.bytes.0 = 0;
        first.speed = Some(0.0);
        first.rate = Some((0.0, "events"));
        first.left = None;
        first.inputs = Some((1, 12));
        first.outcomes = Some((0, 0));
        for columns in [40, 80, 200] {
            let lengths = [first.beside(columns), figures().beside(columns)];
            assert_eq!(lengths[0].len(), lengths[1].len(), "{lengths:?}");
        }
        let name = |figures: &Figures| figures.below(80).find("logs");
        assert_eq!(name(&first), name(&figures()));
    }

    #[test]
    fn numbers_have_three_digits() {
        for (number, text) in [
            (0.0, "0.0"),
            (9.94, "9.9"),
            (9.96, "10"),
            (999.4, "999"),
            (999.6, "1.00k"),
            (12_345.0, "12.3k"),
            (999_600.0, "1.00M"),
            (1e15, "1000T"),
        ] {
            assert_eq!(compact(number, 1, ""), text);
        }
    }

    #[test]
    fn the_line_for_journals_has_whole_counts() {
        assert_eq!(
            figures().line(None),
            "progress: 45 %, 1.23 GB of 2.72 GB, 812 MB/s, 1.23M events/s, 00:01:05 left, \
            input 3 of 12 `logs/tracking.log-20240305.gz`, 1,234,567 emitted, 12,345 rejected"
        );
        let of_pipe = Figures {
            bytes: (1_000, None),
            speed: Some(0.0),
            sent: Some(SentRecords {
                nouns: "statements",
                delivered: 1_234,
                undeliverable: 5,
            }),
            ..Figures::default()
        };
        let line = of_pipe.line(Some("the LRS answered 503"));
        let end = "1,234 statements delivered, 5 undeliverable, the LRS answered 503";
        assert_eq!(line, format!("progress: 1.00 kB, {end}"));
    }
}
