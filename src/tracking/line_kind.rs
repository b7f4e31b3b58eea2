//! Kinds of lines that cannot be read as events, for messages about inputs without an event.

use bumpalo::Bump;

use super::encoding::encoding_of;
use super::event::is_event_like;
use super::event_path::{EventPath, WITHOUT_PREFIX};
use super::line::{object_of, text_of};
use super::line_wrapper::LineWrapper;
use super::piece::Piece;
use super::traces::may_hold_event;
use crate::json::{JsonObject, Value};
use crate::outcome::Flaw;

/// The kind of a line, guessed from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A tracking event.
    Event,
    /// A JSON object that has an event at a dotted key, which can be given to `--unwrap`.
    WrappedAt(String),
    /// JSON that has events where `--unwrap` cannot reach them, but this filter of jq can.
    FoundByJq(String),
    /// Several events with carriage returns between them, as lines of old Macs end.
    CarriageReturns,
    /// An xAPI statement or a Caliper envelope.
    Record,
    /// An entry of journald without the message, which is long.
    NullMessage,
    /// Any other JSON object.
    OtherObject,
    /// A piece of a JSON text that is laid out over several lines.
    PieceOfJson,
    /// Text that resembles an event and cannot be parsed.
    Damaged,
    /// A row of CSV with JSON in a cell.
    Csv,
    /// Text in base64, or in the encoding of URLs.
    Encoded(Flaw),
    /// A line of a web server's log of requests.
    Request,
    /// HTML or XML.
    Markup,
    /// NUL bytes only.
    Nuls,
    /// Text that is not UTF-8.
    NotUtf8,
    /// Bytes that are no text in any encoding.
    Binary,
    /// A line over the limit on the length of lines.
    TooLong,
    /// Any other text.
    OtherText,
}

impl LineKind {
    /// Returns the kind of a line that is not blank. A line that `wrapper` unwraps to an event is an event.
    pub fn of(line: &[u8], wrapper: &LineWrapper) -> Self {
        if line.iter().all(|&byte| byte == 0) {
            return Self::Nuls;
        }
        let arena = Bump::new();
        if let Ok(Some(event)) = wrapper.parse_line(line, &arena, false)
            && is_event_like(event.source())
        {
            // A JSON logger may also have the field `context` or `event_source` beside the event.
            let direct = |key: &&str| {
                let value = event
                    .source()
                    .as_object()
                    .and_then(|object| object.get(key));
                let path = value.and_then(|value| EventPath::find(value, &arena));
                path.is_some_and(|path| path.is_direct())
            };
            let is_plain = matches!(wrapper, LineWrapper::None);
            let key = ["event", "data"].iter().find(|key| is_plain && direct(key));
            return key.map_or(Self::Event, |key| Self::WrappedAt((*key).to_owned()));
        }
        match text_of(line) {
            Ok(text) => Self::of_text(text.trim(), &arena),
            Err(_) if line.contains(&0) => Self::Binary,
            Err(_) => Self::NotUtf8,
        }
    }

    /// Returns whether lines of this kind hold events that are not at the top of their JSON.
    pub fn is_wrapped(&self) -> bool {
        matches!(self, Self::WrappedAt(_) | Self::FoundByJq(_))
    }

    /// Returns whether jq can parse lines of this kind.
    pub fn is_json(&self) -> bool {
        self.is_wrapped()
            || matches!(
                self,
                Self::Event | Self::Record | Self::NullMessage | Self::OtherObject
            )
    }

    fn of_text(text: &str, arena: &Bump) -> Self {
        if let Ok(Some(object)) = object_of(text, arena) {
            return Self::of_object(object, text.starts_with('{'), arena);
        }
        if let Ok(value @ Value::Str(_)) = Value::parse(text, arena)
            && let Some(path) = EventPath::find(value, arena)
        {
            return Self::FoundByJq(path.jq_filter());
        }
        if text.contains('\r') {
            let lines = text.split('\r').take(MOST_PARTS);
            let mut objects = lines.filter_map(|line| object_of(line, arena).ok().flatten());
            if objects.any(|object| EventPath::find(Value::Object(object), arena).is_some()) {
                return Self::CarriageReturns;
            }
        }
        Self::of_other_text(text)
    }

    fn of_object<'a>(object: JsonObject<'a>, is_whole: bool, arena: &'a Bump) -> Self {
        let root = Value::Object(object);
        if is_event_like(root) {
            return Self::Event;
        }
        if let Some(path) = EventPath::find(root, arena) {
            let by_jq = |filter| match is_whole {
                true => Self::FoundByJq(filter),
                false => Self::FoundByJq(format!("{WITHOUT_PREFIX} | fromjson | {filter}")),
            };
            let key = path.dotted_key().map(Self::WrappedAt);
            return key.unwrap_or_else(|| by_jq(path.jq_filter()));
        }
        let has = |keys: [&str; 2]| keys.iter().all(|key| object.get(key).is_some());
        if has(["event_id", "emission_time"])
            || has(["actor", "verb"])
            || has(["sensor", "dataVersion"])
            || has(["@context", "actor"])
        {
            return Self::Record;
        }
        match object.get("MESSAGE") {
            Some(Value::Null) => Self::NullMessage,
            _ => Self::OtherObject,
        }
    }

    fn of_other_text(text: &str) -> Self {
        let is_request = text.contains(" HTTP/1") || text.contains(" HTTP/2");
        let is_csv = text.contains(r#""{"""#);
        match text.as_bytes() {
            _ if is_csv => Self::Csv,
            _ if Piece::of(text).is_some() => Self::PieceOfJson,
            _ if may_hold_event(text.as_bytes()) || text.contains("{'") => Self::Damaged,
            [b'<', ..] => Self::Markup,
            _ if is_request => Self::Request,
            _ => encoding_of(text).map_or(Self::OtherText, Self::Encoded),
        }
    }
}

/// The number of parts between carriage returns that are examined.
const MOST_PARTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"name":"a","event":{},"event_source":"server"}"#;

    fn wrapped(before: &str, after: &str) -> String {
        let text = serde_json::to_string(&format!("INFO - {EVENT}\n")).unwrap();
        format!("{before}{text}{after}")
    }

    #[test]
    fn the_place_of_a_wrapped_event_is_found() {
        let at = |key: &str| LineKind::WrappedAt(key.to_owned());
        let by_jq = |filter: &str| LineKind::FoundByJq(filter.to_owned());
        for (line, kind) in [
            (EVENT.to_owned(), LineKind::Event),
            (wrapped(r#"{"log":"#, r#","stream":"stdout"}"#), at("log")),
            (wrapped(r#"{"level":"info","event":"#, "}"), at("event")),
            (
                wrapped(r#"{"a":[],"message":{"log":"#, "}}"),
                at("message.log"),
            ),
            (
                format!(r#"{{"message":{{"log":{EVENT}}}}}"#),
                at("message.log"),
            ),
            (wrapped(r#"{"event.original":"#, "}"), at("event.original")),
            (
                wrapped(r#"<14> node: {"logEvents":[{"message":"#, "}]}"),
                at("logEvents.message"),
            ),
            (
                serde_json::json!({"log": wrapped(r#"INFO {"message":"#, "}")}).to_string(),
                by_jq(r#".log | sub("^[^{]*"; "") | fromjson | .message"#),
            ),
            (
                serde_json::json!({"log": wrapped(r#"{"message":"#, "}")}).to_string(),
                by_jq(".log | fromjson | .message"),
            ),
            (wrapped("", ""), by_jq(".")),
            (
                serde_json::json!(wrapped("", "")).to_string(),
                by_jq("fromjson"),
            ),
            (
                serde_json::json!({"MESSAGE": EVENT.as_bytes()}).to_string(),
                at("MESSAGE"),
            ),
            (
                wrapped(r#"{"name":"app","context":{},"event":"#, "}"),
                at("event"),
            ),
            (wrapped(r#"{"-k":"#, "}"), by_jq(r#"."-k""#)),
            (wrapped(r#"{"":"#, "}"), by_jq(r#"."""#)),
            (wrapped(r#"{"my key":"#, "}"), at("my key")),
            (format!("{EVENT}\r{EVENT}"), LineKind::CarriageReturns),
            (
                wrapped(r#"{"x":1,"logEvents":[{"message":"#, "}]}"),
                at("logEvents.message"),
            ),
            (format!(r#"{{"Records":[{EVENT}]}}"#), at("Records")),
            (format!(r#"{{"0":{EVENT},"1":{EVENT}}}"#), by_jq(".[]")),
            (
                format!(r#"{{"x":{{"a":{EVENT},"b":{EVENT}}}}}"#),
                by_jq(".x[]"),
            ),
            (
                wrapped(r#"{"streams":[{"values":[["1",'"#, "]]}]}").replace('\'', ""),
                at("streams.values"),
            ),
            (
                r#"{"log":"starting gunicorn"}"#.to_owned(),
                LineKind::OtherObject,
            ),
            (
                r#"{"event":{"id":1},"data":{}}"#.to_owned(),
                LineKind::OtherObject,
            ),
        ] {
            assert_eq!(
                LineKind::of(line.as_bytes(), &LineWrapper::None),
                kind,
                "{line}"
            );
        }
    }

    #[test]
    fn lines_of_other_kinds_are_told_apart() {
        for (line, kind) in [
            (
                &br#"192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] "GET / HTTP/1.1" 200 7"#[..],
                LineKind::Request,
            ),
            (
                b"<html><head><title>403 Forbidden</title>",
                LineKind::Markup,
            ),
            (b"  \"name\": \"play_video\",", LineKind::PieceOfJson),
            (b"{", LineKind::PieceOfJson),
            (b"  },\r", LineKind::PieceOfJson),
            (b"\0", LineKind::Nuls),
            (b"\xfcber", LineKind::NotUtf8),
            (b"\xfc\0\x01", LineKind::Binary),
            (b"id,username", LineKind::OtherText),
            (br#"1,"{""name"": ""a""}""#, LineKind::Csv),
            (br#"PUT / HTTP/1.1 {"context": {"#, LineKind::Damaged),
            (br#"{"MESSAGE":null,"_PID":"1"}"#, LineKind::NullMessage),
            (
                b"H4sIAAAAAAAAA6tWykvMTVWyUlBKVKoFAJ6W8CQOAAAA",
                LineKind::Encoded(Flaw::GzipInBase64),
            ),
            (
                b"eyJuYW1lIjogImEiLCAiZXZlbnQiOiB7fX0=",
                LineKind::Encoded(Flaw::JsonInBase64),
            ),
            (b"INFO - {'name': 'a'}", LineKind::Damaged),
            (br#"{"name": "a", "context": {"user_"#, LineKind::Damaged),
            (br#"{"actor":{},"verb":{},"object":{}}"#, LineKind::Record),
        ] {
            assert_eq!(
                LineKind::of(line, &LineWrapper::None),
                kind,
                "{}",
                String::from_utf8_lossy(line)
            );
        }
    }
}
