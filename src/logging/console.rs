//! What the operator sees on standard error: seed 000's lines, `[HH:MM:SS] text`, written by a
//! thread of their own, so that a terminal or pipe that is stuck holds nobody up.

use super::clock::{Clock, SystemClock};
use super::line::write_one_line;
use super::queue::{Queue, Then, Worker};
use crate::message::{Code, Language, Now, Phrase, Reply};
use jiff::{Timestamp, Zoned};
use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The most lines in a second.
pub const LINES_PER_SECOND: u32 = 100;

/// The span in which lines are counted, and how often the thread looks for lines left out.
const SECOND: Duration = Duration::from_secs(1);

/// How many lines may wait for the terminal.
const LINES_WAITING: usize = 1024;

/// The operator's view. It belongs to one thread, that of the event loop.
#[derive(Debug)]
pub struct Console {
    language: Language,
    window: Cell<Window>,
    left_out: Arc<AtomicU64>,
    queue: Queue<Shown>,
}

/// A second of lines.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    since: Duration,
    lines: u32,
}

/// What goes to the thread.
#[derive(Debug)]
enum Shown {
    /// A line and its time, in microseconds since 1970.
    Line { unix_micros: u64, text: String },
    /// How many lines were left out before the next one.
    LeftOut { unix_micros: u64, lines: u64 },
}

impl Console {
    /// A console that writes to standard error.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn start(language: Language) -> io::Result<Self> {
        Self::start_on(language, Arc::new(SystemClock::new()), io::stderr())
    }

    fn start_on(
        language: Language,
        clock: Arc<dyn Clock>,
        to: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let left_out = Arc::<AtomicU64>::default();
        let shared = Arc::clone(&left_out);
        let writer = ConsoleWriter { language, clock, to, left_out: shared, seen_left_out: 0 };
        let shared = Arc::clone(&left_out);
        let queue = Queue::start("jim-console", LINES_WAITING, SECOND, shared, writer)?;
        Ok(Self { language, window: Cell::default(), left_out, queue })
    }

    /// Answers are shown in this language from now on.
    pub const fn speak(&mut self, language: Language) {
        self.language = language;
    }

    /// Shows a line. `text` writes it, and only runs if the line is not left out: at most
    /// [`LINES_PER_SECOND`] are shown.
    pub fn line(&self, now: Now, text: impl FnOnce(&mut String)) {
        if !self.has_room(now) {
            self.left_out.fetch_add(1, Ordering::AcqRel);
            return;
        }
        let mut line = String::new();
        text(&mut line);
        self.queue.offer(Shown::Line { unix_micros: now.unix_micros, text: line });
    }

    /// Shows an answer of the server, as seed 000 does: none for an accepted presence or quit.
    pub fn reply(&self, now: Now, reply: &Reply) {
        if !matches!(
            (reply.code, &reply.phrase),
            (Code::Ok, Phrase::Present { .. } | Phrase::Goodbye)
        ) {
            self.line(now, |line| write_reply(line, self.language, reply));
        }
    }

    /// Waits until every line is written, but no longer than `limit`. Says whether they are.
    pub fn flush(&self, limit: Duration) -> bool {
        self.queue.flush(limit)
    }

    /// Counts a line in its second. In a new second, what was left out before is told first.
    fn has_room(&self, now: Now) -> bool {
        let mut window = self.window.get();
        if now.uptime.saturating_sub(window.since) >= SECOND {
            window = Window { since: now.uptime, lines: 0 };
            self.tell_left_out(now);
        }
        let room = window.lines < LINES_PER_SECOND;
        window.lines += u32::from(room);
        self.window.set(window);
        room
    }

    fn tell_left_out(&self, now: Now) {
        let lines = self.left_out.swap(0, Ordering::AcqRel);
        if lines > 0 && !self.queue.offer(Shown::LeftOut { unix_micros: now.unix_micros, lines }) {
            // The queue has counted this one line already.
            self.left_out.fetch_add(lines - 1, Ordering::AcqRel);
        }
    }
}

/// `Сервер отвечает: 402 Ошибка! Пользователь ...`
fn write_reply(line: &mut String, language: Language, reply: &Reply) {
    let (answers, error) = match language {
        Language::Russian => ("Сервер отвечает", "Ошибка! "),
        Language::English => ("Server answers", "Error! "),
    };
    let error = if reply.code.is_error() { error } else { "" };
    let text = reply.phrase.in_language(language);
    // A text takes whatever is written to it.
    let _ = write!(line, "{answers}: {} {error}{text}", reply.code.number());
}

/// The thread's side.
struct ConsoleWriter<W> {
    language: Language,
    clock: Arc<dyn Clock>,
    to: W,
    left_out: Arc<AtomicU64>,
    /// How many lines were left out at the end of the last turn.
    seen_left_out: u64,
}

impl<W: Write> ConsoleWriter<W> {
    fn show(&mut self, time: &Zoned, text: fmt::Arguments<'_>) {
        let mut line = String::new();
        write_one_line(&mut line, format_args!("[{}] {text}", time.strftime("%H:%M:%S")));
        // Nobody reads standard error any more, perhaps; the log has what matters.
        let _ = self.to.write_all(line.as_bytes());
    }

    fn show_left_out(&mut self, time: &Zoned, lines: u64) {
        let most = LINES_PER_SECOND;
        match self.language {
            Language::Russian => {
                self.show(time, format_args!("Пропущено строк: {lines} (более {most} в секунду)"));
            }
            Language::English => {
                self.show(time, format_args!("Lines left out: {lines} (over {most} a second)"));
            }
        }
    }

    fn local(&self, unix_micros: u64) -> Zoned {
        let micros = i64::try_from(unix_micros).ok();
        let moment = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        moment.map_or_else(|| self.clock.now(), |moment| self.clock.local(moment))
    }
}

impl<W: Write + Send + 'static> Worker<Shown> for ConsoleWriter<W> {
    fn take(&mut self, shown: Shown) {
        match shown {
            Shown::Line { unix_micros, text } => {
                self.show(&self.local(unix_micros), format_args!("{text}"));
            }
            Shown::LeftOut { unix_micros, lines } => {
                self.show_left_out(&self.local(unix_micros), lines);
            }
        }
    }

    /// After a burst that nothing follows, tells what was left out of it: lines left out that
    /// have become no more in a whole second.
    fn end_turn(&mut self, then: Then) {
        let lines = self.left_out.load(Ordering::Acquire);
        let is_over = then == Then::Idle && lines > 0 && lines == self.seen_left_out;
        self.seen_left_out = lines;
        // The other side may be telling it at this moment.
        if is_over
            && self.left_out.compare_exchange(lines, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
        {
            self.show_left_out(&self.clock.now(), lines);
        }
    }
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
