//! The contents of logs by count: events by name and by day, courses, users, the form of the lines. The command `inspect`
//! shows them.
//!
//! The size of the counts does not depend on the number of lines. Each batch of lines has counts of its own, which are
//! added to those of its input; those of the inputs are added in the order of the inputs. The order matters for the most
//! frequent of many names, and for the first lines and users of a kind.
//!
//! | file | contents |
//! |---|---|
//! | `counts` | the counts of a batch or a run |
//! | `seen_event` | the fields of an event that are counted |
//! | `site` | the address of the LMS from which an event comes |
//! | `names` | events by name |
//! | `days` | events by day |
//! | `distinct` | the number of different values |
//! | `values` | the most frequent values of a field |
//! | `lacking` | the users or courses that a table lacks |
//! | `left_out` | the events that a run with the usual options would not convert |
//! | `form` | how the lines look |

mod counts;
mod days;
mod distinct;
mod form;
mod lacking;
mod left_out;
mod names;
mod seen_event;
mod site;
mod values;

pub use counts::Contents;
pub use days::OTHER_FAMILY;
pub use distinct::Distinct;
pub use lacking::Lacking;
pub use left_out::LeftOutCause;
pub(crate) use seen_event::SeenEvent;
pub use seen_event::family_of;
pub use site::{origin_of, site_of};
pub use values::Values;
