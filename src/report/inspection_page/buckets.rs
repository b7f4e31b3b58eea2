//! The bars of the chart over time: days, weeks, months or longer spans, so that a chart of one day and a chart of ten
//! years both have bars that can be seen.

use jiff::Span;
use jiff::civil::{Date, Weekday, date};

/// The most bars of the chart. On a phone, each is still more than two pixels wide.
const MOST_BUCKETS: usize = 130;

/// The length of a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Day,
    /// From Monday to Sunday.
    Week,
    Month,
    Quarter,
    Years(i16),
}

/// A span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub from: Date,
    pub to: Date,
}

/// Returns the buckets of these days, without gaps, and their length: the shortest that does not make too many.
pub fn buckets(first: Date, last: Date) -> (Step, Vec<Bucket>) {
    let fixed = [Step::Day, Step::Week, Step::Month, Step::Quarter];
    let years = [1, 2, 5, 10, 20, 50, 100].map(Step::Years);
    let mut found = (Step::Day, Vec::new());
    for step in fixed.into_iter().chain(years) {
        let buckets: Vec<Bucket> = step
            .buckets_from(first)
            .take_while(|bucket| bucket.from <= last)
            .take(MOST_BUCKETS + 1)
            .collect();
        let fits = buckets.len() <= MOST_BUCKETS;
        found = (step, buckets);
        if fits {
            break;
        }
    }
    found
}

impl Step {
    /// Returns the buckets from the bucket of this day on.
    fn buckets_from(self, day: Date) -> impl Iterator<Item = Bucket> {
        let starts = std::iter::successors(Some(self.start(day)), move |from| {
            from.checked_add(self.span()).ok()
        });
        starts.map(move |from| {
            let next = from.checked_add(self.span());
            let to = next.and_then(Date::yesterday).unwrap_or(Date::MAX);
            Bucket { from, to }
        })
    }

    /// Returns the first day of the bucket of a day.
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i32::from(day.weekday().since(Weekday::Monday));
                day.saturating_sub(Span::new().days(back))
            }
            Self::Month => day.first_of_month(),
            Self::Quarter => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
            Self::Years(years) => {
                let year = day.year().div_euclid(years) * years;
                Date::new(year, 1, 1).unwrap_or(Date::MIN)
            }
        }
    }

    fn span(self) -> Span {
        match self {
            Self::Day => Span::new().days(1),
            Self::Week => Span::new().weeks(1),
            Self::Month => Span::new().months(1),
            Self::Quarter => Span::new().months(3),
            Self::Years(years) => Span::new().years(years),
        }
    }

    /// Returns the word for a bucket in a heading.
    pub fn noun(self) -> String {
        match self {
            Self::Day => "day".into(),
            Self::Week => "week".into(),
            Self::Month => "month".into(),
            Self::Quarter => "quarter".into(),
            Self::Years(1) => "year".into(),
            Self::Years(years) => format!("{years} years"),
        }
    }

    /// Returns the name of a bucket.
    pub fn label(self, Bucket { from, to }: Bucket) -> String {
        match self {
            Self::Day => from.to_string(),
            Self::Week => format!("{from} to {to}"),
            Self::Month => from.strftime("%Y-%m").to_string(),
            Self::Quarter => format!("{} Q{}", from.year(), (from.month() + 2) / 3),
            Self::Years(1) => from.year().to_string(),
            Self::Years(_) => format!("{} to {}", from.year(), to.year()),
        }
    }

    /// Returns the name of a bucket at the axis, where there is little space.
    pub fn short_label(self, bucket: Bucket) -> String {
        let from = bucket.from;
        match self {
            Self::Day | Self::Week => from.strftime("%-d %b").to_string(),
            Self::Month => from.strftime("%b %Y").to_string(),
            Self::Quarter => self.label(bucket),
            Self::Years(_) => from.year().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_is_in_one_bucket_and_there_are_never_too_many() {
        let start = date(2014, 3, 5);
        for (days, step, count) in [
            (1, Step::Day, 1),
            (130, Step::Day, 130),
            (131, Step::Week, 19),
            (900, Step::Week, 129),
            (1000, Step::Month, 33),
            (3653, Step::Month, 121),
            (6000, Step::Quarter, 67),
            (20_000, Step::Years(1), 55),
            (100_000, Step::Years(5), 56),
        ] {
            let last = start.saturating_add(Span::new().days(days - 1));
            let (found, buckets) = buckets(start, last);
            assert_eq!((found, buckets.len()), (step, count), "{days} days");
            assert!(buckets[0].from <= start && buckets[count - 1].to >= last);
            for pair in buckets.windows(2) {
                assert_eq!(pair[0].to.tomorrow().unwrap(), pair[1].from);
            }
        }
    }

    #[test]
    fn all_of_the_calendar_has_buckets() {
        for (first, last) in [
            (date(1, 1, 1), date(9999, 12, 31)),
            (date(9999, 12, 31), date(9999, 12, 31)),
            (Date::MIN, Date::MAX),
        ] {
            let (_, buckets) = buckets(first, last);
            assert!(buckets.len() <= MOST_BUCKETS + 1 && !buckets.is_empty());
        }
    }

    #[test]
    fn buckets_are_named_by_their_step() {
        let named = |step: Step| {
            let bucket = step.buckets_from(date(2024, 5, 16)).next().unwrap();
            (step.label(bucket), step.short_label(bucket))
        };
        let named = [
            Step::Day,
            Step::Week,
            Step::Month,
            Step::Quarter,
            Step::Years(1),
            Step::Years(10),
        ]
        .map(named);
        let expected = [
            ("2024-05-16", "16 May"),
            ("2024-05-13 to 2024-05-19", "13 May"),
            ("2024-05", "May 2024"),
            ("2024 Q2", "2024 Q2"),
            ("2024", "2024"),
            ("2020 to 2029", "2020"),
        ];
        assert_eq!(
            named,
            expected.map(|(label, short)| (label.to_owned(), short.to_owned()))
        );
    }
}
