//! The IRIs of the xAPI output, all of them.
//!
//! Source: the reference's `processors/xapi/constants.py`. Some of its names are misleading (an extension is called an
//! activity); here the names say how an IRI is used.

use uuid::Uuid;

/// The xAPI version of the statements.
pub(super) const XAPI_VERSION: &str = "1.0.3";

/// A verb and its display in English.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerbIri {
    pub id: &'static str,
    pub display: &'static str,
    /// The namespace of the ids of statements with this verb: a hash of its id and display.
    pub namespace: Uuid,
}

/// Verbs.
pub(super) mod verb {
    use uuid::Uuid;

    use super::VerbIri;

    const fn verb(id: &'static str, display: &'static str, namespace: u128) -> VerbIri {
        VerbIri {
            id,
            display,
            namespace: Uuid::from_u128(namespace),
        }
    }

    pub const ASKED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/asked",
        "asked",
        0x26cd_dade_71cb_5d29_8b94_20a9_77d9_c692,
    );
    pub const ATTEMPTED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/attempted",
        "attempted",
        0xf4da_0aa0_2dca_50a3_99cf_ac85_8238_4fa5,
    );
    pub const COMPLETED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/completed",
        "completed",
        0x2555_62e3_fe65_5a8d_8064_340d_aeef_80a6,
    );
    pub const DELETED: VerbIri = verb(
        "https://w3id.org/xapi/dod-isd/verbs/deleted",
        "deleted",
        0x2d38_571b_d498_5834_aec0_627c_d759_f16f,
    );
    pub const EARNED: VerbIri = verb(
        "http://id.tincanapi.com/verb/earned",
        "earned",
        0x12d1_919e_d55f_5714_bfad_3bdc_972c_8d61,
    );
    pub const EDITED: VerbIri = verb(
        "https://w3id.org/xapi/acrossx/verbs/edited",
        "edited",
        0xfbe8_3e90_e5f8_58db_b337_86d5_399e_43ce,
    );
    pub const EVALUATED: VerbIri = verb(
        "https://w3id.org/xapi/acrossx/verbs/evaluated",
        "evaluated",
        0x0ee4_0af6_3883_56e2_8ac8_9986_57ee_fa62,
    );
    pub const FAILED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/failed",
        "failed",
        0xf8ae_7102_e13a_5dc6_b997_2543_66c0_423f,
    );
    pub const INITIALIZED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/initialized",
        "initialized",
        0xe2da_ce2b_af19_50f1_b97a_f164_6d9d_f8e1,
    );
    pub const INTERACTED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/interacted",
        "interacted",
        0xb2b1_57c6_db5e_527a_91cc_94e8_f0e2_fbec,
    );
    pub const NAVIGATED: VerbIri = verb(
        "https://w3id.org/xapi/dod-isd/verbs/navigated",
        "navigated",
        0x9647_6070_5787_5547_b993_7f86_fcf7_86d6,
    );
    pub const PASSED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/passed",
        "passed",
        0x5e89_2156_8e84_59ae_b8b8_c3f1_4055_a8a6,
    );
    pub const PAUSED: VerbIri = verb(
        "https://w3id.org/xapi/video/verbs/paused",
        "paused",
        0x0ddd_20d8_4b73_5d46_9796_f2a1_dd74_cf41,
    );
    pub const PLAYED: VerbIri = verb(
        "https://w3id.org/xapi/video/verbs/played",
        "played",
        0x43ba_8e17_f0aa_5ced_8a56_d9a9_f163_4cb5,
    );
    pub const POSTED: VerbIri = verb(
        "https://w3id.org/xapi/acrossx/verbs/posted",
        "posted",
        0x0ae3_52d0_f6e5_5299_8fa1_1d93_ecc0_a1c2,
    );
    pub const PROGRESSED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/progressed",
        "progressed",
        0x74d9_2765_ccba_56b1_b420_7534_9bfb_dcca,
    );
    pub const REGISTERED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/registered",
        "registered",
        0x2700_708f_5cdc_501c_8ca3_c92e_b85c_14d2,
    );
    pub const REPORTED: VerbIri = verb(
        "https://w3id.org/xapi/acrossx/verbs/reported",
        "reported",
        0x9f52_41fd_81ed_5d81_8662_8ca2_d631_1646,
    );
    pub const SEEKED: VerbIri = verb(
        "https://w3id.org/xapi/video/verbs/seeked",
        "seeked",
        0x9836_6079_7177_5e31_9a3e_f10a_4834_1b43,
    );
    pub const TERMINATED: VerbIri = verb(
        "http://adlnet.gov/expapi/verbs/terminated",
        "terminated",
        0x842e_bb15_c64c_5855_bd83_7008_9568_b2de,
    );
    pub const UNREGISTERED: VerbIri = verb(
        "http://id.tincanapi.com/verb/unregistered",
        "unregistered",
        0x137e_b922_4d4f_5f58_ba5d_ef7b_3929_448d,
    );
    pub const UNREPORTED: VerbIri = verb(
        "https://w3id.org/xapi/openedx/verb/unreported",
        "unreported",
        0xd5ac_ce5e_aad1_5945_a20e_429f_8ac0_868b,
    );
    pub const VIEWED: VerbIri = verb(
        "http://id.tincanapi.com/verb/viewed",
        "viewed",
        0xcea8_dda1_1489_5c47_bf58_4198_2c5b_9071,
    );
    pub const VOTED: VerbIri = verb(
        "https://w3id.org/xapi/openedx/verb/voted",
        "voted",
        0x8ac2_974c_53b5_54ec_b57c_6463_3b5d_1878,
    );
}

/// Every verb.
#[cfg(test)]
pub(super) const VERBS: [VerbIri; 24] = [
    verb::ASKED,
    verb::ATTEMPTED,
    verb::COMPLETED,
    verb::DELETED,
    verb::EARNED,
    verb::EDITED,
    verb::EVALUATED,
    verb::FAILED,
    verb::INITIALIZED,
    verb::INTERACTED,
    verb::NAVIGATED,
    verb::PASSED,
    verb::PAUSED,
    verb::PLAYED,
    verb::POSTED,
    verb::PROGRESSED,
    verb::REGISTERED,
    verb::REPORTED,
    verb::SEEKED,
    verb::TERMINATED,
    verb::UNREGISTERED,
    verb::UNREPORTED,
    verb::VIEWED,
    verb::VOTED,
];

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
