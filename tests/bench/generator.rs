//! A generated tracking log of any size, similar to what Open edX writes while many learners are active.
//!
//! Half of the lines are implicit events of the LMS, which are named by the path of a request. Some are named events
//! without a transformer. The rest are supported events in realistic proportions. Learners stay in their session,
//! course and unit for a while, and their lines are interleaved, so that gzip compresses the log as well as real
//! archives: to about an eighth. The same options generate the same bytes.

mod courses;
mod draft;
mod events;
mod families;
mod implicit;
mod people;
mod problem;
mod random;
mod unsupported;
mod video;

use std::collections::HashMap;
use std::io::{self, Write};

use fastrand::Rng;

use courses::{Course, courses};
use draft::{Clock, Draft};
use events::{EVENTS, EventKind};
use people::Session;
pub use people::write_users;
use random::number_of;

/// The root URL of the LMS that the log comes from.
pub const LMS_ROOT_URL: &str = "https://courses.example.org";

/// The number of learners who are active at the same time, which determines how well gzip compresses the log. gzip
/// looks back over about 25 lines, and finds a line of the same session less often if there are more sessions. The
/// ratio is 9.5 with 30 sessions, 8 with 100 and 7.5 with 300.
const SESSIONS: usize = 100;

const PARTS: u64 = 0;

/// The size from which the cost of a write is negligible beside that of generating the lines.
const BUFFER_BYTES: usize = 1 << 18;

/// The properties of a log.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// The least number of bytes. The last line is always complete.
    pub bytes: u64,
    /// The seed of the users and courses.
    pub seed: u64,
    /// The number of the log among all logs with these users and courses.
    pub part: u64,
    /// The number of users from which those in the log are drawn.
    pub users: u64,
    /// Whether events without a transformer are left out.
    pub supported_only: bool,
    /// Whether each line has the prefix of the logger.
    pub prefixed: bool,
}

/// The counts of a written log.
#[derive(Clone, Debug, Default)]
pub struct LogCounts {
    pub bytes: u64,
    pub lines: u64,
    /// The number of lines of each event. All implicit events are counted as `IMPLICIT`.
    pub events: HashMap<&'static str, u64>,
}

/// The name that stands for all implicit events.
pub const IMPLICIT: &str = "/…";

impl LogCounts {
    /// Returns the number of lines of these events.
    pub fn of(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.events.get(name)).sum()
    }
}

/// The subject of an event.
pub struct Scene<'s> {
    pub rng: &'s mut Rng,
    pub session: &'s mut Session,
    pub course: &'s Course,
}

/// Writes a log.
///
/// # Errors
/// Returns the errors of `out`.
pub fn write_log(options: &LogOptions, out: &mut impl Write) -> io::Result<LogCounts> {
    let courses = courses(options.seed);
    let rng = &mut Rng::with_seed(number_of(options.seed, PARTS, options.part));
    let kinds = lottery(options.supported_only);
    let start = |rng: &mut Rng| Session::start(options.seed, options.users, &courses, rng);
    let mut sessions: Vec<Session> = (0..SESSIONS).map(|_| start(rng)).collect();
    let mut clock = Clock::new(rng);
    let mut draft = Draft::default();
    let mut counts = vec![0; EVENTS.len()];
    let mut buffer = Vec::with_capacity(BUFFER_BYTES + (BUFFER_BYTES >> 2));
    let mut written = LogCounts::default();
    while written.bytes + (buffer.len() as u64) < options.bytes {
        let session = &mut sessions[rng.usize(..SESSIONS)];
        if session.is_over() {
            *session = start(rng);
        }
        let course = &courses[session.course];
        session.advance(course, rng);
        let nth = kinds[rng.usize(..kinds.len())];
        let EventKind { name, fill, .. } = &EVENTS[nth];
        clock.advance(rng);
        draft.begin(name);
        fill(
            &mut draft,
            &mut Scene {
                rng,
                session,
                course,
            },
        );
        draft.write(session, course, &clock, options.prefixed, &mut buffer);
        counts[nth] += 1;
        written.lines += 1;
        if buffer.len() >= BUFFER_BYTES {
            out.write_all(&buffer)?;
            written.bytes += buffer.len() as u64;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    written.bytes += buffer.len() as u64;
    for (kind, count) in EVENTS.iter().zip(counts) {
        *written.events.entry(kind.name).or_default() += count;
    }
    Ok(written)
}

/// The index of each kind of event, repeated once for each of its shares.
fn lottery(supported_only: bool) -> Vec<usize> {
    let kinds = EVENTS.iter().enumerate();
    let included = kinds.filter(|(_, kind)| !supported_only || kind.is_supported());
    included
        .flat_map(|(nth, kind)| std::iter::repeat_n(nth, kind.shares))
        .collect()
}

/// Writes the table of the courses of a log.
///
/// # Errors
/// Returns the errors of `out`.
pub fn write_courses(seed: u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "course_id,display_name")?;
    for course in courses(seed) {
        writeln!(out, "{},\"{}\"", course.id, course.name)?;
    }
    Ok(())
}
