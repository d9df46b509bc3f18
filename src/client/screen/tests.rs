//! The screen as text, without a terminal.

mod away;
mod commands;
mod files;
mod flood;
mod memory;
mod past;

use super::chat::{Chat, Wishes};
use super::{Attention, Depth, Notification, Preferences, Theme};
use crate::client::entry::{Entry, Who};
use crate::client::exit::Exit;
use crate::client::fault::Fault;
use crate::client::mode::{Ending, Flow, Turn};
use crate::client::render::Screen;
use crate::client::session::Session;
use crate::message::{Language, MessageId, Now, Secret};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use std::ops::ControlFlow;
use std::time::Duration;

/// 2023-11-14 22:13:20.
const START: u64 = 1_700_000_000_000_000;

/// The time of the oldest message of a [`page`].
const PAST: u64 = START - 60_000_000_000;

const ALL: &str = "[\"ids\",\"notices\",\"offline\",\"history\",\"files\"]";

struct Stage {
    chat: Chat,
    session: Session,
    screen: Screen,
    terminal: Terminal<TestBackend>,
    now: Now,
}

impl Stage {
    fn of(who: Who, to: &str, language: Language) -> Self {
        let entry = Entry::new(who, None, Chat::FEATURES);
        let attention = Attention { bell: true, notification: Some(Notification::Osc9) };
        let zone = TimeZone::UTC;
        let wishes = Wishes {
            language,
            zone: zone.clone(),
            to: to.into(),
            splits: false,
            attention,
            preferences: Preferences::default(),
            server: "chat.example.org:7777".into(),
        };
        let mut stage = Self {
            chat: Chat::new(entry, wishes),
            session: Session::default(),
            screen: Screen::new(language, zone, true),
            terminal: Terminal::new(TestBackend::new(40, 10)).unwrap(),
            now: Now { unix_micros: START, uptime: Duration::from_secs(100) },
        };
        stage.size(40, 10);
        stage
    }

    fn guest() -> Self {
        Self::of(Who::Guest { name: "anna".into() }, "#all", Language::English)
    }

    /// A user who is in, on a server that keeps messages of rooms and people and lists no room.
    fn user() -> Self {
        let who = Who::User { name: "anna".into(), password: Secret::new("secret") };
        let mut stage = Self::of(who, "#all", Language::English);
        stage.enter();
        stage
    }

    fn enter(&mut self) {
        self.enter_with("\"rooms\":[],\"more\":false");
    }

    fn enter_with(&mut self, rooms: &str) {
        self.begin();
        self.answer(&format!(
            "\"features\":{ALL},\"history\":{{\"common\":false,\"rooms\":true,\"direct\":true,\
             \"days\":0,\"messages\":0}}"
        ));
        self.expect("\"presence\"");
        self.answer("");
        self.expect("\"rooms\"");
        self.answer(rooms);
    }

    fn begin(&mut self) {
        self.session = Session::default();
        self.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
        self.expect("\"authenticate\"");
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut Chat, &mut Turn<'_>) -> T) -> T {
        let (now, session, screen) = (self.now, &mut self.session, &mut self.screen);
        act(&mut self.chat, &mut Turn { now, session, screen })
    }

    fn pass(&mut self, time: Duration) {
        self.now.uptime += time;
        self.now.unix_micros += u64::try_from(time.as_micros()).unwrap();
    }

    fn size(&mut self, columns: u16, rows: u16) {
        self.chat.handle_size(columns, rows);
        self.terminal.backend_mut().resize(columns, rows);
    }

    // The server.

    /// The next request that was sent, which has this in it.
    fn expect(&mut self, part: &str) -> String {
        let output = std::str::from_utf8(self.session.output()).unwrap();
        let line = output.lines().next().unwrap_or_default().to_owned();
        assert!(line.contains(part), "no {part} in {output}");
        self.session.wrote(line.len() + 1);
        line
    }

    /// Takes all requests; whether one had this in it.
    fn asked_for(&mut self, part: &str) -> bool {
        let output = std::str::from_utf8(self.session.output()).unwrap();
        let found = output.contains(part);
        self.session.wrote(usize::MAX);
        found
    }

    fn receive(&mut self, object: &str) -> Flow {
        self.session.handle_bytes(object.as_bytes());
        while let Some(received) = self.session.poll_received(self.now).unwrap() {
            self.act(|chat, turn| chat.handle_received(turn, received))?;
        }
        ControlFlow::Continue(())
    }

    fn answer(&mut self, fields: &str) {
        self.answer_with(200, fields);
    }

    fn answer_with(&mut self, code: u16, fields: &str) {
        let time = self.now.unix_micros / 1_000_000;
        let comma = if fields.is_empty() { "" } else { "," };
        let object =
            format!("{{\"response\":{code},\"time\":{time},\"alert\":\"ok\"{comma}{fields}}}");
        assert!(self.receive(&object).is_continue());
    }

    fn message(&mut self, from: &str, to: &str, text: &str) {
        let time = self.now.unix_micros;
        assert!(self.receive(&message(from, to, text, time)).is_continue());
    }

    // The person.

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Flow {
        let event = Event::Key(KeyEvent::new(code, modifiers));
        self.act(|chat, turn| chat.handle_event(turn, event))
    }

    fn press(&mut self, code: KeyCode) -> Flow {
        self.key(code, KeyModifiers::NONE)
    }

    fn write(&mut self, text: &str) {
        for character in text.chars() {
            assert!(self.press(KeyCode::Char(character)).is_continue());
        }
    }

    fn line(&mut self, text: &str) -> Flow {
        self.write(text);
        self.press(KeyCode::Enter)
    }

    fn paste(&mut self, text: &str) {
        let event = Event::Paste(text.into());
        assert!(self.act(|chat, turn| chat.handle_event(turn, event)).is_continue());
    }

    /// The screen as text.
    fn draw(&mut self) -> String {
        let (chat, now) = (&self.chat, self.now);
        self.terminal.draw(|frame| chat.draw(frame, now)).unwrap();
        let buffer = self.terminal.backend().buffer().clone();
        let area = *buffer.area();
        let row = |y| {
            let mut row = String::new();
            let mut x = 0;
            while x < area.width {
                let symbol = buffer[(x, y)].symbol();
                row += symbol;
                x += u16::try_from(super::text::width(symbol).max(1)).unwrap();
            }
            row.trim_end().to_owned()
        };
        (0..area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    fn shows(&mut self, text: &str) -> bool {
        self.draw().contains(text)
    }
}

fn message(from: &str, to: &str, text: &str, unix_micros: u64) -> String {
    let id = MessageId::at(unix_micros);
    let seconds = f64::from(u32::try_from(unix_micros / 1000 % 1_000_000_000).unwrap()) / 1000.0;
    let seconds =
        f64::from(u32::try_from(unix_micros / 1_000_000_000_000).unwrap()) * 1e6 + seconds;
    format!(
        "{{\"action\":\"msg\",\"from\":\"{from}\",\"to\":\"{to}\",\"message\":\"{text}\",\
         \"msg_id\":\"{id}\",\"server_time\":{seconds}}}"
    )
}

/// A page of messages of boris', one a minute, up to so many minutes before the start.
fn page(room: &str, numbers: std::ops::Range<u64>) -> String {
    let messages: Vec<String> = numbers
        .map(|number| {
            let time = PAST + number * 60_000_000;
            message("boris", room, &format!("line {number}."), time)
        })
        .collect();
    format!("\"messages\":[{}]", messages.join(","))
}

#[test]
fn messages_are_shown_and_sent() {
    let mut stage = Stage::user();
    stage.size(60, 8);
    stage.session.wrote(usize::MAX);
    stage.pass(Duration::from_secs(1));
    stage.message("boris", "#all", "привет, anna 👋");
    assert!(stage.line("hello").is_continue());
    assert!(stage.shows("anna │ hello …"), "{}", stage.draw());
    stage.expect("\"message\":\"hello\"");
    // The contacts and who is there.
    stage.answer("\"data_list\":[]");
    stage.answer("\"users\":[]");
    stage.pass(Duration::from_secs(60));
    stage.answer(&format!("\"msg_id\":\"{}\"", MessageId::at(stage.now.unix_micros)));
    assert_eq!(
        stage.draw(),
        " #all\n\
         22:13 - connected to 127.0.0.1:7777 as anna\n\
         22:13        boris │ привет, anna 👋\n\
         22:13         anna │ hello\n\
         \n\n \
         online │ anna @ chat.example.org:7777\n\
         #all>"
    );
    assert!(stage.chat.poll_alert().contains("]9;boris: привет"));
}

#[test]
fn incoming_text_does_not_tear_what_is_typed() {
    let mut stage = Stage::user();
    stage.write("half a wo");
    stage.message("boris", "#all", "\\u001b[2J\\u001b[31mred\\nforged");
    stage.write("rd");
    let text = stage.draw();
    assert!(text.ends_with("#all> half a word"), "{text}");
    assert!(text.contains("\\u{1b}[2J") && text.contains("red\\nforged"), "{text}");
}

#[test]
fn mentions_are_seen_without_colours_too() {
    for colours in [true, false] {
        let mut stage = Stage::user();
        if !colours {
            stage.chat.wishes.preferences.theme = Theme::default().at(Depth::None);
        }
        stage.message("boris", "#all", "hi anna");
        stage.draw();
        let cells = stage.terminal.backend().buffer().content().to_vec();
        let is_marked = |cell: &ratatui::buffer::Cell| {
            cell.symbol() == "a" && cell.modifier.contains(Modifier::REVERSED | Modifier::BOLD)
        };
        assert_eq!(cells.iter().filter(|cell| is_marked(cell)).count(), 2);
        let is_plain = cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset);
        assert_eq!(is_plain, !colours);
    }
}

#[test]
fn what_is_new_elsewhere_is_counted() {
    let mut stage = Stage::user();
    stage.message("boris", "anna", "psst");
    stage.message("boris", "#tea", "one");
    stage.message("boris", "#tea", "two");
    assert!(stage.shows("│ boris 1!, #tea "), "{}", stage.draw());
    stage.size(120, 10);
    let text = stage.draw();
    for row in [" #tea ", " boris "] {
        assert!(text.lines().any(|line| line.starts_with(row)), "{text}");
    }
    assert!(stage.key(KeyCode::Char('a'), KeyModifiers::ALT).is_continue());
    let text = stage.draw();
    assert!(text.contains("boris │ psst") && !text.contains("1!"), "{text}");
}

#[test]
fn the_same_message_is_shown_once() {
    let mut stage = Stage::user();
    let one = message("boris", "#all", "one", START);
    assert!(stage.receive(&(one.clone() + &one)).is_continue());
    assert_eq!(stage.draw().matches("one").count(), 1);
}

#[test]
fn the_servers_clock_may_be_wrong() {
    let mut stage = Stage::user();
    let hour = 3_600;
    // Its clock is an hour ahead, which its answers tell.
    let time = stage.now.unix_micros / 1_000_000 + hour;
    assert!(
        stage
            .receive(&format!("{{\"response\":200,\"time\":{time},\"alert\":\"x\"}}"))
            .is_continue()
    );
    stage.message_at("boris", hour);
    assert!(stage.shows("22:13 boris: hi"), "{}", stage.draw());
}

impl Stage {
    fn message_at(&mut self, from: &str, ahead_seconds: u64) {
        let time = self.now.unix_micros + ahead_seconds * 1_000_000;
        assert!(self.receive(&message(from, "#all", "hi", time)).is_continue());
    }

    /// Looks at a room that we are in, whose newest messages are these.
    fn open_room(&mut self, numbers: std::ops::Range<u64>) {
        self.session.wrote(usize::MAX);
        assert!(self.line("/join #tea").is_continue());
        self.answer("\"data_list\":[]");
        self.answer("\"users\":[]");
        self.answer("");
        assert!(self.asked_for("\"history\""));
        self.answer("\"topic\":\"black\"");
        self.answer(&(page("#tea", numbers) + ",\"more\":true"));
        self.answer("\"members\":[{\"account_name\":\"anna\",\"online\":true,\"role\":\"owner\"}]");
    }
}

#[test]
fn scrolling_past_the_top_brings_the_past() {
    let mut stage = Stage::user();
    stage.open_room(100..120);
    assert!(stage.shows("line 119."), "{}", stage.draw());
    for _ in 0..5 {
        assert!(stage.press(KeyCode::PageUp).is_continue());
    }
    assert!(stage.shows("line 100.") && stage.shows("Esc: to the end"), "{}", stage.draw());
    let request = stage.expect("\"history\"");
    assert!(
        request.contains(&format!("\"before\":\"{}\"", MessageId::at(PAST + 6_000_000_000))),
        "{request}"
    );
    let shown = |stage: &mut Stage| stage.draw().lines().take(8).collect::<Vec<_>>().join("\n");
    let before = shown(&mut stage);
    stage.answer(&(page("#tea", 60..100) + ",\"more\":false"));
    // What is looked at stays where it is while the past comes in above, and news below.
    stage.message("boris", "#tea", "news");
    assert_eq!(before, shown(&mut stage));
    for _ in 0..10 {
        assert!(stage.press(KeyCode::PageUp).is_continue());
    }
    assert!(stage.shows("line 60.") && !stage.asked_for("history"), "{}", stage.draw());
    assert!(stage.press(KeyCode::Esc).is_continue());
    assert!(stage.shows("news"));
}

#[test]
fn days_are_told_apart() {
    let mut stage = Stage::user();
    stage.message("boris", "#all", "today");
    stage.pass(Duration::from_secs(2 * 3600));
    stage.message("boris", "#all", "tomorrow");
    assert!(stage.shows(" Wednesday, 2023-11-15 "), "{}", stage.draw());
}

#[test]
fn many_lines_are_sent_after_a_yes() {
    let mut stage = Stage::user();
    let mut sent = |lines: usize, key: Option<KeyCode>| {
        stage.session = Session::default();
        stage.paste(&(0..lines).map(|line| format!("text {line}\n")).collect::<String>());
        assert!(stage.press(KeyCode::Enter).is_continue());
        if let Some(key) = key {
            assert!(stage.shows(&format!("Send {lines} lines")), "{}", stage.draw());
            assert_eq!(stage.session.under_way(), 0);
            assert!(stage.press(key).is_continue());
        }
        let sent = stage.session.under_way();
        stage.chat.input.clear();
        sent
    };
    assert_eq!(sent(5, None), 5);
    assert_eq!(sent(6, Some(KeyCode::Enter)), 6);
    assert_eq!(sent(6, Some(KeyCode::Esc)), 0);
    assert_eq!(sent(7, Some(KeyCode::Char('y'))), 7);
}

#[test]
fn pasted_lines_are_no_commands() {
    let mut stage = Stage::user();
    stage.session = Session::default();
    stage.paste("/quit\n/destroy #tea");
    assert!(stage.press(KeyCode::Enter).is_continue());
    stage.expect("\"message\":\"/quit\"");
    stage.expect("\"message\":\"/destroy #tea\"");
}

#[test]
fn a_line_too_long_stays() {
    let mut stage = Stage::user();
    stage.session = Session::default();
    stage.paste(&"x".repeat(501));
    assert!(stage.press(KeyCode::Enter).is_continue());
    assert_eq!(stage.session.under_way(), 0);
    assert_eq!(stage.chat.input.lines()[0].len(), 501);
    stage.size(160, 20);
    assert!(stage.shows("at most 500 are allowed"), "{}", stage.draw());
}

#[test]
fn a_lost_connection_costs_nothing_that_was_typed() {
    let mut stage = Stage::user();
    stage.size(120, 20);
    stage.open_room(1..3);
    for text in ["arrived", "lost"] {
        assert!(stage.line(text).is_continue());
    }
    stage.write("half");
    let ending = stage.act(|chat, turn| chat.handle_fault(turn, Fault::Closed));
    assert_eq!(ending, Ending::Reconnecting);
    let until = stage.now.uptime + Duration::from_millis(2500);
    stage.chat.handle_waiting(until);
    assert!(stage.shows("NOT CONNECTED, again in 3 s") && stage.shows("closed the connection"));
    assert_eq!(stage.chat.poll_timeout(stage.now), Some(until - Duration::from_secs(2)));
    stage.chat.input.clear();
    assert!(stage.line("meanwhile").is_continue());
    assert!(stage.shows("meanwhile (waits)") && stage.shows("lost (perhaps not delivered)"));
    assert!(stage.line("/who").is_continue());
    assert!(stage.shows("needs the connection") && stage.shows("> /who"), "{}", stage.draw());
    stage.chat.input.clear();
    // Back: the server has one of the two, and has forgotten that we were in the room.
    stage.enter();
    stage.expect("\"get_contacts\"");
    stage.expect("\"history\"");
    stage.expect("\"who\"");
    stage.expect("\"join\"");
    stage.expect("\"members\"");
    stage.expect("\"message\":\"meanwhile\"");
    stage.answer("\"data_list\":[]");
    let own = message("anna", "#tea", "arrived", START + 1);
    stage.answer(&format!("\"messages\":[{own}],\"more\":false"));
    let text = stage.draw();
    assert!(text.contains("NOT delivered (the up arrow finds it): lost"), "{text}");
    assert_eq!(text.matches("arrived").count(), 1, "{text}");
    assert!(!stage.asked_for("\"message\":\"lost\""));
    assert!(stage.press(KeyCode::Up).is_continue());
    assert!(stage.shows("#tea> lost"), "{}", stage.draw());
}

#[test]
fn what_was_missed_joins_on_or_is_scrolled_to() {
    let mut stage = Stage::user();
    stage.open_room(1..3);
    for (seconds, numbers, unread, oldest) in [(60, 2..6, 3, 1), (70_000, 2000..2040, 40, 2000)] {
        stage.pass(Duration::from_secs(seconds));
        stage.act(|chat, turn| chat.handle_fault(turn, Fault::Closed));
        assert!(stage.key(KeyCode::Char('1'), KeyModifiers::ALT).is_continue());
        stage.enter_with("\"rooms\":[{\"room\":\"#tea\",\"member\":true}]");
        // News before the page do not hide what was missed before them.
        let unread = unread + 1;
        stage.message("boris", "#tea", "news");
        stage.answer("\"data_list\":[]");
        stage.answer(&(page("#tea", numbers) + ",\"more\":true"));
        let room = stage.chat.model.find("#tea").unwrap();
        assert_eq!(room.unread, unread);
        assert_eq!(room.oldest(), Some(MessageId::at(PAST + oldest * 60_000_000)));
        stage.chat.model.choose_with("#tea");
    }
}

#[test]
fn passwords_are_not_shown() {
    let mut stage = Stage::guest();
    stage.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
    stage.answer(&format!("\"features\":{ALL}"));
    assert!(stage.line("/login boris").is_continue());
    stage.write("geheim");
    let text = stage.draw();
    assert!(text.ends_with("Password of boris:") && !text.contains("geheim"), "{text}");
    assert!(stage.press(KeyCode::Enter).is_continue());
    assert!(stage.asked_for("geheim"));
    stage.answer("\"rooms\":[]");
    stage.answer("\"users\":[]");
    stage.answer_with(202, &format!("\"features\":{ALL}"));
    assert!(stage.shows("boris @ chat"), "{}", stage.draw());
    assert!(stage.press(KeyCode::Up).is_continue());
    assert!(stage.shows("> /login boris"), "{}", stage.draw());
}

#[test]
fn drafts_stay_with_their_conversation() {
    let mut stage = Stage::user();
    stage.message("boris", "anna", "psst");
    stage.write("to all");
    assert!(stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL).is_continue());
    assert!(stage.shows("\nboris>") && !stage.shows("to all"), "{}", stage.draw());
    stage.write("to boris");
    assert!(stage.key(KeyCode::Char('p'), KeyModifiers::CONTROL).is_continue());
    assert!(stage.shows("#all> to all"));
}

#[test]
fn a_server_that_lacks_an_action_is_told_apart() {
    let mut stage = Stage::user();
    stage.size(90, 20);
    stage.session = Session::default();
    stage.chat.asked.clear();
    stage.chat.to_ask.clear();
    assert!(stage.line("/contacts").is_continue());
    stage.expect("get_contacts");
    assert!(
        stage
            .receive("{\"response\":400,\"error\":\"?\",\"reason\":\"unknown_action\"}")
            .is_continue()
    );
    assert!(stage.shows("this server does not know get_contacts"), "{}", stage.draw());
    assert!(stage.line("/contcats").is_continue());
    assert!(stage.shows("did you mean /contacts?"), "{}", stage.draw());
}

#[test]
fn it_ends_in_many_ways() {
    let done = ControlFlow::Break(Ending::Quitting(Exit::Done));
    for line in ["/quit", "/exit", "\\q"] {
        assert_eq!(Stage::user().line(line), done, "{line}");
    }
    let control = |stage: &mut Stage, key| stage.key(KeyCode::Char(key), KeyModifiers::CONTROL);
    let mut stage = Stage::user();
    stage.write("x");
    assert!(control(&mut stage, 'd').is_continue());
    assert!(control(&mut stage, 'c').is_continue());
    assert!(stage.chat.input.is_empty());
    assert!(control(&mut stage, 'c').is_continue());
    stage.write("y");
    assert!(control(&mut stage, 'c').is_continue());
    assert!(control(&mut stage, 'c').is_continue());
    assert_eq!(control(&mut stage, 'c'), done);
    assert_eq!(control(&mut Stage::user(), 'd'), done);
}

#[test]
fn people_come_and_go() {
    let mut stage = Stage::user();
    stage.size(110, 10);
    stage.open_room(1..3);
    assert!(stage.draw().starts_with(" #tea - black"), "{}", stage.draw());
    let mut tell = |event: &str| {
        let object = format!("{{\"action\":\"notice\",\"event\":{event}}}");
        assert!(stage.receive(&object).is_continue());
        stage.draw()
    };
    let text = tell("\"join\",\"room\":\"#tea\",\"account_name\":\"boris\"");
    assert!(text.contains("│@anna") && text.contains("│ boris"), "{text}");
    assert!(text.contains("* boris joined #tea"), "{text}");
    let text = tell("\"leave\",\"room\":\"#tea\",\"account_name\":\"boris\"");
    assert!(!text.contains("│ boris\n"), "{text}");
    let text = tell("\"topic\",\"room\":\"#tea\",\"account_name\":\"boris\",\"topic\":\"green\"");
    assert!(text.starts_with(" #tea - green"), "{text}");
    let text = tell("\"kick\",\"room\":\"#tea\",\"account_name\":\"anna\",\"by\":\"boris\"");
    assert!(text.contains("(not joined: /join)"), "{text}");
}

#[test]
fn no_size_and_no_text_breaks_the_screen() {
    let mut stage = Stage::user();
    stage.open_room(1..30);
    stage.message("Ж中👨‍👩‍👧", "#tea", "e\u{301}中👨‍👩‍👧 https://a.b/c");
    stage.paste("中👨‍👩‍👧\nsecond");
    for columns in [1, 2, 5, 9, 20, 40, 69, 70, 99, 100, 140, 200] {
        for rows in [1, 2, 3, 4, 5, 24, 60] {
            stage.size(columns, rows);
            stage.draw();
            assert!(stage.press(KeyCode::PageUp).is_continue());
            stage.draw();
            assert!(stage.press(KeyCode::PageDown).is_continue());
            stage.draw();
        }
    }
}

#[test]
fn it_speaks_russian() {
    let who = Who::Guest { name: "анна".into() };
    let mut stage = Stage::of(who, "#all", Language::Russian);
    stage.act(|chat, turn| chat.begin(turn, ([127, 0, 0, 1], 7777).into()));
    assert!(stage.shows("подключение..."));
    stage.answer("");
    assert!(stage.shows(" в сети │ анна @"), "{}", stage.draw());
    stage.act(|chat, turn| chat.handle_fault(turn, Fault::Closed));
    stage.chat.handle_waiting(stage.now.uptime + Duration::from_secs(4));
    assert!(stage.shows("НЕТ СВЯЗИ, повтор через 4 с"), "{}", stage.draw());
}
