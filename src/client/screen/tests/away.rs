//! What comes from something that is no JIM server, while the server is away.

use super::*;

const GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\n\r\n";

impl Stage {
    /// How the connection ends with what the server sends now.
    fn ending_at(&mut self, bytes: &str) -> Ending {
        self.session.handle_bytes(bytes.as_bytes());
        let fault = self.session.poll_received(self.now).unwrap_err();
        self.act(|chat, turn| chat.handle_fault(turn, fault))
    }
}

#[test]
fn nonsense_while_we_come_back_is_told_once_and_tried_again() {
    let mut stage = Stage::user();
    stage.size(100, 12);
    stage.write("half a li");
    assert_eq!(stage.ending_at("garbage"), Ending::Reconnecting);
    for _ in 0..3 {
        stage.begin();
        assert_eq!(stage.ending_at(GATEWAY), Ending::Reconnecting);
    }
    let text = stage.draw();
    assert_eq!(text.matches("it sent: garbage").count(), 1, "{text}");
    assert_eq!(text.matches("HTTP/1.1 502").count(), 1, "{text}");
    stage.enter();
    stage.write("ne");
    assert!(stage.shows("#all> half a line"), "{}", stage.draw());
}

#[test]
fn the_first_connection_ends_with_nonsense() {
    let mut stage = Stage::guest();
    stage.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
    assert_eq!(stage.ending_at(GATEWAY), Ending::Silent(Exit::Gone));
}
