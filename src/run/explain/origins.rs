//! The origins of the fields of a result: fields of the event, tables and options.
//!
//! Origins are found by experiment. Each field of the event is changed, the event is converted again, and the fields of the
//! result that differ depend on the field. So each origin that is found is true. A field of the event may have other values
//! that no experiment tries, so a field of the result without an origin is called constant only if the format fixes its value.

use std::collections::BTreeMap;
use std::mem;

use bumpalo::Bump;

use super::experiment_settings::ExperimentSettings;
use super::fields::{Field, Step, changed, fields_of, numbers_of, others_of, path_text};
use crate::convert::{ConvertedBatch, FormatSettings, LineConverter};
use crate::format::Conformance;
use crate::json::Value;
use crate::lms::Lms;
use crate::outcome::Outcome;

/// The most bytes of events that are converted for one result. Usual events take a hundredth.
const MOST_BYTES: usize = 8 << 20;

/// The ends of the paths of the fields whose values the formats fix, outside extensions, and the path of such a field in
/// extensions. Extensions may have objects of the event.
const FIXED: [&str; 7] = [
    ".objectType",
    ".version",
    ".@context",
    ".dataVersion",
    ".actor.type",
    ".session.type",
    ".score.type",
];
const FIXED_EXTENSION: &str = ".object.extensions.isPartOf.type";

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
        let conditions = origin.conditions.get(..2).unwrap_or(&origin.conditions);
        if names.len() >= self.all && names.len() > MOST {
            names = vec!["all fields of the event".to_owned()];
        } else if names.len() > MOST {
            let more = names.split_off(MOST - 1).len();
            names.push(format!("{more} other fields"));
        }
        names.extend(origin.options.iter().map(|&option| option.to_owned()));
        names.extend(origin.tables.iter().map(|table| format!("from {table}")));
        let condition = match conditions {
            [] => String::new(),
            fields => format!("if there is {}", fields.join(" and ")),
        };
        match (names.is_empty(), is_fixed(path)) {
            (false, _) => Some(names.join(", ")),
            (true, true) if condition.is_empty() => Some("constant".to_owned()),
            (true, true) => Some(format!("constant, {condition}")),
            (true, false) if !condition.is_empty() => Some(condition),
            (true, false) if self.is_partial => None,
            (true, false) => Some("no field found".to_owned()),
        }
    }

    /// Returns the use of a field of the event.
    pub fn use_of(&self, path: &str) -> Use {
        let unknown = match self.is_partial {
            true => Use::Used,
            false => Use::None,
        };
        self.uses.get(path).copied().unwrap_or(unknown)
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
        self.change_settings();
        self.change_fields();
        self.change_name();
        self.origins
    }

    /// Changes each field of the event: first the fields outside texts of JSON, which may be large.
    fn change_fields(&mut self) {
        let arena = Bump::new();
        // The lifetime of the event is shortened to that of the arena.
        let event: Value<'_> = self.event;
        let mut fields = fields_of(event, true, &arena);
        self.origins.all = fields.len();
        let numbers = numbers_of(&fields);
        fields.sort_by_key(|field| {
            let length = field.value.as_str().map_or(0, str::len);
            (field.path.contains(&Step::Decoded), length)
        });
        for field in fields {
            let Some(found) = self.change_field(event, &field, &numbers, &arena) else {
                return;
            };
            self.origins.uses.insert(path_text(&field.path), found);
        }
    }

    /// Changes a field of the event. Returns the use of the field, or `None` if no more conversions may be made.
    fn change_field<'a>(
        &mut self,
        event: Value<'a>,
        field: &Field<'a>,
        numbers: &[Value<'a>],
        arena: &'a Bump,
    ) -> Option<Use> {
        let path = path_text(&field.path);
        let mut found = Use::None;
        let mut can_be_changed = false;
        for new in others_of(field.value, numbers, arena) {
            let other = changed(event, &field.path, Some(new), arena);
            if let Ok(results) = self.convert(other)? {
                can_be_changed = true;
                if self.note_all(&results, &path) {
                    found = Use::Used;
                }
            }
        }
        let without = changed(event, &field.path, None, arena);
        match self.convert(without)? {
            Ok(results) => {
                if self.note_all(&results, &path) {
                    found = Use::Used;
                }
            }
            Err(Outcome::Rejected(_)) => found = Use::Required,
            Err(_) if !can_be_changed => found = Use::Kind,
            Err(_) => {}
        }
        Some(found)
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
                    push_new(&mut origin.fields, key);
                }
            });
        }
    }

    /// Changes the root URL and the key of derived ids, takes the tables away, and changes the settings of the format. The
    /// settings of the format are exchanged again after the experiment, so their changes are of no consequence.
    fn change_settings(&mut self) {
        let Some(lms) = self.converter.lms.get_mut() else {
            return;
        };
        let other_root = format!("{}x", lms.root_url);
        let other_key = lms.derivation.with_other_key();
        let mut derivation = lms.derivation.with_root_url(&other_root);
        let mut root_url = other_root;
        mem::swap(&mut lms.root_url, &mut root_url);
        mem::swap(&mut lms.derivation, &mut derivation);
        self.compare(|origin| origin.options.push("--lms-root-url"));
        self.change_lms(|lms| (lms.root_url, lms.derivation) = (root_url, derivation));
        if let Some(mut derivation) = other_key {
            self.change_lms(|lms| mem::swap(&mut lms.derivation, &mut derivation));
            self.compare(|origin| origin.options.push("the actor key"));
            self.change_lms(|lms| lms.derivation = derivation);
        }
        if let Some(users) = self.change_lms(|lms| lms.users.take()).flatten() {
            self.compare(|origin| origin.tables.push(users.file.clone()));
            self.change_lms(|lms| lms.users = Some(users));
        }
        if let Some(courses) = self.change_lms(|lms| lms.courses.take()).flatten() {
            self.compare(|origin| origin.tables.push(courses.file.clone()));
            self.change_lms(|lms| lms.courses = Some(courses));
        }
        if *self.conformance() == Conformance::Spec {
            *self.conformance() = Conformance::Reference;
            if let Some(Ok(results)) = self.convert(self.event) {
                for (path, origin) in &mut self.origins.of_results {
                    if results.get(path) != self.results.get(path) {
                        origin.options.push("--conformance");
                    }
                }
            }
            *self.conformance() = Conformance::Spec;
        }
        self.transformer_version().push('x');
        self.compare(|origin| origin.options.push("--transformer-version"));
        self.transformer_version().pop();
        if let FormatSettings::Caliper(_, Some(envelope)) = &mut self.converter.format {
            envelope.sensor.push('x');
            self.compare(|origin| origin.options.push("--sensor"));
        }
        if let FormatSettings::Caliper(_, Some(envelope)) = &mut self.converter.format {
            envelope.sensor.pop();
            envelope.send_time.push('x');
            self.compare(|origin| origin.options.push("--send-time"));
        }
        if let FormatSettings::Caliper(_, Some(envelope)) = &mut self.converter.format {
            envelope.send_time.pop();
        }
    }

    fn conformance(&mut self) -> &mut Conformance {
        match &mut self.converter.format {
            FormatSettings::Xapi(settings, _) => &mut settings.conformance,
            FormatSettings::Caliper(settings, _) => &mut settings.conformance,
        }
    }

    fn transformer_version(&mut self) -> &mut String {
        match &mut self.converter.format {
            FormatSettings::Xapi(settings, _) => &mut settings.transformer_version,
            FormatSettings::Caliper(settings, _) => &mut settings.transformer_version,
        }
    }

    fn change_lms<R>(&mut self, change: impl FnOnce(&mut Lms) -> R) -> Option<R> {
        self.converter.lms.get_mut().map(change)
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
                differs = true;
            }
        }
        differs
    }

    /// Records `field` as an origin of every result field that changed or is missing. Returns whether there is one.
    fn note_all(&mut self, results: &Fields, field: &str) -> bool {
        let differs = self.note(results, |origin| push_new(&mut origin.fields, field));
        self.note_missing(results, field) || differs
    }

    /// Adds a condition to each field that other results lack. Returns whether there is one.
    fn note_missing(&mut self, results: &Fields, field: &str) -> bool {
        let mut lacks = false;
        for (path, origin) in &mut self.origins.of_results {
            if !results.contains_key(path) {
                push_new(&mut origin.conditions, field);
                lacks = true;
            }
        }
        lacks
    }
}

/// Returns whether the format fixes the value of a field of a result, whatever the event is.
fn is_fixed(path: &str) -> bool {
    match path.contains("extensions") {
        true => path.ends_with(FIXED_EXTENSION),
        false => FIXED.iter().any(|end| path.ends_with(end)),
    }
}

fn push_new(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
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
