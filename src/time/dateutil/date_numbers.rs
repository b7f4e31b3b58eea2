//! The numbers of a date, and which of them is the year, the month and the day (dateutil's `_ymd`).

use jiff::civil::Date;
use smallvec::SmallVec;

use super::decimal::integer;

/// The numbers of a date in the order of the text.
#[derive(Default)]
pub(super) struct DateNumbers {
    numbers: SmallVec<[i64; 4]>,
    /// The index of the number that must be the year, because it has more than two digits.
    year: Option<usize>,
    /// Whether the year has at most two digits, although it must be the year, as in `Mar of 24`.
    pub(super) has_short_year: bool,
    /// The index of the month that was given by its name.
    month: Option<usize>,
}

impl DateNumbers {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Adds a number that is a month given by its name. Returns `None` if there already is a month.
    pub(super) fn add_month(&mut self, month: i64) -> Option<()> {
        let is_first = self.month.replace(self.len()).is_none();
        self.numbers.push(month);
        is_first.then_some(())
    }

    /// Adds a number that must be the year. Returns `None` if there already is a year.
    pub(super) fn add_year(&mut self, year: i64) -> Option<()> {
        let is_first = self.year.replace(self.len()).is_none();
        self.numbers.push(year);
        is_first.then_some(())
    }

    /// Adds a number. A number of more than two digits is the year.
    pub(super) fn add_text(&mut self, text: &str) -> Option<()> {
        let number = integer(text)?;
        if text.len() > 2 {
            return self.add_year(number);
        }
        self.numbers.push(number);
        Some(())
    }

    /// Adds a number that stands alone. A number above 100 is the year.
    pub(super) fn add_number(&mut self, number: i64) -> Option<()> {
        if number > 100 {
            return self.add_year(number);
        }
        self.numbers.push(number);
        Some(())
    }

    /// Returns whether one of the numbers must be the year, and is written with more than two digits.
    pub(super) fn has_long_year(&self) -> bool {
        self.year.is_some() && !self.has_short_year
    }

    pub(super) fn could_be_day(&self, number: i64) -> bool {
        /// A leap year, which stands for the year if the year is not known yet.
        const LEAP_YEAR: i64 = 2000;

        let at = |index: Option<usize>| index.map(|index| self.numbers[index]);
        let days = match (at(self.month), at(self.year)) {
            (None, _) => Some(31),
            (Some(month), year) => {
                first_of_month(year.unwrap_or(LEAP_YEAR), month).map(|date| date.days_in_month())
            }
        };
        days.is_some_and(|days| (1..=i64::from(days)).contains(&number))
    }

    /// Returns the year, the month and the day. If the text does not tell them apart, the year is first if it cannot be
    /// a day; else the day is first if it cannot be a month; else the month is first. Returns `None` unless there are
    /// three numbers.
    pub(super) fn resolve(&self) -> Option<(i64, i64, i64)> {
        let &[first, second, third] = &*self.numbers else {
            return None;
        };
        Some(match (self.month, self.year) {
            (Some(month), Some(year)) => {
                let day = (0..3).find(|&index| index != month && index != year)?;
                (self.numbers[year], self.numbers[month], self.numbers[day])
            }
            (Some(0), _) if second > 31 => (second, first, third),
            (Some(0), _) => (third, first, second),
            (Some(1), _) if first > 31 => (first, second, third),
            (Some(1), _) => (third, second, first),
            (Some(_), _) if second > 31 => (second, third, first),
            (Some(_), _) => (first, third, second),
            (None, year) if first > 31 || year == Some(0) => (first, second, third),
            (None, _) if first > 12 => (third, second, first),
            (None, _) => (third, first, second),
        })
    }
}

fn first_of_month(year: i64, month: i64) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, 1).ok()
}
