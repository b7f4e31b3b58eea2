//! Courses and their blocks.

use fastrand::Rng;

use super::random::{hex_of, number_of, one_of, words};

const COURSES: u64 = 80;

/// A course, with the usage keys of its blocks.
pub struct Course {
    pub id: String,
    pub org: &'static str,
    pub name: String,
    pub sequentials: Vec<String>,
    pub verticals: Vec<String>,
    pub htmls: Vec<String>,
    pub problems: Vec<Problem>,
    pub videos: Vec<Video>,
}

pub struct Problem {
    /// The last part of the usage key, from which the names of the inputs are derived.
    pub hex: String,
    pub key: String,
    pub name: String,
    pub questions: Vec<Question>,
    pub hint: String,
}

pub struct Question {
    pub text: String,
    pub kind: QuestionKind,
    /// The choices, or the texts that learners type.
    pub choices: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    OneChoice,
    SomeChoices,
    Option,
    Number,
    Text,
}

impl QuestionKind {
    /// Returns the `response_type` and `input_type`.
    pub fn types(self) -> (&'static str, &'static str) {
        match self {
            Self::OneChoice => ("multiplechoiceresponse", "choicegroup"),
            Self::SomeChoices => ("choiceresponse", "checkboxgroup"),
            Self::Option => ("optionresponse", "optioninput"),
            Self::Number => ("numericalresponse", "formulaequationinput"),
            Self::Text => ("stringresponse", "textline"),
        }
    }
}

pub struct Video {
    pub hex: String,
    pub code: String,
    /// The duration in microseconds.
    pub duration: u64,
}

impl Course {
    fn nth(seed: u64, nth: u64) -> Self {
        let rng = &mut Rng::with_seed(number_of(seed, COURSES, nth));
        let org = ORGS[nth as usize % ORGS.len()];
        let key = format!(
            "{org}+{}{}+{}",
            one_of(rng, SUBJECTS),
            100 + nth,
            one_of(rng, RUNS)
        );
        let mut blocks = 0;
        let mut hex = || {
            blocks += 1;
            hex_of(seed ^ nth, COURSES, blocks)
        };
        let mut keys = |kind: &str, count: usize| -> Vec<String> {
            (0..count)
                .map(|_| format!("block-v1:{key}+type@{kind}+block@{}", hex()))
                .collect()
        };
        let sequentials = keys("sequential", 24);
        let verticals = keys("vertical", 96);
        let htmls = keys("html", 64);
        let problems = (0..48).map(|_| Problem::new(&key, hex(), rng)).collect();
        let videos = (0..48).map(|_| Video::new(hex(), rng)).collect();
        Self {
            id: format!("course-v1:{key}"),
            org,
            name: words(rng, 4),
            sequentials,
            verticals,
            htmls,
            problems,
            videos,
        }
    }
}

/// Returns all courses of this seed.
pub fn courses(seed: u64) -> Vec<Course> {
    (0..COURSES).map(|nth| Course::nth(seed, nth)).collect()
}

impl Problem {
    fn new(course: &str, hex: String, rng: &mut Rng) -> Self {
        // Two thirds of the problems have one question.
        let questions = *one_of(rng, &[1, 1, 1, 1, 1, 1, 2, 3, 5]);
        Self {
            key: format!("block-v1:{course}+type@problem+block@{hex}"),
            hex,
            name: words(rng, 3),
            questions: (0..questions).map(|_| Question::new(rng)).collect(),
            hint: words(rng, 9),
        }
    }
}

impl Question {
    fn new(rng: &mut Rng) -> Self {
        use QuestionKind::{Number, OneChoice, Option, SomeChoices, Text};

        let kind = *one_of(
            rng,
            &[
                OneChoice,
                OneChoice,
                OneChoice,
                SomeChoices,
                Option,
                Number,
                Text,
            ],
        );
        let length = rng.usize(6..16);
        let choices = (0..rng.usize(3..6)).map(|_| match kind {
            Number => format!("{}.{}", rng.u32(..500), rng.u32(..100)),
            Text | Option => words(rng, 1),
            OneChoice | SomeChoices => words(rng, 6),
        });
        let choices = choices.collect();
        Self {
            text: words(rng, length) + "?",
            kind,
            choices,
        }
    }
}

impl Video {
    fn new(hex: String, rng: &mut Rng) -> Self {
        // A third of the videos are played from the LMS, the others from YouTube, whose ids have eleven characters.
        let code = if rng.u8(..3) == 0 {
            "html5".to_owned()
        } else {
            (0..11).map(|_| rng.alphanumeric()).collect()
        };
        Self {
            hex,
            code,
            duration: rng.u64(60_000_000..1_200_000_000) / 10_000 * 10_000,
        }
    }
}

const ORGS: &[&str] = &[
    "DemoX",
    "NorthU",
    "OpenU",
    "TechX",
    "ArtsX",
    "MedX",
    "LawX",
    "CityCollege",
];
const SUBJECTS: &[&str] = &["BIO", "PHYS", "STAT", "CS", "ECON", "HIST", "LING", "MATH"];
const RUNS: &[&str] = &[
    "2023_T1",
    "2023_T3",
    "2024",
    "1T2024",
    "2024_Spring",
    "self_paced",
];
