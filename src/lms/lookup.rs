//! The lookup of users and courses in the tables, and the derivation in their absence.

use std::borrow::Cow;

use bumpalo::Bump;

use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::tracking::field::truthy;
use crate::tracking::{TrackingEvent, join_in, python};

use super::{Courses, Identity, IdentityDerivation, Users, course_key};

/// The treatment of users or courses that are not in their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Reject the event.
    Reject,
    /// Derive the id or the name, as without a table.
    Derive,
}

/// The lookup tables, and the derivation that replaces missing ones.
pub struct Lms {
    /// The root URL as given. Ids depend on every character.
    pub root_url: String,
    pub users: Option<Users>,
    pub courses: Option<Courses>,
    pub unknown_user: Unknown,
    pub unknown_course: Unknown,
    pub derivation: IdentityDerivation,
}

/// The user that an event names: a numeric id, a username, or a text that may be both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserRef<'a> {
    id: Option<i64>,
    username: &'a str,
}

impl<'a> UserRef<'a> {
    /// Returns the user of an event: `data.user_id`, else `data.username`, else the same two fields anywhere in the event.
    pub(crate) fn of_event(event: &TrackingEvent<'a>, arena: &'a Bump) -> Result<Self, Fault> {
        let user = truthy(event.data("user_id"))
            .or_else(|| truthy(event.data("username")))
            .or_else(|| truthy(event.find("user_id")))
            .or_else(|| event.find("username"));
        Self::from_value(user, arena)
    }

    /// Reads the value of a field as the reference's `get_user` does.
    fn from_value(value: Option<Value<'a>>, arena: &'a Bump) -> Result<Self, Fault> {
        match value {
            Some(Value::Str(text)) => Ok(Self {
                id: python::parse_int(text),
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
            Some(value) if value.is_truthy() => Err(Fault::wrong_type(
                "user",
                value.kind(),
                "a user id or a username",
            )),
            _ => Err(Fault::new(Reason::NoUser, "the event names no user")),
        }
    }
}

impl Lms {
    /// Makes the IRI `ROOT/KIND/ID`.
    pub(crate) fn iri<'a>(&self, kind: &str, id: &str, arena: &'a Bump) -> &'a str {
        join_in(arena, [&self.root_url, "/", kind, "/", id])
    }

    /// Returns the external id of a user, from the table or derived.
    pub(crate) fn external_id<'a>(
        &'a self,
        user: UserRef<'a>,
        arena: &'a Bump,
    ) -> Result<&'a str, Fault> {
        let uuid = match self
            .users
            .as_ref()
            .map(|users| users.find(user.id, user.username))
        {
            Some(Some(Identity::Text(text))) => return Ok(text),
            Some(Some(Identity::Uuid(uuid))) => uuid,
            Some(Some(Identity::Absent)) => {
                let detail = format!(
                    "the user `{}` has no external id in the users table",
                    user.username
                );
                return Err(Fault::new(Reason::NoExternalId, detail));
            }
            Some(None) if self.unknown_user == Unknown::Reject => return Err(unknown_user(user)),
            None | Some(None) => self.derivation.external_id(user.id, user.username),
        };
        Ok(arena.alloc_str(
            uuid.hyphenated()
                .encode_lower(&mut uuid::Uuid::encode_buffer()),
        ))
    }

    /// Returns the e-mail address of a user, which cannot be derived.
    pub(crate) fn email<'a>(&'a self, user: UserRef<'a>) -> Result<&'a str, Fault> {
        match self
            .users
            .as_ref()
            .and_then(|users| users.find(user.id, user.username))
        {
            Some(Identity::Text(email)) => Ok(email),
            Some(_) => {
                let detail = format!(
                    "the user `{}` has no e-mail address in the users table",
                    user.username
                );
                Err(Fault::new(Reason::NoEmail, detail))
            }
            None => Err(unknown_user(user)),
        }
    }

    /// Returns the display name of a course, or `None` if it is NULL in the table.
    pub(crate) fn course_name<'a>(&'a self, course_id: &'a str) -> Result<Option<&'a str>, Fault> {
        let Some(key) = course_key::canonical(course_id) else {
            let detail = format!("the course id `{course_id}` is not a course key");
            return Err(Fault::new(Reason::BadCourseId, detail));
        };
        match self
            .courses
            .as_ref()
            .map(|courses| courses.display_name(&key))
        {
            Some(Some(display_name)) => Ok(display_name),
            Some(None) if self.unknown_course == Unknown::Reject => {
                let detail = format!("the course `{course_id}` is not in the courses table");
                Err(Fault::new(Reason::UnknownCourse, detail))
            }
            None | Some(None) => Ok(Some(course_id)),
        }
    }
}

fn unknown_user(user: UserRef<'_>) -> Fault {
    let detail: Cow<'static, str> =
        format!("the user `{}` is not in the users table", user.username).into();
    Fault::new(Reason::UnknownUser, detail)
}
