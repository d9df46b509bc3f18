//! Events, as they are told.

use crate::message::{Name, Notice};
use crate::wire::encode;
use serde_json::Value;

fn written(notice: &Notice) -> String {
    let mut out = Vec::new();
    encode::notice(&mut out, notice, 1_700_000_000_123_456);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_event_has_its_fields() {
    let (user, room, by) = (Name::shown("ann"), Name::shown("#r"), Name::shown("bob"));
    let (status, topic) = (Box::from("away"), Box::from("tea"));
    let rows = [
        (Notice::Online { user: user.clone() }, r#""online","account_name":"ann""#),
        (Notice::Offline { user: user.clone() }, r#""offline","account_name":"ann""#),
        (
            Notice::Status { user: user.clone(), status },
            r#""status","account_name":"ann","status":"away""#,
        ),
        (
            Notice::Join { room: room.clone(), user: user.clone() },
            r##""join","account_name":"ann","room":"#r""##,
        ),
        (
            Notice::Leave { room: room.clone(), user: user.clone() },
            r##""leave","account_name":"ann","room":"#r""##,
        ),
        (
            Notice::Topic { room: room.clone(), user: user.clone(), topic },
            r##""topic","account_name":"ann","room":"#r","topic":"tea""##,
        ),
        (
            Notice::Kick { room: room.clone(), user: user.clone(), by: by.clone() },
            r##""kick","account_name":"ann","room":"#r","by":"bob""##,
        ),
        (
            Notice::Invite { room: room.clone(), user, by: by.clone() },
            r##""invite","account_name":"ann","room":"#r","by":"bob""##,
        ),
        (Notice::Destroy { room, by }, r##""destroy","room":"#r","by":"bob""##),
        (Notice::Shutdown, r#""shutdown""#),
    ];
    for (notice, rest) in rows {
        let expected =
            format!("{{\"action\":\"notice\",\"time\":1700000000.123456,\"event\":{rest}}}\n");
        assert_eq!(written(&notice), expected);
        assert!(serde_json::from_str::<Value>(&expected).is_ok());
    }
}

#[test]
fn nothing_in_an_event_can_drive_a_terminal_or_end_a_line() {
    let odd = "\"\\\n\u{1b}[2J\u{9b}\u{202e}\u{2028}й";
    let topic = Box::from(odd);
    let notice = Notice::Topic { room: Name::shown(odd), user: Name::shown(odd), topic };
    let line = written(&notice);
    assert_eq!(line.matches(r#""\"\\\n\u001b[2J\u009b\u202e\u2028й""#).count(), 3, "{line}");
    assert_eq!(line.find('\n'), Some(line.len() - 1));
}
