//! How many events must be lost for one cause before the run reports the cause.

/// The number of lost events that is reported whatever their share.
pub const MANY: u64 = 100;

/// Returns whether more than this percentage of all events is lost.
pub fn is_above(percent: u64, lost: u64, all: u64) -> bool {
    lost * 100 > all * percent
}

/// Returns whether so many events are lost for one cause that it is no accident: a hundred, or more than a hundredth of all
/// events. A few damaged events are usual in a short log, and among the new lines of a live log, which is not read from its
/// first line (`is_whole`).
pub fn are_many(lost: u64, all: u64, is_whole: bool) -> bool {
    let fewest = if is_whole && is_above(10, lost, all) {
        2
    } else {
        10
    };
    lost >= MANY || lost >= fewest && is_above(1, lost, all)
}
