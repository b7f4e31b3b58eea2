//! Every IRI of the xAPI output, and nothing else that has one.
//!
//! Source: the reference's `processors/xapi/constants.py`. Some names there mislead (an extension called an activity);
//! here an IRI is filed by where it is used.

/// The xAPI version of the statements.
pub(super) const XAPI_VERSION: &str = "1.0.3";

/// A verb and its display in English.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerbIri {
    pub id: &'static str,
    pub display: &'static str,
}

/// Verbs.
pub(super) mod verb {
    use super::VerbIri;

    const fn verb(id: &'static str, display: &'static str) -> VerbIri {
        VerbIri { id, display }
    }

    pub const ASKED: VerbIri = verb("http://adlnet.gov/expapi/verbs/asked", "asked");
    pub const ATTEMPTED: VerbIri = verb("http://adlnet.gov/expapi/verbs/attempted", "attempted");
    pub const COMPLETED: VerbIri = verb("http://adlnet.gov/expapi/verbs/completed", "completed");
    pub const DELETED: VerbIri = verb("https://w3id.org/xapi/dod-isd/verbs/deleted", "deleted");
    pub const EARNED: VerbIri = verb("http://id.tincanapi.com/verb/earned", "earned");
    pub const EDITED: VerbIri = verb("https://w3id.org/xapi/acrossx/verbs/edited", "edited");
    pub const EVALUATED: VerbIri =
        verb("https://w3id.org/xapi/acrossx/verbs/evaluated", "evaluated");
    pub const FAILED: VerbIri = verb("http://adlnet.gov/expapi/verbs/failed", "failed");
    pub const INITIALIZED: VerbIri =
        verb("http://adlnet.gov/expapi/verbs/initialized", "initialized");
    pub const INTERACTED: VerbIri = verb("http://adlnet.gov/expapi/verbs/interacted", "interacted");
    pub const NAVIGATED: VerbIri =
        verb("https://w3id.org/xapi/dod-isd/verbs/navigated", "navigated");
    pub const PASSED: VerbIri = verb("http://adlnet.gov/expapi/verbs/passed", "passed");
    pub const PAUSED: VerbIri = verb("https://w3id.org/xapi/video/verbs/paused", "paused");
    pub const PLAYED: VerbIri = verb("https://w3id.org/xapi/video/verbs/played", "played");
    pub const POSTED: VerbIri = verb("https://w3id.org/xapi/acrossx/verbs/posted", "posted");
    pub const PROGRESSED: VerbIri = verb("http://adlnet.gov/expapi/verbs/progressed", "progressed");
    pub const REGISTERED: VerbIri = verb("http://adlnet.gov/expapi/verbs/registered", "registered");
    pub const REPORTED: VerbIri = verb("https://w3id.org/xapi/acrossx/verbs/reported", "reported");
    pub const SEEKED: VerbIri = verb("https://w3id.org/xapi/video/verbs/seeked", "seeked");
    pub const TERMINATED: VerbIri = verb("http://adlnet.gov/expapi/verbs/terminated", "terminated");
    pub const UNREGISTERED: VerbIri =
        verb("http://id.tincanapi.com/verb/unregistered", "unregistered");
    pub const UNREPORTED: VerbIri = verb(
        "https://w3id.org/xapi/openedx/verb/unreported",
        "unreported",
    );
    pub const VIEWED: VerbIri = verb("http://id.tincanapi.com/verb/viewed", "viewed");
    pub const VOTED: VerbIri = verb("https://w3id.org/xapi/openedx/verb/voted", "voted");
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
