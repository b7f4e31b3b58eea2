//! Users and their sessions. Each user is a function of the seed and the user's number.

use std::fmt::Write as _;
use std::io::{self, Write};

use fastrand::Rng;

use super::LMS_ROOT_URL;
use super::courses::Course;
use super::random::{number_of, one_of, skewed};

const USERNAMES: u64 = 1;
const XAPI_IDS: u64 = 2;
const CALIPER_IDS: u64 = 3;

/// A user account.
pub struct User {
    pub id: u64,
    pub username: String,
}

impl User {
    /// Returns the nth user, counted from 0.
    fn nth(seed: u64, nth: u64) -> Self {
        let mixed = number_of(seed, USERNAMES, nth) as usize;
        let first = FIRST_NAMES[mixed % FIRST_NAMES.len()];
        let last = LAST_NAMES[(mixed >> 16) % LAST_NAMES.len()];
        let joint = ["", "_", "-", "."][(mixed >> 32) % 4];
        // The number at the end makes usernames unique.
        let username = if (mixed >> 40).is_multiple_of(3) {
            format!("{}{joint}{last}{nth}", &first[..1])
        } else {
            format!("{first}{joint}{last}{nth}")
        };
        // Ids have gaps, since some accounts were never activated.
        let id = 4 + nth + nth / 3;
        Self { id, username }
    }
}

/// Writes the table of the users.
///
/// # Errors
/// Returns the errors of `out`.
pub fn write_users(seed: u64, users: u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "id,username,email,xapi_id,caliper_id")?;
    for nth in 0..users {
        let User { id, username } = User::nth(seed, nth);
        let xapi_id = external_id(seed, XAPI_IDS, nth);
        let caliper_id = external_id(seed, CALIPER_IDS, nth);
        writeln!(
            out,
            "{id},{username},{username}@example.com,{xapi_id},{caliper_id}"
        )?;
    }
    Ok(())
}

fn external_id(seed: u64, kind: u64, nth: u64) -> uuid::Uuid {
    let (high, low) = (number_of(seed, kind, nth), number_of(!seed, kind, nth));
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The session of a user: one browser, one course, and one unit at a time.
pub struct Session {
    pub user: User,
    /// The fields of a line that describe the browser, from the session id to the host, as JSON.
    pub browser: String,
    pub ip: String,
    pub language: &'static str,
    pub course: usize,
    pub vertical: usize,
    pub problem: usize,
    pub video: usize,
    /// The position in the video, in microseconds.
    pub video_at: u64,
    /// The URL of the unit.
    pub page: String,
    events_left: u32,
}

impl Session {
    /// Starts the session of a random user.
    pub fn start(seed: u64, users: u64, courses: &[Course], rng: &mut Rng) -> Self {
        let user = User::nth(seed, rng.u64(..users));
        let course = skewed(rng, courses.len());
        let ip = format!(
            "{}.{}.{}.{}",
            rng.u8(11..224),
            rng.u8(..),
            rng.u8(..),
            rng.u8(1..255)
        );
        let host = LMS_ROOT_URL.trim_start_matches("https://");
        let mut browser = format!("\"session\": \"{:032x}\", ", rng.u128(..));
        let agent = AGENTS[skewed(rng, AGENTS.len())];
        let release = 90 + rng.u32(..40);
        let _ = write!(browser, "\"ip\": \"{ip}\", \"agent\": \"");
        browser.push_str(&agent.replace("{}", &release.to_string()));
        let _ = write!(browser, "\", \"host\": \"{host}\"");
        let mut session = Self {
            user,
            browser,
            ip,
            language: LANGUAGES[skewed(rng, LANGUAGES.len())],
            course,
            vertical: 0,
            problem: 0,
            video: 0,
            video_at: 0,
            page: String::new(),
            events_left: rng.u32(5..120),
        };
        session.enter(
            rng.usize(..courses[course].verticals.len()),
            &courses[course],
        );
        session
    }

    pub fn is_over(&self) -> bool {
        self.events_left == 0
    }

    /// Advances to the next event, sometimes in the next unit.
    pub fn advance(&mut self, course: &Course, rng: &mut Rng) {
        self.events_left -= 1;
        if rng.u8(..12) == 0 {
            self.enter((self.vertical + 1) % course.verticals.len(), course);
        }
    }

    fn enter(&mut self, vertical: usize, course: &Course) {
        self.vertical = vertical;
        self.problem = vertical % course.problems.len();
        self.video = vertical % course.videos.len();
        self.video_at = 0;
        self.page.clear();
        let key = &course.verticals[vertical];
        let _ = write!(
            self.page,
            "{LMS_ROOT_URL}/xblock/{key}?show_title=0&show_bookmark_button=0&recheck_access=1&view=student_view"
        );
    }

    /// Returns a random block of the unit that is neither a problem nor a video.
    pub fn html<'c>(&self, course: &'c Course, rng: &mut Rng) -> &'c str {
        one_of::<String>(rng, &course.htmls[self.vertical % course.htmls.len()..])
    }
}

const LANGUAGES: &[&str] = &[
    "en-US,en;q=0.9",
    "en-GB,en-US;q=0.9,en;q=0.8",
    "es-ES,es;q=0.9",
    "en-US,en;q=0.5",
    "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7",
    "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7",
    "zh-CN,zh;q=0.9,en;q=0.8",
    "hi-IN,en;q=0.9",
    "de-DE,de;q=0.9",
    "ar,en;q=0.8",
];

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{}.0) Gecko/20100101 Firefox/{}.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36 Edg/{}.0.1938.62",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 15_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1",
];

#[rustfmt::skip]
const FIRST_NAMES: &[&str] = &[
    "maria", "james", "wei", "fatima", "jose", "anna", "ravi", "olga", "john", "amina", "pedro", "lucia", "chen",
    "priya", "ivan", "sara", "ahmed", "julia", "diego", "mei", "kofi", "elena", "omar", "nina", "pablo", "grace",
    "hiro", "lena", "samuel", "aisha", "marco", "emma",
];

#[rustfmt::skip]
const LAST_NAMES: &[&str] = &[
    "garcia", "smith", "zhang", "khan", "silva", "kumar", "petrov", "lopez", "jones", "diallo", "santos", "rossi",
    "wang", "patel", "ivanov", "cohen", "hassan", "muller", "torres", "lin", "mensah", "popov", "ali", "novak",
    "ruiz", "brown", "sato", "weber", "okafor", "nguyen", "ricci", "martin",
];
