//! `--exchange`: the client of seed 004, line for line, on its own wire.
//!
//! Texts and files are asked for in turn. What arrives is shown at once, a file's message when the
//! file is saved; neither direction ever holds a whole file.

use super::attachment::{Saving, Sending};
use super::bounds::{ANSWER_WAIT, ATTACHMENT_BYTES, OUTPUT_HELD_BYTES, SERVER_OBJECT_BYTES};
use super::cutter::sample;
use super::exit::Exit;
use super::farewell::Farewell;
use super::fault::Fault;
use super::input::Line;
use super::mode::{Ending, Flow, Mode, Turn};
use super::render::Screen;
use super::session::{Received, Session};
use super::words::Notice;
use crate::limits::Limits;
use crate::message::visible;
use crate::wire::exchange::client::{Heard, file_length, read, write_nickname, write_text};
use crate::wire::exchange::{Decoded, Decoder};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

/// The port of seed 004's server.
pub const DEFAULT_PORT: u16 = 23480;

/// What is typed to end.
const QUIT: &str = r"\q";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The nickname is sent; until then, in uptime, its answer is waited for.
    Greeting(Duration),
    /// A text is typed.
    Text,
    /// The name of a file for this text is typed.
    Attachment(String),
    /// Nothing more is typed, and what was is still being sent.
    Leaving(Farewell),
}

/// A message that waits for its file.
#[derive(Debug)]
struct Awaited {
    /// What is shown of the message.
    line: String,
    /// The file's name as the sender gave it.
    given: String,
    /// The file, once it has begun.
    saving: Option<Saving>,
}

/// The exchange.
#[derive(Debug)]
pub struct Exchange {
    nickname: String,
    /// Where files are found and saved.
    folder: PathBuf,
    limits: Limits,
    stage: Stage,
    decoder: Decoder,
    /// What came and is no whole frame yet.
    held: Vec<u8>,
    /// The message whose file is on its way. A file that is not saved is read for nobody.
    awaited: Option<Awaited>,
    sending: Option<Sending>,
    /// The number of the line that was typed last.
    line: u64,
}

impl Exchange {
    /// An exchange that is not begun.
    #[must_use]
    pub fn new(nickname: String, folder: PathBuf) -> Self {
        Self {
            nickname,
            folder,
            limits: Limits::default(),
            stage: Stage::Greeting(Duration::ZERO),
            decoder: Decoder::with_longest(SERVER_OBJECT_BYTES),
            held: Vec::new(),
            awaited: None,
            sending: None,
            line: 0,
        }
    }

    // What arrives.

    /// Takes frames out of what is held.
    fn handle_held(&mut self, turn: &mut Turn<'_>) -> Flow {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        let flow = loop {
            let used = match self.decoder.decode(rest) {
                Decoded::Incomplete => break ControlFlow::Continue(()),
                Decoded::Refused { length } => {
                    let fault = refused(length, rest);
                    break ControlFlow::Break(self.handle_fault(turn, fault));
                }
                Decoded::Frame { frame, consumed } => {
                    let flow = self.handle_frame(turn, frame);
                    if flow.is_break() {
                        break flow;
                    }
                    consumed
                }
                Decoded::File { length, consumed } => {
                    self.begin_file(turn.screen, length);
                    consumed
                }
                Decoded::Piece { bytes, is_last, consumed } => {
                    self.save(turn.screen, bytes, is_last);
                    consumed
                }
            };
            rest = rest.get(used..).unwrap_or_default();
        };
        self.held = rest.to_vec();
        flow
    }

    fn handle_frame(&mut self, turn: &mut Turn<'_>, frame: &[u8]) -> Flow {
        let heard = match read(frame, &self.limits) {
            Ok(heard) => heard,
            Err(_) => return self.handle_nonsense(turn, frame),
        };
        if matches!(self.stage, Stage::Greeting(_)) {
            return match heard.status {
                Some(status) => self.handle_status(turn, &status),
                None => self.handle_nonsense(turn, frame),
            };
        }
        let line = shown(&heard, turn.screen.zone());
        match heard.attachment {
            Some(given) => {
                self.decoder.expect_file();
                self.awaited = Some(Awaited { line, given, saving: None });
            }
            None if line.is_empty() => {
                turn.screen.notice(&Notice::Ignored { action: sample(frame) });
            }
            None => turn.screen.line(&line),
        }
        ControlFlow::Continue(())
    }

    fn handle_nonsense(&mut self, turn: &mut Turn<'_>, frame: &[u8]) -> Flow {
        let fault = Fault::NoFrame { sample: sample(frame) };
        ControlFlow::Break(self.handle_fault(turn, fault))
    }

    fn handle_status(&mut self, turn: &mut Turn<'_>, status: &str) -> Flow {
        if status != "success" {
            turn.screen.line(&"Connection failed: choose a different nickname");
            let text = status.strip_prefix("error: ").unwrap_or(status).to_owned();
            turn.screen.notice(&Notice::RefusedWithout { text });
            return ControlFlow::Break(Ending::Silent(Exit::Refused));
        }
        self.ask_text(turn.screen);
        ControlFlow::Continue(())
    }

    // A file that arrives.

    fn begin_file(&mut self, screen: &mut Screen, length: u32) {
        if length > ATTACHMENT_BYTES {
            let why = format!("it has {length} bytes, at most {ATTACHMENT_BYTES} are taken");
            return self.refuse_file(screen, &why);
        }
        let Some(awaited) = &mut self.awaited else { return };
        match Saving::create(&self.folder, &awaited.given) {
            Ok(saving) => awaited.saving = Some(saving),
            Err(error) => return self.refuse_file(screen, &error.to_string()),
        }
        if length == 0 {
            self.finish_file(screen);
        }
    }

    fn save(&mut self, screen: &mut Screen, piece: &[u8], is_last: bool) {
        let saving = self.awaited.as_mut().and_then(|awaited| awaited.saving.as_mut());
        if let Some(Err(error)) = saving.map(|saving| saving.write(piece)) {
            self.refuse_file(screen, &error.to_string());
        } else if is_last {
            self.finish_file(screen);
        }
    }

    fn finish_file(&mut self, screen: &mut Screen) {
        let Some(awaited) = self.awaited.take() else { return };
        let Some(saving) = awaited.saving else { return };
        screen.line(&format_args!("{} ({} attached)", awaited.line, saving.finish()));
    }

    /// Shows a message without its file.
    fn refuse_file(&mut self, screen: &mut Screen, why: &str) {
        let Some(Awaited { line, given, .. }) = self.awaited.take() else { return };
        screen.line(&format_args!("{line} ({} not saved: {why})", visible(&given)));
    }

    // What is typed.

    fn ask_text(&mut self, screen: &mut Screen) {
        self.stage = Stage::Text;
        screen.line(&"NEW MESSAGE:");
    }

    fn handle_text(&mut self, turn: &mut Turn<'_>, typed: String) {
        match std::mem::replace(&mut self.stage, Stage::Text) {
            _ if typed == QUIT => self.stage = Stage::Leaving(Farewell::new(turn)),
            Stage::Attachment(text) => {
                self.send(turn, &text, &typed);
                self.ask_text(turn.screen);
            }
            _ => {
                self.stage = Stage::Attachment(typed);
                turn.screen.line(&"ATTACHMENT (FILE NAME OR NOTHING):");
            }
        }
    }

    /// Sends a text, and begins to send the file where one is named.
    fn send(&mut self, turn: &mut Turn<'_>, text: &str, file: &str) {
        if !file.is_empty() {
            match Sending::open(&self.folder.join(file)) {
                Ok(sending) => self.sending = Some(sending),
                Err(why) => turn.screen.line(&why),
            }
        }
        let mut out = Vec::new();
        write_text(&mut out, text, self.sending.as_ref().map(Sending::name));
        if let Some(sending) = &self.sending {
            out.extend_from_slice(&file_length(sending.left()));
        }
        turn.session.send_bytes(&out);
    }

    /// Sends the next piece of a file as soon as the former has gone.
    fn send_piece(&mut self, turn: &mut Turn<'_>) -> Flow {
        let Some(sending) = &mut self.sending else { return ControlFlow::Continue(()) };
        if turn.session.output().len() >= OUTPUT_HELD_BYTES {
            return ControlFlow::Continue(());
        }
        match sending.read() {
            Ok(piece) => turn.session.send_bytes(&piece),
            Err(error) => {
                // Its length was promised: the frame cannot be ended.
                turn.screen.notice(&Notice::CannotSendFile { why: error.to_string() });
                return ControlFlow::Break(Ending::Silent(Exit::System));
            }
        }
        if sending.left() == 0 {
            self.sending = None;
        }
        ControlFlow::Continue(())
    }
}

/// What of a message is shown: `<HH:MM> [NICKNAME] TEXT`, or nothing where one of them is missing.
fn shown(heard: &Heard, zone: &TimeZone) -> String {
    match (&heard.time, &heard.nickname, &heard.text) {
        (Some(time), Some(nickname), Some(text)) => {
            let clock = local_clock(time, zone);
            format!("<{clock}> [{}] {}", visible(nickname), visible(text))
        }
        _ => String::new(),
    }
}

/// The local time of day of a moment that Python printed.
fn local_clock(time: &str, zone: &TimeZone) -> String {
    match time.parse::<Timestamp>() {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        Err(_) => "--:--".to_owned(),
    }
}

/// What a length means that cannot be: text where frames should be, or too much.
fn refused(length: u32, stream: &[u8]) -> Fault {
    let is_text = length.to_be_bytes().iter().all(|byte| byte.is_ascii_graphic());
    if is_text || length == 0 {
        return Fault::NoFrame { sample: sample(stream) };
    }
    Fault::FrameTooLong { bytes: length, limit_bytes: SERVER_OBJECT_BYTES }
}

impl Mode for Exchange {
    fn speaks_jim(&self) -> bool {
        false
    }

    fn handle_unreachable(&mut self, screen: &mut Screen) {
        screen.line(&"Server is unavailable");
    }

    fn begin(&mut self, turn: &mut Turn<'_>, _address: SocketAddr) -> Flow {
        self.stage = Stage::Greeting(turn.now.uptime + ANSWER_WAIT);
        let mut out = Vec::new();
        write_nickname(&mut out, &self.nickname);
        turn.session.send_bytes(&out);
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, turn: &mut Turn<'_>, received: Received) -> Flow {
        let Received::Bytes(bytes) = received else { return ControlFlow::Continue(()) };
        self.held.extend_from_slice(&bytes);
        self.handle_held(turn)
    }

    fn wants_input(&self, session: &Session) -> bool {
        let is_asking = matches!(self.stage, Stage::Text | Stage::Attachment(_));
        is_asking && self.sending.is_none() && session.output().len() < OUTPUT_HELD_BYTES
    }

    fn handle_line(&mut self, turn: &mut Turn<'_>, line: Line) -> Flow {
        self.line += 1;
        match (line, &self.stage) {
            (Line::Text(text), _) => self.handle_text(turn, text),
            (bad, stage) => {
                let is_file = matches!(stage, Stage::Attachment(_));
                if let Some(notice) = Notice::bad_line(&bad, self.line) {
                    turn.screen.notice(&notice);
                }
                if is_file {
                    self.handle_text(turn, String::new());
                } else {
                    self.ask_text(turn.screen);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn handle_end_of_input(&mut self, turn: &mut Turn<'_>) -> Flow {
        // A text behind which nothing stands has no file.
        if let Stage::Attachment(text) = &self.stage {
            let text = text.clone();
            self.send(turn, &text, "");
        }
        self.stage = Stage::Leaving(Farewell::new(turn));
        ControlFlow::Continue(())
    }

    fn has_more_output(&self, session: &Session) -> bool {
        let is_due = self.sending.is_some() || matches!(self.stage, Stage::Leaving(_));
        is_due && session.output().is_empty()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Greeting(until) => Some(*until),
            Stage::Leaving(farewell) => Some(farewell.poll_timeout()),
            _ => None,
        }
    }

    fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> Flow {
        self.send_piece(turn)?;
        match &mut self.stage {
            Stage::Greeting(until) if *until <= turn.now.uptime => {
                let fault = Fault::Silent { seconds: ANSWER_WAIT.as_secs() };
                ControlFlow::Break(self.handle_fault(turn, fault))
            }
            Stage::Leaving(_) if self.sending.is_none() && turn.session.output().is_empty() => {
                ControlFlow::Break(Ending::Quitting(Exit::Done))
            }
            Stage::Leaving(farewell) => match farewell.is_over(turn) {
                true => ControlFlow::Break(Ending::Silent(Exit::Gone)),
                false => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }

    /// The end of the stream is the goodbye.
    fn handle_leaving(&mut self, _turn: &mut Turn<'_>) {}

    fn handle_fault(&mut self, turn: &mut Turn<'_>, fault: Fault) -> Ending {
        let exit = fault.exit();
        if self.decoder.is_inside_file() {
            self.refuse_file(turn.screen, "it was cut short");
        }
        turn.screen.line(&"Disconnected");
        if fault != Fault::Closed {
            turn.screen.notice(&Notice::Fault { fault });
        }
        Ending::Silent(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local() {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        for (time, clock) in [
            ("2021-09-27 12:34:56.789000+00:00", "15:34"),
            ("2021-09-27 22:00:00+02:00", "23:00"),
            ("2021-09-27 12:34:56", "--:--"),
            ("soon\u{1b}", "--:--"),
            ("", "--:--"),
        ] {
            assert_eq!(local_clock(time, &zone), clock, "{time:?}");
        }
    }

    #[test]
    fn what_is_no_frame_is_told_from_one_that_is_too_long() {
        let fault = refused(u32::from_be_bytes(*b"HTTP"), b"HTTP/1.1 400 Bad Request");
        assert_eq!(fault, Fault::NoFrame { sample: "HTTP/1.1 400 Bad Request".into() });
        let fault = refused(1 << 30, b"\x40\0\0\0");
        let limit_bytes = SERVER_OBJECT_BYTES;
        assert_eq!(fault, Fault::FrameTooLong { bytes: 1 << 30, limit_bytes });
    }
}
