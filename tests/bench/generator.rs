//! A tracking log of any size, of nobody: what Open edX writes when many learners are at work at once.
//!
//! Half of the lines are the LMS's implicit events, named by the path of a request; a tail is named events that nothing
//! transforms; the rest is every event that is transformed, each in about its share. Learners come and go, stay in their
//! session, course and unit for a while, and are interleaved as requests are, so that gzip makes of the log what it makes
//! of archives: about an eighth. The same options give the same bytes.

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

/// The LMS that the log is of.
pub const LMS_ROOT_URL: &str = "https://courses.example.org";

/// So many learners are at work at once. It decides what gzip makes of the log: it looks back over some 25 lines, where it
/// seldom finds another of the same session when there are many. With 30 it packs nine and a half to one, with 100 eight,
/// with 300 seven and a half.
const SESSIONS: usize = 100;

const PARTS: u64 = 0;

/// Enough for one write to cost nothing beside filling it.
const BUFFER_BYTES: usize = 1 << 18;

/// Which log.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// How long, at the least; the last line is whole.
    pub bytes: u64,
    /// Which users and courses there are.
    pub seed: u64,
    /// Which of the logs of these users and courses.
    pub part: u64,
    /// How many users there are, of whom those in the log are drawn.
    pub users: u64,
    /// Leave out what has no transformer.
    pub supported_only: bool,
    /// Put the logger's prefix before each line.
    pub prefixed: bool,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub bytes: u64,
    pub lines: u64,
    /// How many lines there are of each event; those named by a path together under `IMPLICIT`.
    pub events: HashMap<&'static str, u64>,
}

/// The name under which events named by a path are counted.
pub const IMPLICIT: &str = "/…";

impl Written {
    /// How many lines are of one of these events.
    pub fn of(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.events.get(name)).sum()
    }
}

/// What an event is told of.
pub struct Scene<'s> {
    pub rng: &'s mut Rng,
    pub session: &'s mut Session,
    pub course: &'s Course,
}

/// Writes a log.
///
/// # Errors
/// Those of `out`.
pub fn write_log(options: &LogOptions, out: &mut impl Write) -> io::Result<Written> {
    let courses = courses(options.seed);
    let rng = &mut Rng::with_seed(number_of(options.seed, PARTS, options.part));
    let kinds = lottery(options.supported_only);
    let start = |rng: &mut Rng| Session::start(options.seed, options.users, &courses, rng);
    let mut sessions: Vec<Session> = (0..SESSIONS).map(|_| start(rng)).collect();
    let mut clock = Clock::new(rng);
    let mut draft = Draft::default();
    let mut counts = vec![0; EVENTS.len()];
    let mut buffer = Vec::with_capacity(BUFFER_BYTES + (BUFFER_BYTES >> 2));
    let mut written = Written::default();
    while written.bytes + (buffer.len() as u64) < options.bytes {
        let session = &mut sessions[rng.usize(..SESSIONS)];
        if session.is_over() {
            *session = start(rng);
        }
        let course = &courses[session.course];
        session.go_on(course, rng);
        let nth = kinds[rng.usize(..kinds.len())];
        let EventKind { name, tell, .. } = &EVENTS[nth];
        clock.go_on(rng);
        draft.begin(name);
        tell(
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

/// Each kind of event as often as it has shares.
fn lottery(supported_only: bool) -> Vec<usize> {
    let kinds = EVENTS.iter().enumerate();
    let taken = kinds.filter(|(_, kind)| !supported_only || kind.is_supported());
    taken
        .flat_map(|(nth, kind)| std::iter::repeat_n(nth, kind.shares))
        .collect()
}

/// Writes the table of the courses that a log with this seed is of.
///
/// # Errors
/// Those of `out`.
pub fn write_courses(seed: u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "course_id,display_name")?;
    for course in courses(seed) {
        writeln!(out, "{},\"{}\"", course.id, course.name)?;
    }
    Ok(())
}
