//! What the operator sees, and what is left out.

use super::*;
use crate::logging::clock::FakeClock;
use crate::message::Name;
use std::io::ErrorKind;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

const LONG: Duration = Duration::from_secs(20);

/// A terminal that hands on what it is given, and is stuck while nobody takes it.
struct Terminal(SyncSender<String>);

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let sent = self.0.send(text.trim_end().to_owned());
        sent.map_err(|_| ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console(language: Language, room: usize) -> (Console, Receiver<String>) {
    let (sender, receiver) = sync_channel(room);
    let clock = FakeClock::at("2026-11-21T21:33:43[Europe/Moscow]");
    (Console::start_on(language, clock, Terminal(sender)).unwrap(), receiver)
}

/// A moment at so many milliseconds of uptime.
fn at(millis: u64) -> Now {
    let start: Zoned = "2026-11-21T21:33:43[Europe/Moscow]".parse().unwrap();
    let start = u64::try_from(start.timestamp().as_microsecond()).unwrap();
    Now { unix_micros: start + millis * 1000, uptime: Duration::from_millis(millis) }
}

fn shown(console: &Console, receiver: &Receiver<String>) -> Vec<String> {
    assert!(console.flush(LONG));
    receiver.try_iter().collect()
}

#[test]
fn answers_look_as_in_the_seed() {
    let user = Name::shown("user");
    let replies = [
        Reply::new(Code::Accepted, Phrase::Authenticated { user: user.clone() }),
        Reply::new(Code::Ok, Phrase::Present { user: Some(user.clone()) }),
        Reply::new(Code::Ok, Phrase::Goodbye),
        Reply::new(Code::WrongLogin, Phrase::WrongLogin { user }),
        Reply::new(Code::ServerError, Phrase::ServerFailed),
    ];
    let (console, receiver) = console(Language::Russian, 10);
    replies.iter().for_each(|reply| console.reply(at(0), reply));
    let expected = [
        "[21:33:43] Сервер отвечает: 202 Пользователь user аутентифицирован",
        "[21:33:43] Сервер отвечает: 402 Ошибка! \
         Пользователь user не существует или введен неправильный пароль",
        "[21:33:43] Сервер отвечает: 500 Ошибка! Сбой сервера: ничего не сохранено и не доставлено",
    ];
    assert_eq!(shown(&console, &receiver), expected);
}

#[test]
fn answers_come_in_english_too() {
    let (console, receiver) = console(Language::English, 10);
    console.reply(at(17_000), &Reply::bad(Phrase::CutShort));
    let lines = shown(&console, &receiver);
    assert!(lines[0].starts_with("[21:34:00] Server answers: 400 Error! "), "{lines:?}");
}

#[test]
fn a_line_is_one_line() {
    let (console, receiver) = console(Language::English, 10);
    console.line(at(0), |line| line.push_str("x\n[21:33:43] Server\x1b[2J"));
    assert_eq!(shown(&console, &receiver), ["[21:33:43] x\\n[21:33:43] Server\\u{1b}[2J"]);
}

#[test]
fn a_burst_is_cut_and_the_rest_told_before_the_next_line() {
    let (console, receiver) = console(Language::Russian, 1000);
    let mut written = 0;
    for line in 0..250_u32 {
        console.line(at(u64::from(line)), |text| {
            written += 1;
            text.push_str("line");
        });
    }
    assert_eq!(written, LINES_PER_SECOND);
    console.line(at(999), |_| panic!("the second is not over"));
    console.line(at(1000), |text| text.push_str("next"));
    let lines = shown(&console, &receiver);
    assert_eq!(lines.len(), 102);
    assert_eq!(lines[100], "[21:33:44] Пропущено строк: 151 (более 100 в секунду)");
    assert_eq!(lines[101], "[21:33:44] next");
}

#[test]
fn a_burst_that_nothing_follows_is_told_too() {
    let (console, receiver) = console(Language::English, 1000);
    (0..103).for_each(|_| console.line(at(0), |text| text.push_str("line")));
    let told = receiver.iter().nth(100).unwrap();
    assert_eq!(told, "[21:33:43] Lines left out: 3 (over 100 a second)");
    console.line(at(5000), |text| text.push_str("next"));
    assert_eq!(shown(&console, &receiver), ["[21:33:48] next"]);
}

#[test]
fn a_stuck_terminal_stops_nobody() {
    let (console, receiver) = console(Language::English, 0);
    let seconds = 15;
    for line in 0..seconds * 100 {
        console.line(at(line * 10), |text| text.push_str("line"));
    }
    assert!(!console.flush(Duration::from_millis(1)));
    let (done, reader_done) = channel();
    let reader = std::thread::spawn(move || {
        let mut lines: Vec<String> = Vec::new();
        while reader_done.try_recv().is_err() {
            lines.extend(receiver.recv_timeout(Duration::from_millis(1)));
        }
        lines.extend(receiver.try_iter());
        lines
    });
    assert!(console.flush(LONG));
    console.line(at(seconds * 1000), |text| text.push_str("next"));
    assert!(console.flush(LONG));
    done.send(()).unwrap();
    let lines = reader.join().unwrap();
    let counts: u64 = lines
        .iter()
        .filter_map(|line| line.split_once("Lines left out: "))
        .map(|(_, rest)| rest.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    let whole = lines.iter().filter(|line| line.ends_with(" line")).count() as u64;
    assert_eq!(whole + counts, seconds * 100);
    assert!(lines.last().unwrap().ends_with("] next"));
}

#[test]
fn a_closed_terminal_is_no_trouble() {
    let (console, receiver) = console(Language::English, 0);
    drop(receiver);
    console.line(at(0), |text| text.push_str("line"));
    assert!(console.flush(LONG));
}
