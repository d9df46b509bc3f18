use super::*;
use crate::client::entry::Who;
use crate::client::render::Screen;
use crate::message::{Language, Now};
use jiff::tz::TimeZone;

struct Stage {
    talker: Talker,
    session: Session,
    screen: Screen,
}

impl Stage {
    fn new(returns: bool) -> Self {
        let entry = Entry::new(Who::Guest { name: "tester".into() }, None, Talker::FEATURES);
        Self {
            talker: Talker::new(entry, "#all".into(), false, returns),
            session: Session::default(),
            screen: Screen::new(Language::English, TimeZone::UTC, false),
        }
    }

    /// Begins on a new connection, whose server answers the presence with this code.
    fn begin(&mut self, code: u16) -> Flow {
        self.session = Session::default();
        let address = ([127, 0, 0, 1], 1).into();
        self.act(|talker, turn| talker.begin(turn, address))?;
        self.receive(&format!("{{\"response\":{code},\"features\":[\"ids\",\"history\"]}}"))
    }

    fn receive(&mut self, object: &str) -> Flow {
        self.session.handle_bytes(object.as_bytes());
        let received = self.session.poll_received(Now::default()).unwrap().unwrap();
        self.act(|talker, turn| talker.handle_received(turn, received))
    }

    /// Types a line; gives how many requests are under way then.
    fn type_line(&mut self, line: &str) -> usize {
        let line = Line::Text(line.into());
        assert!(self.act(|talker, turn| talker.handle_line(turn, line)).is_continue());
        self.session.under_way()
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut Talker, &mut Turn<'_>) -> T) -> T {
        let (session, screen) = (&mut self.session, &mut self.screen);
        act(&mut self.talker, &mut Turn { now: Now::default(), session, screen })
    }

    fn lose(&mut self) -> Ending {
        self.act(|talker, turn| talker.handle_fault(turn, Fault::Closed))
    }
}

#[test]
fn a_lost_connection_is_made_again_for_a_person() {
    let mut stage = Stage::new(true);
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    stage.type_line("x");
    assert_eq!(stage.lose(), Ending::Reconnecting);
    let told = stage.screen.poll_notices();
    assert!(told.iter().any(|(_, text)| text.ends_with("perhaps not delivered: 1")), "{told:?}");
    // The server may still hold the former connection.
    assert_eq!(stage.begin(409), ControlFlow::Break(Ending::Reconnecting));
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    assert!(stage.talker.wants_input(&stage.session));
}

#[test]
fn nothing_is_made_again_for_a_pipe_or_before_the_first_entry() {
    let mut stage = Stage::new(false);
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    assert_eq!(stage.lose(), Ending::Silent(Exit::Gone));
    let mut stage = Stage::new(true);
    assert_eq!(stage.lose(), Ending::Silent(Exit::Gone));
    assert_eq!(stage.begin(409), ControlFlow::Break(Ending::Quitting(Exit::Refused)));
}

#[test]
fn nonsense_is_a_reason_to_come_back_to_a_server_that_let_us_in() {
    let nonsense = || Fault::NotJson { sample: "HTTP/1.1 502".into() };
    let faults = [nonsense(), Fault::NeverCloses { limit_bytes: 1 }, nonsense()];
    let mut stage = Stage::new(true);
    let ending = stage.act(|talker, turn| talker.handle_fault(turn, nonsense()));
    assert_eq!(ending, Ending::Silent(Exit::Gone));
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    for fault in faults {
        let ending = stage.act(|talker, turn| talker.handle_fault(turn, fault));
        assert_eq!(ending, Ending::Reconnecting);
    }
    let kicked = Fault::Parted { reason: "kicked".into() };
    let ending = stage.act(|talker, turn| talker.handle_fault(turn, kicked));
    assert_eq!(ending, Ending::Silent(Exit::Gone));
}

#[test]
fn the_past_is_asked_for_once_the_own_messages_are_answered() {
    let mut stage = Stage::new(true);
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    assert_eq!((stage.type_line("one"), stage.type_line("two")), (1, 2));
    assert_eq!(stage.type_line("/history"), 2);
    assert!(!stage.talker.wants_input(&stage.session));
    for under_way in [1, 1] {
        assert!(stage.receive("{\"response\":200}").is_continue());
        assert_eq!(stage.session.under_way(), under_way);
    }
    assert!(stage.receive("{\"response\":200,\"messages\":[]}").is_continue());
    assert!(stage.talker.wants_input(&stage.session));
}

#[test]
fn keys_are_the_full_screens() {
    let mut stage = Stage::new(false);
    assert_eq!(stage.begin(200), ControlFlow::Continue(()));
    let before = stage.session.under_way();
    assert_eq!(stage.type_line("/keys"), before, "nothing is asked of the server");
    let told = stage.screen.poll_notices();
    assert!(
        told.iter().any(|(_, text)| text.contains("only the full screen has keys")),
        "{told:?}"
    );
}
