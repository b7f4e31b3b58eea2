//! The origins of the fields of a result: fields of the event, tables and options.
//!
//! Origins are found by experiment. Each field of the event is changed, the event is converted again, and the fields of the
//! result that differ depend on the field. So origins cannot differ from what the conversion does.

use std::collections::BTreeMap;
use std::mem;

use bumpalo::Bump;

use super::experiment_settings::ExperimentSettings;
use super::fields::{changed, fields_of, others_of, path_text};
use crate::convert::{ConvertedBatch, FormatSettings, LineConverter};
use crate::json::Value;
use crate::lms::IdentityDerivation;
use crate::outcome::Outcome;

/// The most bytes of events that are converted for one result. Usual events take a hundredth.
const MOST_BYTES: usize = 64 << 20;

/// The fields of a result with their values as JSON, by path. Paths begin with the number of the record.
pub type Fields = BTreeMap<String, String>;

/// The use that a conversion makes of a field of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The result does not depend on the field.
    None,
    Used,
    /// Without the field, the event is rejected.
    Required,
    /// The field decides which kind of record the event becomes.
    Kind,
}

/// The origins of one field of a result.
#[derive(Clone, Debug, Default)]
struct Origin {
    /// The fields of the event on which the value depends.
    fields: Vec<String>,
    /// The fields of the event without which the result lacks the field.
    conditions: Vec<String>,
    tables: Vec<String>,
    options: Vec<&'static str>,
}

/// The origins of the fields of the results of an event.
#[derive(Default)]
pub struct Origins {
    of_results: BTreeMap<String, Origin>,
    uses: BTreeMap<String, Use>,
    /// The number of fields of the event.
    all: usize,
    /// Whether the event was too large to change all of its fields.
    pub is_partial: bool,
}

/// The fields of the results of an event, or the outcome of an event that is not converted.
type Converted = Result<Fields, Outcome>;

impl Origins {
    /// Finds the origins for an event that the converter emits. The settings of the converter are changed meanwhile.
    pub fn find(converter: &mut LineConverter, event: Value<'_>) -> Self {
        let mut others = ExperimentSettings::new(converter);
        others.swap(converter);
        let origins = Experiment::new(converter, event).map(Experiment::run);
        others.swap(converter);
        origins.unwrap_or_default()
    }

    /// Returns the origins of a field of a result, as a text.
    pub fn of_result(&self, path: &str) -> Option<String> {
        /// The most fields of the event that are named.
        const MOST: usize = 6;

        // With the settings of the experiment, actors are accounts.
        let account = path
            .split_once("actor.mbox")
            .map(|(record, _)| format!("{record}actor.account.name"));
        let path = account.as_deref().unwrap_or(path);
        let origin = self.of_results.get(path)?;
        let mut names = origin.fields.clone();
        if names.len() >= self.all && names.len() > MOST {
            names = vec!["all fields of the event".to_owned()];
        } else if names.len() > MOST {
            let more = names.split_off(MOST - 1).len();
            names.push(format!("{more} other fields"));
        }
        names.extend(origin.options.iter().map(|&option| option.to_owned()));
        names.extend(origin.tables.iter().map(|table| format!("from {table}")));
        Some(match (names.is_empty(), origin.conditions.first()) {
            (false, _) => names.join(", "),
            (true, None) => "constant".to_owned(),
            (true, Some(field)) => format!("constant, if there is {field}"),
        })
    }

    /// Returns the use of a field of the event.
    pub fn use_of(&self, path: &str) -> Use {
        self.uses.get(path).copied().unwrap_or(Use::None)
    }
}

/// A converter and an event, and the results that are compared.
struct Experiment<'c, 'e> {
    converter: &'c mut LineConverter,
    event: Value<'e>,
    results: Fields,
    origins: Origins,
    /// The number of conversions that may still be made.
    left: usize,
}

impl<'c, 'e> Experiment<'c, 'e> {
    /// Returns the experiment, or `None` if the event has no result.
    fn new(converter: &'c mut LineConverter, event: Value<'e>) -> Option<Self> {
        let results = converted(converter, event)?.ok()?;
        let bytes = serde_json::to_string(&event).ok()?.len();
        let origins = results.keys().map(|path| (path.clone(), Origin::default()));
        Some(Self {
            converter,
            event,
            origins: Origins {
                of_results: origins.collect(),
                ..Origins::default()
            },
            results,
            left: MOST_BYTES / bytes.max(1),
        })
    }

    fn run(mut self) -> Origins {
        self.change_fields();
        self.change_name();
        self.change_settings();
        self.origins
    }

    /// Changes each field of the event.
    fn change_fields(&mut self) {
        let arena = Bump::new();
        // The lifetime of the event is shortened to that of the arena.
        let event: Value<'_> = self.event;
        let fields = fields_of(event, true, &arena);
        self.origins.all = fields.len();
        for field in fields {
            let path = path_text(&field.path);
            let mut fields_use = Use::None;
            let mut can_be_changed = false;
            for new in others_of(field.value, &arena) {
                let other = changed(event, &field.path, Some(new), &arena);
                match self.convert(other) {
                    Some(Ok(results)) => {
                        can_be_changed = true;
                        if self.note_all(&results, &path) {
                            fields_use = Use::Used;
                        }
                    }
                    Some(Err(_)) => {}
                    None => return,
                }
            }
            let without = changed(event, &field.path, None, &arena);
            match self.convert(without) {
                Some(Ok(results)) => {
                    if self.note_all(&results, &path) {
                        fields_use = Use::Used;
                    }
                }
                Some(Err(Outcome::Rejected(_))) => fields_use = Use::Required,
                Some(Err(_)) if !can_be_changed => fields_use = Use::Kind,
                Some(Err(_)) => {}
                None => return,
            }
            self.origins.uses.insert(path, fields_use);
        }
    }

    /// Gives the event the names of other events. Constants that then differ, and fields of events with the same form,
    /// depend on the name.
    fn change_name(&mut self) {
        let arena = Bump::new();
        let event: Value<'_> = self.event;
        let Some(object) = event.as_object() else {
            return;
        };
        let has_name = object.get("name").is_some_and(Value::is_present);
        let key = if has_name { "name" } else { "event_type" };
        for name in self.converter.selection.known().to_vec() {
            let other = Value::Object(object.set(key, Value::Str(name), &arena));
            let Some(converted) = self.convert(other) else {
                return;
            };
            let Ok(results) = converted else { continue };
            let has_same_form = results.keys().eq(self.results.keys());
            self.note(&results, |origin| {
                if has_same_form || origin.fields.is_empty() {
                    origin.fields.push(key.to_owned());
                }
            });
        }
    }

    /// Changes the root URL, takes the tables away, and changes the settings of envelopes.
    fn change_settings(&mut self) {
        let Some(lms) = self.converter.lms.get_mut() else {
            return;
        };
        let other_root = format!("{}x", lms.root_url);
        let mut derivation = IdentityDerivation::new(&other_root, None);
        let mut root_url = other_root;
        mem::swap(&mut lms.root_url, &mut root_url);
        mem::swap(&mut lms.derivation, &mut derivation);
        self.compare(|origin| origin.options.push("--lms-root-url"));
        let Some(lms) = self.converter.lms.get_mut() else {
            return;
        };
        (lms.root_url, lms.derivation) = (root_url, derivation);
        if let Some(users) = lms.users.take() {
            self.compare(|origin| origin.tables.push(users.file.clone()));
            self.converter
                .lms
                .get_mut()
                .map(|lms| lms.users.insert(users));
        }
        let courses = self
            .converter
            .lms
            .get_mut()
            .and_then(|lms| lms.courses.take());
        if let Some(courses) = courses {
            self.compare(|origin| origin.tables.push(courses.file.clone()));
            self.converter
                .lms
                .get_mut()
                .map(|lms| lms.courses.insert(courses));
        }
        // The settings are exchanged again after the experiment, so a changed envelope is of no consequence.
        if let FormatSettings::Caliper(_, Some(envelope)) = &mut self.converter.format {
            envelope.sensor.push('x');
            self.compare(|origin| origin.options.push("--sensor"));
        }
        if let FormatSettings::Caliper(_, Some(envelope)) = &mut self.converter.format {
            envelope.sensor.pop();
            envelope.send_time.push('x');
            self.compare(|origin| origin.options.push("--send-time"));
        }
    }

    /// Converts the event as it is with the changed settings.
    fn compare(&mut self, add: impl Fn(&mut Origin)) {
        if let Some(Ok(results)) = self.convert(self.event) {
            self.note(&results, add);
        }
    }

    fn convert(&mut self, event: Value<'_>) -> Option<Converted> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => {
                self.origins.is_partial = true;
                return None;
            }
        };
        // A value that JSON does not have is not converted.
        Some(converted(self.converter, event).unwrap_or_else(|| Ok(self.results.clone())))
    }

    /// Adds an origin to each field of the results that has another value. Returns whether there is one.
    fn note(&mut self, results: &Fields, add: impl Fn(&mut Origin)) -> bool {
        let mut differs = false;
        for (path, origin) in &mut self.origins.of_results {
            let other = results.get(path);
            if other.is_some() && other != self.results.get(path) {
                add(origin);
                origin.fields.dedup();
                differs = true;
            }
        }
        differs
    }

    /// Adds a field of the event, without which or with another value of which the results are others. Returns whether
    /// they differ.
    fn note_all(&mut self, results: &Fields, field: &str) -> bool {
        let differs = self.note(results, |origin| origin.fields.push(field.to_owned()));
        self.note_missing(results, field) || differs
    }

    /// Adds a condition to each field that other results lack. Returns whether there is one.
    fn note_missing(&mut self, results: &Fields, field: &str) -> bool {
        let mut lacks = false;
        for (path, origin) in &mut self.origins.of_results {
            if !results.contains_key(path) {
                origin.conditions.push(field.to_owned());
                origin.conditions.dedup();
                lacks = true;
            }
        }
        lacks
    }
}

/// Converts an event. Returns `None` if JSON cannot represent the event.
fn converted(converter: &LineConverter, event: Value<'_>) -> Option<Converted> {
    let text = serde_json::to_string(&event).ok()?;
    let (arena, mut batch) = (Bump::new(), ConvertedBatch::default());
    let conversion = converter.convert_event_text(&text, &arena, &mut batch)?;
    Some(match conversion.outcome {
        Outcome::Emitted => Ok(fields_of_results(&batch.bytes)),
        outcome => Err(outcome),
    })
}

/// Returns the fields of results, one a line.
fn fields_of_results(results: &[u8]) -> Fields {
    let arena = Bump::new();
    let lines = std::str::from_utf8(results).unwrap_or_default().lines();
    let mut fields = Fields::new();
    for (nth, line) in lines.enumerate() {
        let Ok(value) = Value::parse(line, &arena) else {
            continue;
        };
        for field in fields_of(value, false, &arena) {
            let path = format!("{nth}.{}", path_text(&field.path));
            let value = serde_json::to_string(&field.value).unwrap_or_default();
            fields.insert(path, value);
        }
    }
    fields
}
