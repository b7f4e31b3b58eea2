//! A line of the log: the fields of an event, and the fields that the LMS adds to each event.

use std::fmt::Write as _;
use std::io::Write as _;

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::LMS_ROOT_URL;
use super::courses::{Course, Problem};
use super::people::Session;

/// The sender of an event, which determines its fields.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Sender {
    /// The LMS, during the request of a user.
    #[default]
    Server,
    /// A worker of the LMS, outside of any request. Only the event itself names the user.
    Worker,
    /// A browser. The field `event` is a string that contains JSON.
    Browser,
    /// A mobile app.
    Mobile,
    /// The LMS, during a request without a login.
    Anonymous,
}

/// The fields of an event that is being generated. One draft is reused for all events, so that its memory is allocated
/// once.
#[derive(Default)]
pub struct Draft {
    pub name: String,
    pub sender: Sender,
    /// The path of the request. Empty for `/event`, to which browsers send events.
    pub path: String,
    /// Whether the event belongs to the course.
    pub is_in_course: bool,
    /// Whether a separate frontend sent the request, and not a page of the LMS.
    pub is_from_app: bool,
    /// The field `event`, as JSON.
    pub event: String,
    /// Whether the field `event` of a browser is text other than JSON.
    pub is_plain: bool,
    /// The field `context.module`, as JSON.
    pub module: String,
    /// Whether `context` contains the page.
    pub has_referer: bool,
    /// A buffer for text that is not escaped yet.
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

    /// Sets the path of a request to the handler of a block.
    pub fn handled_by(&mut self, course: &Course, block: &str, handler: &str) {
        let id = &course.id;
        let _ = write!(self.path, "/courses/{id}/xblock/{block}/handler/{handler}");
    }

    /// Sets the problem that the LMS names in `context.module`.
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
            (!matches!(self.sender, Sender::Worker | Sender::Anonymous)).then_some(&session.user);
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

/// Appends a text, escaped for a JSON string in ASCII as Python writes it.
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

/// Appends JSON, escaped for a JSON string. Only quotes and backslashes need escaping.
fn escape_into(json: &str, out: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend([b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The time of a line. There are 25 lines a second.
pub struct Clock {
    now: i64,
    /// The formatted time to the second, without an offset.
    second: String,
    microsecond: i64,
}

impl Clock {
    pub fn new(rng: &mut Rng) -> Self {
        // The log starts on a random day in 2024.
        let now = (1_704_067_200 + rng.i64(0..366 * 86_400)) * 1_000_000;
        let mut clock = Self {
            now,
            second: String::new(),
            microsecond: 0,
        };
        clock.format();
        clock
    }

    pub fn advance(&mut self, rng: &mut Rng) {
        let second = self.now / 1_000_000;
        self.now += rng.i64(0..80_000);
        self.microsecond = self.now % 1_000_000;
        if self.now / 1_000_000 != second {
            self.format();
        }
    }

    fn format(&mut self) {
        let now = Timestamp::from_second(self.now / 1_000_000).expect("a second of these years");
        self.second = Offset::UTC.to_datetime(now).to_string();
        self.microsecond = self.now % 1_000_000;
    }
}
