//! The lookup of users and courses in the tables, and the derivation of ids and names without tables.

use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use uuid::Uuid;

use super::{Courses, Identity, IdentityColumn, IdentityDerivation, RowSet, Users, course_key};
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::tracking::field::truthy;
use crate::tracking::{TrackingEvent, join_in, python};

/// The treatment of users and courses that are not in their table, and of users without an external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Reject the event.
    Reject,
    /// Use a value that needs no table: an external id computed from the user, or the course id as the name.
    Derive,
}

/// The user whose external id is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedId {
    /// A user of the table who has no external id in it.
    Listed,
    /// A user who is not in the table.
    Unknown,
}

/// The lookup tables, and the derivation of external ids that no table provides.
pub struct Lms {
    /// The root URL of the LMS, exactly as given, because ids are computed from it.
    pub root_url: String,
    /// The identity that records show of a user.
    pub identity: IdentityColumn,
    pub users: Option<Users>,
    pub courses: Option<Courses>,
    pub unknown_user: Unknown,
    pub unknown_course: Unknown,
    /// The treatment of users who are in the table and have no external id.
    pub missing_external_id: Unknown,
    /// The rows of users without an external id of whom an event was converted.
    pub derived_users: RowSet,
    /// Whether an id was derived for a user who is in no table.
    pub derives_unknown: AtomicBool,
    /// Whether there is no table of courses, and a course was named by its id.
    pub names_courses_by_id: AtomicBool,
    pub derivation: IdentityDerivation,
}

/// The user that an event names: a numeric id, a username, or a text of digits, which may be either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserRef<'a> {
    id: Option<i64>,
    username: &'a str,
}

impl<'a> UserRef<'a> {
    /// Returns the user of an event: `data.user_id`, else `data.username`, else the same two fields anywhere in the
    /// event. The value is read as the reference's `get_user` reads it.
    pub(crate) fn of_event(event: &TrackingEvent<'a>, arena: &'a Bump) -> Result<Self, Fault> {
        let user = truthy(event.data("user_id"))
            .or_else(|| truthy(event.data("username")))
            .or_else(|| truthy(event.find("user_id")))
            .or_else(|| event.find("username"));
        match user {
            Some(Value::Str(text)) => Ok(Self {
                id: python::parse_number(text),
                username: text,
            }),
            Some(Value::Int(id)) if id != 0 => Ok(Self {
                id: Some(id),
                username: arena.alloc_str(itoa::Buffer::new().format(id)),
            }),
            Some(Value::BigInt(digits)) => Ok(Self {
                id: None,
                username: digits,
            }),
            Some(value) if value.is_truthy() => {
                let kind = value.kind();
                let detail =
                    format!("the user of the event is {kind}, not a user id or a username");
                Err(Fault::new(Reason::WrongType, detail))
            }
            _ => Err(no_user(event)),
        }
    }

    /// Returns the numeric id, if the event has one, or the username.
    pub(crate) fn text(self) -> &'a str {
        self.username
    }

    /// Returns the fault of a user who is not in the users table, or whose row lacks a value.
    pub(crate) fn fault(self, reason: Reason) -> Fault {
        let lacks = match reason {
            Reason::NoExternalId => "has no external id in",
            Reason::NoEmail => "has no e-mail address in",
            _ => "is not in",
        };
        let detail = format!("the user `{}` {lacks} the users table", self.username);
        Fault::new(reason, detail)
    }
}

fn no_user(event: &TrackingEvent<'_>) -> Fault {
    match event.obstacle("context.user_id") {
        Some(obstacle) => {
            let detail = format!("the event names no user, since {obstacle}");
            Fault::new(Reason::NoUser, detail)
        }
        None => Fault::new(Reason::NoUser, "the event names no user"),
    }
}

impl Lms {
    /// Makes the IRI `ROOT/KIND/ID`.
    pub(crate) fn iri<'a>(&self, kind: &str, id: &str, arena: &'a Bump) -> &'a str {
        join_in(arena, [&self.root_url, "/", kind, "/", id])
    }

    /// Returns the external id of a user, from the users table or derived.
    pub(crate) fn external_id<'a>(
        &'a self,
        user: UserRef<'a>,
        arena: &'a Bump,
    ) -> Result<&'a str, Fault> {
        let uuid = match self.find(user) {
            Some(Identity::Text(text)) => return Ok(text),
            Some(Identity::Uuid(uuid)) => uuid,
            Some(Identity::Absent { id }) => self.missing_id(id, user)?,
            None if self.users.is_some() && self.unknown_user == Unknown::Reject => {
                return Err(user.fault(Reason::UnknownUser));
            }
            None => {
                // Most events only read the flag, so that threads do not wait for each other.
                if !self.derives_unknown.load(Ordering::Relaxed) {
                    self.derives_unknown.store(true, Ordering::Relaxed);
                }
                self.derivation.of_unknown(user.id, user.username)
            }
        };
        let mut text = Uuid::encode_buffer();
        Ok(arena.alloc_str(uuid.hyphenated().encode_lower(&mut text)))
    }

    /// Returns the derived id of a user who has no external id in the table, if such ids are derived. `id` is the numeric
    /// id in the table, which the event may not have.
    fn missing_id(&self, id: Option<i64>, user: UserRef<'_>) -> Result<Uuid, Fault> {
        match (self.missing_external_id, self.identity) {
            (Unknown::Derive, IdentityColumn::ExternalId(format)) => {
                Ok(self.derivation.of_listed(id, user.username, format))
            }
            _ => Err(user.fault(Reason::NoExternalId)),
        }
    }

    /// Returns whether there is a table of users and the user is not in it.
    pub(crate) fn lacks_user(&self, user: UserRef<'_>) -> bool {
        self.users.is_some() && self.find(user).is_none()
    }

    /// Returns whether there is a table of courses and the course is not in it. The table lacks no course whose id is not a
    /// course key.
    pub(crate) fn lacks_course(&self, course_id: &str) -> bool {
        let Some(courses) = &self.courses else {
            return false;
        };
        let key = course_key::canonical(course_id);
        key.is_some_and(|key| courses.display_name(&key).is_none())
    }

    /// Returns the reason why an event is rejected whose user or course a table lacks. The event is converted as without tables.
    pub(crate) fn reason_of_tables(
        &self,
        event: &TrackingEvent<'_>,
        arena: &Bump,
    ) -> Option<Reason> {
        if self.users.is_none() && self.courses.is_none() {
            return None;
        }
        let user = UserRef::of_event(event, arena).ok()?;
        let course = event.context("course_id").and_then(Value::as_str);
        match self.find(user) {
            None if self.users.is_some() => Some(Reason::UnknownUser),
            Some(Identity::Absent { .. }) => Some(Reason::NoExternalId),
            _ => course
                .is_some_and(|course| self.lacks_course(course))
                .then_some(Reason::UnknownCourse),
        }
    }

    /// Returns whether an id was derived for a user who is in no table.
    pub fn has_derived_unknown(&self) -> bool {
        self.derives_unknown.load(Ordering::Relaxed)
    }

    /// Returns whether there is no table of courses, and a course was named by its id.
    pub fn has_course_named_by_id(&self) -> bool {
        self.names_courses_by_id.load(Ordering::Relaxed)
    }

    /// Returns the numeric id of each user of the table who has no external id, and the id that is derived for the user.
    pub(crate) fn missing_external_ids(&self) -> impl Iterator<Item = (Option<i64>, Uuid)> {
        let format = match self.identity {
            IdentityColumn::ExternalId(format) => Some(format),
            IdentityColumn::Email => None,
        };
        let of_format = move |format| {
            let users = self.users.iter().flat_map(Users::without_identity);
            users.map(move |(id, username)| (id, self.derivation.of_listed(id, username, format)))
        };
        format.into_iter().flat_map(of_format)
    }

    /// Returns whether a converted event has an id that was derived although there is a table of users, and for which kind
    /// of user. Adds a user of the table to [`derived_users`](Self::derived_users).
    pub(crate) fn note_derived(
        &self,
        event: &TrackingEvent<'_>,
        arena: &Bump,
    ) -> Option<DerivedId> {
        let derives = |unknown| unknown == Unknown::Derive;
        let (of_listed, of_unknown) = (
            derives(self.missing_external_id),
            derives(self.unknown_user),
        );
        let has_external_ids = matches!(self.identity, IdentityColumn::ExternalId(_));
        if !(of_listed || of_unknown) || !has_external_ids {
            return None;
        }
        let users = self.users.as_ref()?;
        let user = UserRef::of_event(event, arena).ok()?;
        if of_listed && let Some(row) = users.row_without_identity(user.id, user.username) {
            self.derived_users.add(row);
            return Some(DerivedId::Listed);
        }
        let is_unknown = of_unknown && self.find(user).is_none();
        is_unknown.then_some(DerivedId::Unknown)
    }

    /// Returns the e-mail address of a user from the users table. An address cannot be derived.
    pub(crate) fn email<'a>(&'a self, user: UserRef<'a>) -> Result<&'a str, Fault> {
        match self.find(user) {
            Some(Identity::Text(email)) => Ok(email),
            Some(_) => Err(user.fault(Reason::NoEmail)),
            None => Err(user.fault(Reason::UnknownUser)),
        }
    }

    /// Finds a user in the users table. Returns `None` if the user is not there or there is no table.
    fn find(&self, user: UserRef<'_>) -> Option<Identity<'_>> {
        self.users.as_ref()?.find(user.id, user.username)
    }

    /// Returns the display name of a course, or `None` if the name is NULL in the courses table.
    pub(crate) fn course_name<'a>(&'a self, course_id: &'a str) -> Result<Option<&'a str>, Fault> {
        let Some(key) = course_key::canonical(course_id) else {
            let problem = if course_id.contains(char::is_whitespace) {
                "has white space, which a course key cannot have"
            } else {
                "is not a course key like course-v1:ORG+COURSE+RUN"
            };
            let detail = format!("the course id `{course_id}` {problem}");
            return Err(Fault::new(Reason::BadCourseId, detail));
        };
        let courses = self.courses.as_ref();
        match courses.map(|courses| courses.display_name(&key)) {
            Some(Some(display_name)) => Ok(display_name),
            Some(None) if self.unknown_course == Unknown::Reject => {
                let detail = format!("the course `{course_id}` is not in the courses table");
                Err(Fault::new(Reason::UnknownCourse, detail))
            }
            None => {
                if !self.names_courses_by_id.load(Ordering::Relaxed) {
                    self.names_courses_by_id.store(true, Ordering::Relaxed);
                }
                Ok(Some(course_id))
            }
            Some(None) => Ok(Some(course_id)),
        }
    }
}
