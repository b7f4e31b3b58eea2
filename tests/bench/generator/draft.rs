//! One line: what an event says of itself, and what the LMS puts around it.

use std::fmt::Write as _;
use std::io::Write as _;

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::LMS_ROOT_URL;
use super::courses::{Course, Problem};
use super::people::Session;

/// Who sent the event, and so what it looks like.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Sender {
    /// The LMS, within the request of a user.
    #[default]
    Server,
    /// A worker of the LMS, outside of any request: only the event itself tells of whom it is.
    Worker,
    /// A browser: `event` is a string of JSON.
    Browser,
    /// A mobile app.
    Mobile,
    /// The LMS, within the request of nobody it knows.
    Stranger,
}

/// An event before it is a line. Filled anew for each, so that its memory is used again.
#[derive(Default)]
pub struct Draft {
    pub name: String,
    pub sender: Sender,
    /// The path of the request; `/event`, to which browsers send, when it is empty.
    pub path: String,
    /// Whether it belongs to the course.
    pub is_in_course: bool,
    /// Whether a frontend of its own sent the request, and not a page of the LMS.
    pub is_from_app: bool,
    /// `event`, as JSON.
    pub event: String,
    /// Whether a browser's `event` is not a string of JSON.
    pub is_plain: bool,
    /// `context.module`, as JSON.
    pub module: String,
    /// Whether `context` tells the page, too.
    pub has_referer: bool,
    /// What an event composes before it escapes it.
    pub text: String,
}

impl Draft {
    pub fn begin(&mut self, name: &str) {
        for text in [
            &mut self.name,
            &mut self.path,
            &mut self.event,
            &mut self.module,
            &mut self.text,
        ] {
            text.clear();
        }
        self.name.push_str(name);
        self.sender = Sender::Server;
        self.is_in_course = true;
        self.is_from_app = false;
        self.is_plain = false;
        self.has_referer = false;
    }

    /// Within a request to the handler of a block.
    pub fn handled_by(&mut self, course: &Course, block: &str, handler: &str) {
        let id = &course.id;
        let _ = write!(self.path, "/courses/{id}/xblock/{block}/handler/{handler}");
    }

    /// Of a problem, which the LMS names.
    pub fn about(&mut self, problem: &Problem) {
        self.module.push_str("{\"display_name\": \"");
        escape(&problem.name, &mut self.module);
        let _ = write!(self.module, "\", \"usage_key\": \"{}\"}}", problem.key);
    }

    /// Appends the line.
    pub fn write(
        &self,
        session: &Session,
        course: &Course,
        clock: &Clock,
        prefixed: bool,
        out: &mut Vec<u8>,
    ) {
        let user =
            (!matches!(self.sender, Sender::Worker | Sender::Stranger)).then_some(&session.user);
        let ip = (self.sender != Sender::Worker).then_some(session.ip.as_str());
        if prefixed {
            let (date, time) = clock.second.split_at(10);
            let (time, milliseconds) = (&time[1..], clock.microsecond / 1000);
            let process = 7 + clock.microsecond % 24;
            let _ = write!(
                out,
                "{date} {time},{milliseconds:03} INFO {process} [tracking] [user "
            );
            let _ = match user {
                Some(user) => write!(out, "{}", user.id),
                None => write!(out, "None"),
            };
            let ip = ip.unwrap_or("None");
            let _ = write!(out, "] [ip {ip}] logger.py:41 - ");
        }
        let (course_id, org) = if self.is_in_course {
            (course.id.as_str(), course.org)
        } else {
            ("", "")
        };
        put(out, &["{\"name\": \"", &self.name, "\", \"context\": {"]);
        put(out, &["\"course_id\": \"", course_id]);
        if self.sender == Sender::Worker {
            put(
                out,
                &["\", \"org_id\": \"", org, "\", \"enterprise_uuid\": \"\"}"],
            );
            put(
                out,
                &[
                    ", \"username\": \"\", \"session\": \"\", \"ip\": \"\", \"agent\": \"\", \"host\": \"\"",
                ],
            );
            put(
                out,
                &[", \"referer\": \"\", \"accept_language\": \"\", \"event\": "],
            );
        } else {
            put(out, &["\", \"course_user_tags\": {}, \"user_id\": "]);
            let _ = match user {
                Some(user) => write!(out, "{}", user.id),
                None => write!(out, "null"),
            };
            let path = if self.path.is_empty() {
                "/event"
            } else {
                &self.path
            };
            put(out, &[", \"path\": \"", path, "\", \"org_id\": \"", org]);
            put(out, &["\", \"enterprise_uuid\": \"\""]);
            if self.has_referer {
                put(out, &[", \"referer\": \"", &session.page, "\""]);
            }
            if self.sender == Sender::Mobile {
                put(out, &[MOBILE]);
            }
            if !self.module.is_empty() {
                put(out, &[", \"module\": ", &self.module, ", \"asides\": {}"]);
            }
            let username = user.map_or("", |user| &user.username);
            put(
                out,
                &["}, \"username\": \"", username, "\", ", &session.browser],
            );
            put(out, &[", \"referer\": \""]);
            if self.is_from_app {
                put(out, &["https://learning.example.org/"]);
            } else {
                put(out, &[&session.page]);
            }
            put(
                out,
                &[
                    "\", \"accept_language\": \"",
                    session.language,
                    "\", \"event\": ",
                ],
            );
        }
        if self.sender == Sender::Browser && !self.is_plain {
            out.push(b'"');
            escape_into(&self.event, out);
            out.push(b'"');
        } else {
            put(out, &[&self.event]);
        }
        let _ = write!(
            out,
            ", \"time\": \"{}.{:06}+00:00\"",
            clock.second, clock.microsecond
        );
        put(
            out,
            &[", \"event_type\": \"", &self.name, "\", \"event_source\": "],
        );
        match self.sender {
            Sender::Browser => put(out, &["\"browser\", \"page\": \"", &session.page, "\"}\n"]),
            Sender::Mobile => put(out, &["\"mobile\", \"page\": \"", LMS_ROOT_URL, "\"}\n"]),
            _ if !self.module.is_empty() => put(out, &["\"server\", \"page\": \"x_module\"}\n"]),
            _ => put(out, &["\"server\", \"page\": null}\n"]),
        }
    }
}

const MOBILE: &str = ", \"application\": {\"name\": \"edx.mobileapp.android\", \"version\": \"4.2.1\"}, \
    \"client\": {\"network\": {\"wifi\": true, \"carrier\": \"\", \"cellular\": false}, \"locale\": \"en-US\", \
    \"os\": {\"name\": \"Android\", \"version\": \"13\"}, \"timezone\": \"UTC\"}, \"component\": \"videoplayer\"";

fn put(out: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a text as it stands within a string of JSON, in ASCII, as Python writes it.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
}

/// The same for a text that is JSON, and so has no other characters to escape than these two.
fn escape_into(json: &str, out: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend([b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// When a line is written. Lines come 25 a second.
pub struct Clock {
    now: i64,
    /// To the second, without a zone.
    second: String,
    microsecond: i64,
}

impl Clock {
    pub fn new(rng: &mut Rng) -> Self {
        // Some day in 2024.
        let now = (1_704_067_200 + rng.i64(0..366 * 86_400)) * 1_000_000;
        let mut clock = Self {
            now,
            second: String::new(),
            microsecond: 0,
        };
        clock.tell();
        clock
    }

    pub fn go_on(&mut self, rng: &mut Rng) {
        let second = self.now / 1_000_000;
        self.now += rng.i64(0..80_000);
        self.microsecond = self.now % 1_000_000;
        if self.now / 1_000_000 != second {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let now = Timestamp::from_second(self.now / 1_000_000).expect("a second of these years");
        self.second = Offset::UTC.to_datetime(now).to_string();
        self.microsecond = self.now % 1_000_000;
    }
}
