//! The form of a log line: `<date-time> <LEVEL> <module::path> <function> <message>` (seed 002),
//! with single blanks between, and one line for one event, whatever the message holds.

use super::clock::{Clock, SystemClock};
use super::trace::FUNCTION;
use crate::message::Escaping;
use jiff::Zoned;
use log::kv::Key;
use log::{Level, Record};
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::{Encode, Write as EncodeWrite};
use std::fmt::{self, Write};

/// The longest line in bytes, its end included; the rest of a longer one is left out.
pub(super) const LINE_BYTES: usize = 4096;

/// What stands at the end of a line that was cut.
const CUT: &str = "…";

/// Lets `take` have the name of the function that a record is of, if it carries one.
pub(super) fn function_of<T>(record: &Record<'_>, take: impl FnOnce(Option<&str>) -> T) -> T {
    let value = record.key_values().get(Key::from_str(FUNCTION));
    take(value.as_ref().and_then(log::kv::Value::to_borrowed_str))
}

/// Appends a record's line to a text, its end included.
pub(super) fn write_record(to: &mut String, time: &Zoned, record: &Record<'_>) {
    function_of(record, |function| {
        write_line(to, time, record.level(), record.target(), function, record.args());
    });
}

/// Appends a line to a text, its end included.
pub(super) fn write_line(
    to: &mut String,
    time: &Zoned,
    level: Level,
    target: &str,
    function: Option<&str>,
    message: &fmt::Arguments<'_>,
) {
    let time = time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z");
    let function = function.unwrap_or("-");
    write_one_line(to, format_args!("{time} {level} {target} {function} {message}"));
}

/// Appends a text as one line of at most [`LINE_BYTES`], its controls shown.
pub(super) fn write_one_line(to: &mut String, text: fmt::Arguments<'_>) {
    let room = LINE_BYTES - CUT.len() - 1;
    let mut line = Bounded { to, room };
    // It fails when the room is used up, or when a value cannot be formatted.
    if Escaping(&mut line).write_fmt(text).is_err() {
        to.push_str(CUT);
    }
    to.push('\n');
}

/// A text that takes only so many bytes more.
struct Bounded<'a> {
    to: &'a mut String,
    room: usize,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (taken, rest) = text.split_at(text.floor_char_boundary(self.room));
        self.to.push_str(taken);
        self.room -= taken.len();
        if rest.is_empty() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// The encoder kind `line`, for appenders other than `daily_file`, which has this form itself.
#[derive(Debug, Default)]
pub(super) struct LineEncoder {
    clock: SystemClock,
}

impl Encode for LineEncoder {
    fn encode(&self, to: &mut dyn EncodeWrite, record: &Record<'_>) -> anyhow::Result<()> {
        let mut line = String::new();
        write_record(&mut line, &self.clock.now(), record);
        Ok(to.write_all(line.as_bytes())?)
    }
}

/// Makes a [`LineEncoder`]; it has no settings.
#[derive(Debug)]
pub(super) struct LineDeserializer;

/// The settings of the encoder kind `line`: none.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineSettings {}

impl Deserialize for LineDeserializer {
    type Trait = dyn Encode;
    type Config = LineSettings;

    fn deserialize(&self, _: LineSettings, _: &Deserializers) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(LineEncoder::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_at(time: &str, message: &str, function: Option<&str>) -> String {
        let mut line = String::new();
        let time: Zoned = time.parse().unwrap();
        let message = format_args!("{message}");
        write_line(&mut line, &time, Level::Info, "jim::chat", function, &message);
        line
    }

    #[test]
    fn a_line_has_five_parts() {
        assert_eq!(
            line_at("2026-11-21T09:05:03.0078+02:00[Africa/Cairo]", "Привет, мир", Some("join")),
            "2026-11-21T09:05:03.007+02:00 INFO jim::chat join Привет, мир\n"
        );
        assert_eq!(
            line_at("2026-01-02T03:04:05[UTC]", "x", None),
            "2026-01-02T03:04:05.000+00:00 INFO jim::chat - x\n"
        );
        assert!(
            line_at("2026-01-02T03:04:05[-03:30]", "x", None)
                .starts_with("2026-01-02T03:04:05.000-03:30 ")
        );
    }

    #[test]
    fn one_event_is_one_line() {
        let line = line_at("2026-01-02T03:04:05[UTC]", "a\r\n2026 INFO - b\x1b[2J\u{202e}", None);
        assert!(line.ends_with("- a\\r\\n2026 INFO - b\\u{1b}[2J\\u{202e}\n"), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        for pad in 0..3 {
            let message = "x".repeat(pad) + &"я".repeat(LINE_BYTES);
            let line = line_at("2026-01-02T03:04:05[UTC]", &message, None);
            assert!(line.len() <= LINE_BYTES && line.len() > LINE_BYTES - 3, "{}", line.len());
            assert!(line.ends_with("я…\n"), "{pad}");
        }
    }

    #[test]
    fn a_line_that_just_fits_is_not_cut() {
        let short = line_at("2026-01-02T03:04:05[UTC]", "", None);
        let fits = LINE_BYTES - CUT.len() - short.len();
        let line = line_at("2026-01-02T03:04:05[UTC]", &"x".repeat(fits), None);
        assert!(line.ends_with("xx\n"));
        assert!(line_at("2026-01-02T03:04:05[UTC]", &"x".repeat(fits + 1), None).ends_with("x…\n"));
    }

    #[test]
    fn the_function_is_the_records() {
        let pairs = [("function", "join")];
        let (arguments, name) = (format_args!("x"), "jim");
        let mut record = Record::builder();
        record.args(arguments).target(name).level(Level::Warn);
        assert_eq!(function_of(&record.build(), |name| name.map(str::to_owned)), None);
        let record = record.key_values(&pairs).build();
        assert_eq!(function_of(&record, |name| name.map(str::to_owned)).as_deref(), Some("join"));
    }
}
