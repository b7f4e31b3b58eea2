//! The fixed terms of the Caliper output: the context IRI, the types of events and entities, and the actions.
//!
//! Source: the reference's `processors/caliper/constants.py` and the maps of its event transformers.

/// The JSON-LD context of Caliper 1.2. Envelopes have the same IRI as `dataVersion`.
pub(super) const CONTEXT: &str = "http://purl.imsglobal.org/ctx/caliper/v1p2";

/// Types of events.
pub(super) mod event {
    pub const ASSESSMENT: &str = "AssessmentEvent";
    pub const ASSESSMENT_ITEM: &str = "AssessmentItemEvent";
    pub const EVENT: &str = "Event";
    pub const GRADE: &str = "GradeEvent";
    pub const MEDIA: &str = "MediaEvent";
    pub const NAVIGATION: &str = "NavigationEvent";
}

/// Types of entities.
pub(super) mod entity {
    pub const ANNOTATION: &str = "Annotation";
    pub const ASSESSMENT: &str = "Assessment";
    pub const ASSESSMENT_ITEM: &str = "AssessmentItem";
    pub const ATTEMPT: &str = "Attempt";
    pub const COURSE_OFFERING: &str = "CourseOffering";
    pub const DIGITAL_RESOURCE: &str = "DigitalResource";
    pub const DIGITAL_RESOURCE_COLLECTION: &str = "DigitalResourceCollection";
    pub const MEDIA_LOCATION: &str = "MediaLocation";
    pub const PERSON: &str = "Person";
    pub const SCORE: &str = "Score";
    pub const SESSION: &str = "Session";
    pub const SOFTWARE_APPLICATION: &str = "SoftwareApplication";
    pub const VIDEO_OBJECT: &str = "VideoObject";
    /// The reference's type of web pages, which Caliper does not have.
    pub const WEBPAGE: &str = "Webpage";
    /// Caliper's type of web pages.
    pub const WEB_PAGE: &str = "WebPage";
}

/// Profiles, which say by which rules an event is to be read.
pub(super) mod profile {
    pub const ASSESSMENT: &str = "AssessmentProfile";
    pub const GENERAL: &str = "GeneralProfile";
    pub const GRADING: &str = "GradingProfile";
    pub const MEDIA: &str = "MediaProfile";
    pub const READING: &str = "ReadingProfile";
}

pub(super) mod action {
    pub const ACTIVATED: &str = "Activated";
    pub const CHANGED_SPEED: &str = "ChangedSpeed";
    pub const COMPLETED: &str = "Completed";
    pub const DEACTIVATED: &str = "Deactivated";
    pub const DISABLED_CLOSED_CAPTIONING: &str = "DisabledClosedCaptioning";
    pub const ENABLED_CLOSED_CAPTIONING: &str = "EnabledClosedCaptioning";
    pub const ENDED: &str = "Ended";
    pub const GRADED: &str = "Graded";
    pub const JUMPED_TO: &str = "JumpedTo";
    pub const NAVIGATED_TO: &str = "NavigatedTo";
    pub const PAUSED: &str = "Paused";
    pub const RESUMED: &str = "Resumed";
    pub const STARTED: &str = "Started";
    pub const SUBMITTED: &str = "Submitted";
    pub const VIEWED: &str = "Viewed";
}
