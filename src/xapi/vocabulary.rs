//! All IRIs of the xAPI output.
//!
//! Source: the reference's `processors/xapi/constants.py`. Some names there are misleading: an extension is called an
//! activity. So the names here differ, and say how the IRI is used.

/// The xAPI version of the statements.
pub(super) const XAPI_VERSION: &str = "1.0.3";

pub(super) mod verb {
    use super::super::model::Verb;

    pub static ASKED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/asked");
    pub static ATTEMPTED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/attempted");
    pub static COMPLETED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/completed");
    pub static DELETED: Verb = Verb::new("https://w3id.org/xapi/dod-isd/verbs/deleted");
    pub static EARNED: Verb = Verb::new("http://id.tincanapi.com/verb/earned");
    pub static EDITED: Verb = Verb::new("https://w3id.org/xapi/acrossx/verbs/edited");
    pub static EVALUATED: Verb = Verb::new("https://w3id.org/xapi/acrossx/verbs/evaluated");
    pub static FAILED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/failed");
    pub static INITIALIZED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/initialized");
    pub static INTERACTED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/interacted");
    pub static NAVIGATED: Verb = Verb::new("https://w3id.org/xapi/dod-isd/verbs/navigated");
    pub static PASSED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/passed");
    pub static PAUSED: Verb = Verb::new("https://w3id.org/xapi/video/verbs/paused");
    pub static PLAYED: Verb = Verb::new("https://w3id.org/xapi/video/verbs/played");
    pub static POSTED: Verb = Verb::new("https://w3id.org/xapi/acrossx/verbs/posted");
    pub static PROGRESSED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/progressed");
    pub static REGISTERED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/registered");
    pub static REPORTED: Verb = Verb::new("https://w3id.org/xapi/acrossx/verbs/reported");
    pub static SEEKED: Verb = Verb::new("https://w3id.org/xapi/video/verbs/seeked");
    pub static TERMINATED: Verb = Verb::new("http://adlnet.gov/expapi/verbs/terminated");
    pub static UNREGISTERED: Verb = Verb::new("http://id.tincanapi.com/verb/unregistered");
    pub static UNREPORTED: Verb = Verb::new("https://w3id.org/xapi/openedx/verb/unreported");
    pub static VIEWED: Verb = Verb::new("http://id.tincanapi.com/verb/viewed");
    pub static VOTED: Verb = Verb::new("https://w3id.org/xapi/openedx/verb/voted");
}

/// Types of activities.
pub(super) mod activity {
    pub const ATTEMPT: &str = "http://adlnet.gov/expapi/activities/attempt";
    pub const COURSE: &str = "http://adlnet.gov/expapi/activities/course";
    pub const DISCUSSION: &str = "http://id.tincanapi.com/activitytype/discussion";
    pub const INTERACTION: &str = "http://adlnet.gov/expapi/activities/cmi.interaction";
    pub const LINK: &str = "http://adlnet.gov/expapi/activities/link";
    pub const MODULE: &str = "http://adlnet.gov/expapi/activities/module";
    pub const PRACTICE_ASSESSMENT: &str =
        "https://w3id.org/xapi/openedx/activity/practice-assessment";
    pub const PROCTORED_ASSESSMENT: &str =
        "https://w3id.org/xapi/openedx/activity/proctored-assessment";
    pub const QUESTION: &str = "http://adlnet.gov/expapi/activities/question";
    pub const RESOURCE: &str = "http://id.tincanapi.com/activitytype/resource";
    pub const SOLUTION: &str = "http://id.tincanapi.com/activitytype/solution";
    pub const SUPPLEMENTAL_INFO: &str =
        "https://w3id.org/xapi/acrossx/extensions/supplemental-info";
    pub const TIMED_ASSESSMENT: &str = "https://w3id.org/xapi/openedx/activity/timed-assessment";
    pub const VIDEO: &str = "https://w3id.org/xapi/video/activity-type/video";
}

/// Extensions of contexts, results and activity definitions.
pub(super) mod extension {
    pub const ATTEMPT_COMPLETED: &str = "https://w3id.org/xapi/openedx/extension/attempt-completed";
    pub const ATTEMPT_ID: &str = "http://id.tincanapi.com/extension/attempt-id";
    pub const ATTEMPT_STARTED: &str = "https://w3id.org/xapi/openedx/extension/attempt-started";
    pub const CC_ENABLED: &str = "https://w3id.org/xapi/video/extensions/cc-enabled";
    pub const DURATION: &str = "http://id.tincanapi.com/extension/duration";
    pub const ENDING_POINT: &str = "http://id.tincanapi.com/extension/ending-point";
    pub const GRADE_CLASSIFICATION: &str =
        "http://www.tincanapi.co.uk/activitytypes/grade_classification";
    pub const LENGTH: &str = "https://w3id.org/xapi/video/extensions/length";
    pub const PROGRESS: &str = "https://w3id.org/xapi/cmi5/result/extensions/progress";
    pub const SESSION_ID: &str = "https://w3id.org/xapi/openedx/extensions/session-id";
    pub const SPEED_FROM: &str = "https://w3id.org/xapi/openedx/extension/speed-from";
    pub const SPEED_TO: &str = "https://w3id.org/xapi/openedx/extension/speed-to";
    pub const STARTING_POSITION: &str = "http://id.tincanapi.com/extension/starting-position";
    pub const TIME: &str = "https://w3id.org/xapi/video/extensions/time";
    pub const TIME_FROM: &str = "https://w3id.org/xapi/video/extensions/time-from";
    pub const TIME_LIMIT: &str = "https://w3id.org/xapi/acrossx/extensions/time-limit";
    pub const TIME_TO: &str = "https://w3id.org/xapi/video/extensions/time-to";
    pub const TOTAL_ITEMS: &str = "https://w3id.org/xapi/acrossx/extensions/total-items";
    pub const TRANSFORMER_VERSION: &str =
        "https://w3id.org/xapi/openedx/extension/transformer-version";
    pub const TYPE: &str = "https://w3id.org/xapi/acrossx/extensions/type";
}
