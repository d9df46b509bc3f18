//! The rules of RFC 8259, each value as a member's inside an object.

use super::json_rules::{Rule, Verdict, cases, rows};
use super::{Outcome, bad_json, results};
use crate::limits::{Limits, OBJECT_HELD_BYTES};
use crate::message::{JsonFault, Phrase};
use serde_json::Value;

/// A value's object, and one behind it.
fn with_value(value: &[u8]) -> Vec<u8> {
    [b"{\"x\":", value, b"}"].concat()
}

fn is_of(rule: Rule, phrase: &Phrase) -> bool {
    match phrase {
        Phrase::BadJson { fault, .. } => match rule {
            Rule::DuplicateKey => *fault == JsonFault::DuplicateKey,
            Rule::Depth => matches!(fault, JsonFault::TooDeep { .. }),
            Rule::Members => matches!(fault, JsonFault::TooManyMembers { .. }),
            Rule::NumberRange => *fault == JsonFault::Expected("a finite number"),
            Rule::LoneSurrogate => *fault == JsonFault::LoneSurrogate,
            Rule::NotUtf8 => *fault == JsonFault::NotUtf8,
            Rule::Size => false,
        },
        Phrase::ObjectTooBig { .. } => rule == Rule::Size,
        _ => false,
    }
}

/// The one thing that is said of an object, and that the next is read.
fn said_of(object: &[u8]) -> Outcome {
    let mut said = results(&[object, b"\n{}"].concat());
    let shown = String::from_utf8_lossy(object);
    assert_eq!(said.pop(), Some(Ok(b"{}".to_vec())), "{shown}");
    assert_eq!(said.len(), 1, "{shown}: {said:?}");
    said.remove(0)
}

#[test]
fn every_value_is_taken_or_refused_as_its_rule_says() {
    for (name, verdict, value) in cases() {
        let object = with_value(value);
        let shown = format!("{name}: {}", String::from_utf8_lossy(&object));
        match verdict {
            Verdict::Taken | Verdict::TakenByChoice => {
                assert_eq!(said_of(&object), Ok(object), "{shown}");
            }
            Verdict::Refused => {
                let said = results(&object);
                assert!(!said.is_empty() && said.iter().all(Result::is_err), "{shown}: {said:?}");
            }
            Verdict::Unended => {
                let said = results(&object);
                assert!(said.iter().all(Result::is_err), "{shown}: {said:?}");
            }
            Verdict::RefusedByRule(rule) => {
                let said = said_of(&object);
                assert!(said.as_ref().is_err_and(|said| is_of(rule, said)), "{shown}: {said:?}");
            }
        }
    }
}

#[test]
fn another_reader_of_json_agrees_where_nothing_may_be_decided() {
    for (name, verdict, value) in cases() {
        let object = with_value(value);
        let shown = format!("{name}: {}", String::from_utf8_lossy(&object));
        let is_taken = serde_json::from_slice::<Value>(&object).is_ok();
        match verdict {
            Verdict::Taken => assert!(is_taken, "{shown}"),
            Verdict::Refused | Verdict::Unended => assert!(!is_taken, "{shown}"),
            Verdict::TakenByChoice | Verdict::RefusedByRule(_) => {}
        }
    }
}

#[test]
fn the_table_is_whole_and_no_value_is_in_it_twice() {
    let mut values: Vec<_> = cases().map(|(_, _, value)| value).collect();
    let count = values.len();
    assert!(count > 400, "{count}");
    values.sort_unstable();
    let twice: Vec<_> = values.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    // Some are refused for two reasons.
    assert!(twice.len() <= 16, "{twice:?}");
    for verdict in [Verdict::Taken, Verdict::Refused, Verdict::Unended, Verdict::TakenByChoice] {
        assert!(rows().any(|(_, of_row, _)| of_row == verdict), "{verdict:?}");
    }
}

/// The objects that nest so deep, that in lists, and that in both.
fn nested(depth: usize) -> [Vec<u8>; 3] {
    let levels = depth - 1;
    let lists = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let both: String = (0..levels).map(|n| if n % 2 == 0 { "[" } else { "{\"a\":" }).collect();
    let ends: String = (0..levels).rev().map(|n| if n % 2 == 0 { "]" } else { "}" }).collect();
    [lists, objects, format!("{both}[]{ends}").replacen("[]", "1", 1)]
        .map(|value| with_value(value.as_bytes()))
}

#[test]
fn the_bounds_are_exceptions_at_their_last_good_and_first_bad_value() {
    let limits = Limits::default();
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":{n}")).collect();
        with_value(format!("{{{}}}", members.join(",")).as_bytes())
    };
    let sized = |bytes: usize| with_value(format!("\"{}\"", "y".repeat(bytes - 8)).as_bytes());
    let mut rows = vec![
        (members(limits.object_members), None),
        (members(limits.object_members + 1), Some(Rule::Members)),
        (sized(OBJECT_HELD_BYTES - 1), None),
        (sized(OBJECT_HELD_BYTES + 1), Some(Rule::Size)),
    ];
    rows.extend(nested(limits.object_depth).map(|object| (object, None)));
    rows.extend(nested(limits.object_depth + 1).map(|object| (object, Some(Rule::Depth))));
    for (object, rule) in rows {
        let said = said_of(&object);
        match rule {
            None => assert!(said.is_ok(), "{said:?}"),
            Some(rule) => {
                assert!(said.as_ref().is_err_and(|said| is_of(rule, said)), "{rule:?}: {said:?}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_of_a_stream_and_nowhere_else() {
    assert_eq!(results(b"\xEF\xBB\xBF{\"x\":1}"), [Ok(b"{\"x\":1}".to_vec())]);
    let said = results(b"{}\xEF\xBB\xBF{}");
    assert!(matches!(said[..], [Ok(_), Err(_), Ok(_)]), "{said:?}");
    let key = JsonFault::Expected("a key in double quotes");
    assert_eq!(results(b"{\xEF\xBB\xBF}"), [Err(bad_json(key, 1))]);
}
