//! Any bytes as what a JIM server sends to the client, cut anywhere: the same is heard, no more is
//! held than one object and one read, and nothing that is shown is obeyed by a terminal.

use jiff::tz::TimeZone;
use jim::client::render::Screen;
use jim::client::session::{Received, Session};
use jim::message::{Language, Now, visible};

fn hear(stream: &[u8], piece: usize) -> (Vec<String>, Screen) {
    let now = Now::default();
    let mut session = Session::default();
    let mut screen = Screen::new(Language::English, TimeZone::UTC, true);
    let mut heard = Vec::new();
    'stream: for piece in stream.chunks(piece.max(1)) {
        session.handle_bytes(piece);
        loop {
            match session.poll_received(now) {
                Ok(None) => break,
                Ok(Some(received)) => {
                    if let Received::Message(message) = &received {
                        screen.message(now, message);
                    }
                    if let Received::Event(event) = &received {
                        screen.line(&event.text(Language::Russian));
                    }
                    heard.push(format!("{received:?}"));
                }
                Err(_) => break 'stream,
            }
        }
    }
    (heard, screen)
}

pub fn check(data: &[u8]) {
    let (first, stream) = data.split_at(data.len().min(1));
    let (heard, mut screen) = hear(stream, stream.len());
    for piece in [first.first().copied().map_or(1, usize::from), 1] {
        assert_eq!(hear(stream, piece).0, heard, "in pieces of {piece}");
    }
    for line in screen.poll_lines().lines() {
        assert_eq!(visible(line).to_string(), line);
    }
}
