//! Any bytes as what a server of console chat or of the exchange sends to the client, cut anywhere:
//! nothing that is shown is obeyed by a terminal, and files are saved in their folder alone, over
//! nothing, and not under a hidden name.

use super::scratch::Scratch;
use jiff::tz::TimeZone;
use jim::client::console_chat::ConsoleChat;
use jim::client::exchange::Exchange;
use jim::client::mode::{Mode, Turn};
use jim::client::render::Screen;
use jim::client::session::{Received, Session};
use jim::message::{Language, Now, visible};
use std::fs;

fn shown(mode: &mut dyn Mode, stream: &[u8], piece: usize) -> String {
    let mut session = Session::of_bytes();
    let mut screen = Screen::new(Language::English, TimeZone::UTC, true);
    let now = Now::default();
    let turn = &mut Turn { now, session: &mut session, screen: &mut screen };
    let _ = mode.begin(turn, ([127, 0, 0, 1], 1).into());
    for piece in stream.chunks(piece.max(1)) {
        if mode.handle_received(turn, Received::Bytes(piece.to_vec())).is_break() {
            break;
        }
    }
    screen.poll_lines()
}

pub fn check(data: &[u8]) {
    let (first, stream) = data.split_at(data.len().min(1));
    let piece = first.first().copied().map_or(1, usize::from);
    let scratch = Scratch::new();
    let folder = scratch.path().join("saved");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine"), "mine").unwrap();
    fs::write(scratch.path().join("beside"), "mine").unwrap();
    let mut exchange = Exchange::new("ann".to_owned(), folder.clone());
    let mut lines = shown(&mut exchange, stream, piece);
    drop(exchange);
    lines += &shown(&mut ConsoleChat::new(), stream, piece);
    for line in lines.lines() {
        assert_eq!(visible(line).to_string(), line);
    }
    assert_eq!(fs::read(folder.join("mine")).unwrap(), b"mine");
    assert_eq!(fs::read(scratch.path().join("beside")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(entry.file_type().unwrap().is_file() && !name.starts_with(['.', '-', '~']));
        assert_eq!(visible(&name).to_string(), name);
    }
}
