//! The modes of the other wires, whatever a server sends and however it is cut.

use super::console_chat::ConsoleChat;
use super::exchange::Exchange;
use super::exit::Exit;
use super::input::Line;
use super::mode::{Ending, Flow, Mode, Turn};
use super::render::Screen;
use super::session::{Received, Session};
use crate::message::{Language, Now, visible};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::time::Duration;

struct Stage {
    session: Session,
    screen: Screen,
}

impl Stage {
    /// Begins; the server has let an exchange client in.
    fn new(mode: &mut dyn Mode) -> Self {
        let screen = Screen::new(Language::English, TimeZone::UTC, true);
        let mut stage = Self { session: Session::of_bytes(), screen };
        let flow = mode.begin(&mut stage.turn(0), ([127, 0, 0, 1], 1).into());
        assert!(flow.is_continue());
        stage
    }

    fn turn(&mut self, seconds: u64) -> Turn<'_> {
        let now = Now { uptime: Duration::from_secs(seconds), ..Now::default() };
        Turn { now, session: &mut self.session, screen: &mut self.screen }
    }

    /// Lets a mode have bytes in pieces until it ends; gives all that is shown.
    fn feed(&mut self, mode: &mut dyn Mode, bytes: &[u8], piece: usize) -> String {
        for piece in bytes.chunks(piece) {
            let received = Received::Bytes(piece.to_vec());
            if mode.handle_received(&mut self.turn(0), received).is_break() {
                break;
            }
        }
        self.screen.poll_lines()
    }
}

const LET_IN: &[u8] = b"\0\0\0\x14{\"status\":\"success\"}";

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

proptest! {
    #[test]
    fn console_chat_takes_any_bytes(
        bytes in "[{}\\[\\]\"\\\\a:,\u{1b}\u{202e} \n]{0,60}",
        texts in prop::collection::vec(any::<String>(), 0..4),
        piece in 1_usize..40,
    ) {
        let mut stream = Vec::new();
        for text in texts {
            let object = serde_json::json!({"message_type": "x", "sender": text, "data": text});
            stream.extend_from_slice(object.to_string().as_bytes());
        }
        stream.extend_from_slice(bytes.as_bytes());
        let mut mode = ConsoleChat::new();
        let shown = Stage::new(&mut mode).feed(&mut mode, &stream, piece);
        for line in shown.lines() {
            prop_assert_eq!(visible(line).to_string(), line);
        }
    }

    #[test]
    fn the_exchange_takes_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        texts in prop::collection::vec("\\PC{0,9}|[\u{0}-\u{1f}\u{202e}]{0,9}", 0..4),
        piece in 1_usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut stream = LET_IN.to_vec();
        for text in &texts {
            let quoted = text.replace('\\', r"\\").replace('"', "\\\"");
            let body = format!(
                r#"{{"time":"{quoted}","nickname":"{quoted}","text":"{quoted}","attachment":"{quoted}"}}"#
            );
            stream.extend(frame(body.as_bytes()));
            stream.extend(frame(text.as_bytes()));
        }
        stream.extend_from_slice(&bytes);
        let mut mode = Exchange::new("ann".into(), folder.path().to_owned());
        let shown = Stage::new(&mut mode).feed(&mut mode, &stream, piece);
        for line in shown.lines() {
            prop_assert_eq!(visible(line).to_string(), line);
        }
        prop_assert!(shown.lines().count() > texts.len(), "{}", shown);
        prop_assert!(folder.path().read_dir().unwrap().count() >= texts.len());
    }
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut mode = Exchange::new("ann".into(), ".".into());
    let mut stage = Stage::new(&mut mode);
    assert!(mode.handle_timeout(&mut stage.turn(9)).is_continue());
    assert_eq!(mode.poll_timeout(), Some(Duration::from_secs(10)));
    let flow = mode.handle_timeout(&mut stage.turn(10));
    assert_eq!(flow, Flow::Break(Ending::Silent(Exit::TimedOut)));
    assert_eq!(stage.screen.poll_lines(), "Disconnected\n");
}

#[test]
fn what_was_typed_is_sent_as_long_as_the_server_takes_any_of_it() {
    let mut console = ConsoleChat::new();
    let mut exchange = Exchange::new("ann".into(), ".".into());
    let modes: [&mut dyn Mode; 2] = [&mut console, &mut exchange];
    for mode in modes {
        let mut stage = Stage::new(mode);
        if !mode.wants_input(&stage.session) {
            stage.feed(mode, LET_IN, 99);
        }
        for line in ["ann", "text"] {
            assert!(mode.handle_line(&mut stage.turn(0), Line::Text(line.into())).is_continue());
        }
        assert!(mode.handle_end_of_input(&mut stage.turn(0)).is_continue());
        assert!(!mode.wants_input(&stage.session));
        for second in 1..30 {
            stage.session.wrote(1);
            assert!(mode.handle_timeout(&mut stage.turn(second)).is_continue(), "{second}");
        }
        assert!(mode.handle_timeout(&mut stage.turn(38)).is_continue());
        let flow = mode.handle_timeout(&mut stage.turn(39));
        assert_eq!(flow, Flow::Break(Ending::Silent(Exit::Gone)));
    }
}
