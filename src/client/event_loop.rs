//! One `poll` over the socket, the keyboard and the signals: seed 002's `select` exercise.
//!
//! This is the only place of the client that knows the time and what a terminal is. The modes
//! decide; here is done what they decided.

mod bar;
mod connecting;
mod leaving;
mod overdue;
mod showing;

use super::bounds::{GOOD_CONNECTION, QUIT_WAIT, RECONNECT_WAIT, RECONNECT_WAIT_MOST};
use super::exit::Exit;
use super::fault::Fault;
use super::input::Lines;
use super::keyboard::Keyboard;
use super::link::{Link, resolve};
use super::mode::{Ending, Flow, Mode, Turn};
use super::outgoing::Asked;
use super::passwords::ask;
use super::render::Screen;
use super::session::{Received, Session};
use super::words::Notice;
use crate::message::Now;
use crate::transport::ClientTls;
use bar::Bar;
use mio::{Events, Interest, Poll, Token};
pub(super) use overdue::Overdue;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SOCKET: Token = Token(0);
const KEYBOARD: Token = Token(1);
const SIGNALS: Token = Token(2);
const OUTPUT: Token = Token(3);

/// The most lines of input that one turn handles.
const LINES_PER_TURN: usize = 256;

/// What the client is to do.
pub struct Plan {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom TLS is spoken with, if it is.
    pub tls: Option<ClientTls>,
    /// What the client is for.
    pub mode: Box<dyn Mode>,
    /// What it shows.
    pub screen: Screen,
    /// How long all of it may take.
    pub time_limit: Option<Duration>,
    /// Whether a bar of progress is drawn on standard error, a terminal.
    pub shows_bar: bool,
}

/// Runs the client to its end.
///
/// # Errors
/// What the system refuses that nothing works without: `poll`, signals.
pub fn run(plan: Plan) -> io::Result<Exit> {
    let Plan { host, port, tls, mut mode, screen, time_limit, shows_bar } = plan;
    let mut client = Client::new(screen, time_limit)?;
    client.bar = Bar::new(shows_bar);
    (client.host, client.tls) = (host.clone(), tls);
    let exit = client.run(&host, port, mode.as_mut())?;
    if exit == Exit::CannotConnect {
        mode.handle_unreachable(&mut client.screen);
    }
    mode.handle_ended(&mut client.screen);
    // The exit stands whether or not anybody reads the last lines.
    let _ = client.show();
    Ok(exit)
}

/// What woke the loop.
#[derive(Debug, Default)]
struct Woken {
    socket: bool,
    keyboard: bool,
    output_closed: bool,
    signal: Option<u8>,
}

struct Client {
    poll: Poll,
    events: Events,
    signals: Signals,
    /// Whether a signal ends the program at once, and nobody is waited for: what a first signal
    /// and the end of the time limit set.
    hasty: Arc<AtomicBool>,
    start: Instant,
    screen: Screen,
    time_limit: Option<Duration>,
    /// The server's name, as it was given.
    host: String,
    tls: Option<ClientTls>,
    session: Session,
    keyboard: Keyboard,
    lines: Lines,
    /// Whether the mode was told that the input has ended.
    told_end: bool,
    /// Whether the last turn left lines behind, so that `poll` must not sleep.
    lines_left: bool,
    overdue: Overdue,
    bar: Bar,
    /// Whether `poll` tells when nobody reads standard output any more.
    watches_output: bool,
}

impl Client {
    #[allow(clippy::disallowed_methods, reason = "the loop reads the clock for all others")]
    fn new(screen: Screen, time_limit: Option<Duration>) -> io::Result<Self> {
        let hasty = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // A second signal ends the program at once, and so does a first one while the name of
            // the server is looked up, which blocks.
            let code = 128 + signal;
            signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&hasty))?;
        }
        let poll = Poll::new()?;
        Ok(Self {
            signals: Signals::new([SIGINT, SIGTERM, SIGHUP])?,
            hasty,
            start: Instant::now(),
            screen,
            time_limit,
            host: String::new(),
            tls: None,
            session: Session::default(),
            keyboard: Keyboard::new(KEYBOARD),
            lines: Lines::default(),
            told_end: false,
            lines_left: false,
            overdue: Overdue::default(),
            bar: Bar::default(),
            watches_output: false,
            events: Events::with_capacity(16),
            poll,
        })
    }

    fn run(&mut self, host: &str, port: u16, mode: &mut dyn Mode) -> io::Result<Exit> {
        let found = resolve(host, port);
        self.hasty.store(false, Ordering::Relaxed);
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&self.hasty))?;
        }
        self.poll.registry().register(&mut self.signals, SIGNALS, Interest::READABLE)?;
        let addresses = match found {
            Ok(addresses) => addresses,
            Err(error) => {
                let (host, why) = (host.to_owned(), error.to_string());
                self.screen.notice(&Notice::NoSuchHost { host, why });
                return Ok(Exit::CannotConnect);
            }
        };
        self.converse(&addresses, mode)
    }

    /// Connects, and again where the mode wants that when the connection is lost.
    fn converse(&mut self, addresses: &[SocketAddr], mode: &mut dyn Mode) -> io::Result<Exit> {
        let mut pause = None;
        loop {
            let begin = self.start.elapsed();
            match self.connect(addresses, mode)? {
                ControlFlow::Continue((link, address)) => {
                    if let Some(exit) = self.talk(link, address, mode)? {
                        return Ok(exit);
                    }
                }
                ControlFlow::Break(Exit::CannotConnect)
                    if pause.is_some() && !is_over(mode, self.start.elapsed()) => {}
                ControlFlow::Break(exit) => return Ok(exit),
            }
            let lasted = self.start.elapsed().saturating_sub(begin);
            let next = next_pause(pause, lasted);
            pause = Some(next);
            if let Some(exit) = self.pause(next, mode)? {
                return Ok(exit);
            }
        }
    }

    /// Waits before the next connection; gives the exit where the user ends it.
    fn pause(&mut self, pause: Duration, mode: &dyn Mode) -> io::Result<Option<Exit>> {
        self.session = Session::default();
        self.overdue.reset();
        self.screen.notice(&Notice::Reconnecting { seconds: pause.as_secs() });
        let until = self.start.elapsed() + pause;
        while self.start.elapsed() < until {
            let woken = self.wait(Some(until))?;
            let mut flow = self.check_ends(&woken);
            if flow.is_continue() {
                flow = self.heed_leaving(&woken, mode)?;
            }
            if let ControlFlow::Break(ending) = flow {
                return Ok(exit_of(ending));
            }
        }
        Ok(None)
    }

    // Talking.

    /// Gives the exit, or `None` where the mode wants another connection.
    fn talk(
        &mut self,
        mut link: Link,
        address: SocketAddr,
        mode: &mut dyn Mode,
    ) -> io::Result<Option<Exit>> {
        if mode.watches_output() {
            self.watch_output()?;
        }
        if !mode.speaks_jim() {
            self.session = Session::of_bytes();
        }
        let mut flow = mode.begin(&mut self.turn(), address);
        loop {
            let shown = self.show();
            if let Some(ending) = first_ending(flow, shown) {
                return self.leave(link, ending, mode);
            }
            link.flush(&mut self.session);
            let until = self.poll_timeout(&link, mode);
            let woken = self.wait(until)?;
            if woken.socket {
                link.handle_ready();
            }
            flow = self.handle_turn(&woken, &mut link, mode)?;
        }
    }

    /// What one turn has to do, in order.
    fn handle_turn(
        &mut self,
        woken: &Woken,
        link: &mut Link,
        mode: &mut dyn Mode,
    ) -> io::Result<Flow> {
        let mut flow = self.check_ends(woken);
        if flow.is_continue() {
            flow = self.read_socket(link, mode);
        }
        if flow.is_continue() {
            flow = self.heed_leaving(woken, mode)?;
        }
        if flow.is_continue() {
            flow = self.read_keyboard(mode)?;
        }
        if flow.is_continue() {
            flow = self.handle_timeouts(mode);
        }
        Ok(flow)
    }

    fn read_socket(&mut self, link: &mut Link, mode: &mut dyn Mode) -> Flow {
        for _ in 0..link.budget() {
            match link.fill(&mut self.session) {
                Ok(true) => {
                    self.overdue.handle_read(self.start.elapsed());
                    self.handle_received(mode)?;
                }
                Ok(false) => break,
                Err(fault) => return self.handle_fault(mode, fault),
            }
        }
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self, mode: &mut dyn Mode) -> Flow {
        loop {
            let now = self.now();
            match self.session.poll_received(now) {
                Ok(Some(received)) => mode.handle_received(&mut self.turn(), received)?,
                Ok(None) => return ControlFlow::Continue(()),
                Err(fault) => return self.handle_fault(mode, fault),
            }
        }
    }

    fn handle_fault(&mut self, mode: &mut dyn Mode, fault: Fault) -> Flow {
        ControlFlow::Break(mode.handle_fault(&mut self.turn(), fault))
    }

    fn read_keyboard(&mut self, mode: &mut dyn Mode) -> io::Result<Flow> {
        self.lines_left = false;
        for _ in 0..LINES_PER_TURN {
            self.ask_passwords(mode);
            if !mode.wants_input(&self.session) {
                return Ok(ControlFlow::Continue(()));
            }
            self.keyboard.start(self.poll.registry())?;
            let flow = if let Some(line) = self.lines.poll_line() {
                mode.handle_line(&mut self.turn(), line)
            } else if self.keyboard.is_ended() {
                return Ok(self.handle_end_of_input(mode));
            } else if self.keyboard.is_ready() {
                self.keyboard.fill(self.poll.registry(), &mut self.lines)?;
                continue;
            } else {
                return Ok(ControlFlow::Continue(()));
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        self.lines_left = true;
        Ok(ControlFlow::Continue(()))
    }

    /// Asks for passwords where the mode wants that. The conversation waits meanwhile: what arrives
    /// is read afterwards, or was missed if the server has lost its patience.
    fn ask_passwords(&mut self, mode: &mut dyn Mode) {
        let Some(wanted) = mode.poll_passwords() else { return };
        self.log_notices();
        let asked = ask(wanted, self.screen.language());
        mode.handle_passwords(&mut self.turn(), asked);
    }

    fn handle_end_of_input(&mut self, mode: &mut dyn Mode) -> Flow {
        if let Some(last) = self.lines.poll_last() {
            // The mode is told of the end when it asks for the next line.
            mode.handle_line(&mut self.turn(), last)?;
        } else if !self.told_end {
            self.told_end = true;
            mode.handle_end_of_input(&mut self.turn())?;
        }
        ControlFlow::Continue(())
    }

    fn handle_timeouts(&mut self, mode: &mut dyn Mode) -> Flow {
        let now = self.now();
        match self.session.handle_timeout(now) {
            Ok(()) => self.overdue.reset(),
            Err(_) if self.is_tolerated(now) => {}
            Err(fault) => return self.handle_fault(mode, fault),
        }
        mode.handle_timeout(&mut self.turn())
    }

    fn is_tolerated(&mut self, now: Now) -> bool {
        let due = self.session.poll_timeout();
        due.is_some_and(|due| self.overdue.is_tolerated(now.uptime, due))
    }

    // Leaving.

    /// Says goodbye where that is due, and waits a little for the answer.
    fn leave(
        &mut self,
        mut link: Link,
        ending: Ending,
        mode: &mut dyn Mode,
    ) -> io::Result<Option<Exit>> {
        if matches!(ending, Ending::Quitting(_)) {
            let until = self.now().uptime + QUIT_WAIT;
            mode.handle_leaving(&mut self.turn());
            self.await_goodbye(&mut link, until)?;
        }
        link.close();
        Ok(exit_of(ending))
    }

    fn await_goodbye(&mut self, link: &mut Link, until: Duration) -> io::Result<()> {
        // What came with the last read is looked at before the socket is.
        while !self.is_goodbye_said() && self.now().uptime < until {
            link.flush(&mut self.session);
            // On other wires nothing answers a goodbye but the end of the stream.
            if self.session.is_of_bytes() && self.session.output().is_empty() {
                link.finish();
            }
            if link.is_readable() {
                match link.fill(&mut self.session) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(_) => return Ok(()),
                }
            }
            let woken = self.wait(Some(until))?;
            if woken.signal.is_some() {
                return Ok(());
            }
            if woken.socket {
                link.handle_ready();
            }
        }
        Ok(())
    }

    /// Whether the answer to `quit` came, or never will.
    fn is_goodbye_said(&mut self) -> bool {
        let now = self.now();
        loop {
            match self.session.poll_received(now) {
                Ok(Some(Received::Answer(Asked::Quit, _))) | Err(_) => return true,
                Ok(Some(_)) => {}
                Ok(None) => return false,
            }
        }
    }

    // The clock, the terminal and the poll.

    #[allow(clippy::disallowed_methods, reason = "the loop reads the clock for all others")]
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            unix_micros: u64::try_from(since.as_micros()).unwrap_or_default(),
            uptime: self.start.elapsed(),
        }
    }

    fn turn(&mut self) -> Turn<'_> {
        let now = self.now();
        Turn { now, session: &mut self.session, screen: &mut self.screen }
    }

    /// When the next turn is due whatever happens.
    fn poll_timeout(&self, link: &Link, mode: &dyn Mode) -> Option<Duration> {
        // A mode that has just got in, or that takes its next line, asks for input that no event
        // announces; it may have been typed before it was asked for.
        let is_there = !self.keyboard.is_waiting() || self.lines.has_line();
        let input = is_there && mode.wants_input(&self.session);
        let output = mode.has_more_output(&self.session);
        if link.is_readable() || self.lines_left || input || output {
            return Some(Duration::ZERO);
        }
        let answer = self.overdue.poll_timeout().or_else(|| self.session.poll_timeout());
        answer.into_iter().chain(mode.poll_timeout()).min()
    }

    /// Sleeps until something happens or `until`, in uptime, or the user's time limit has come.
    fn wait(&mut self, until: Option<Duration>) -> io::Result<Woken> {
        self.log_notices();
        let uptime = self.start.elapsed();
        let until = until.into_iter().chain(self.time_limit).min();
        let pause = until.map(|until| until.saturating_sub(uptime));
        match self.poll.poll(&mut self.events, pause) {
            // Ctrl-Z and back, say: what happened meanwhile is looked at before the clock is.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.poll_events()?,
            other => other?,
        }
        let mut woken = Woken::default();
        for event in &self.events {
            match event.token() {
                SOCKET => woken.socket = true,
                KEYBOARD => woken.keyboard = true,
                OUTPUT => woken.output_closed |= event.is_write_closed() || event.is_error(),
                _ => {
                    let signal = self.signals.pending().next();
                    woken.signal = signal.and_then(|signal| u8::try_from(signal).ok());
                }
            }
        }
        Ok(woken)
    }

    /// Takes the events that are there already.
    fn poll_events(&mut self) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            other => other,
        }
    }

    /// What ends the client whatever it is doing.
    fn check_ends(&mut self, woken: &Woken) -> Flow {
        if let Some(signal) = woken.signal {
            return ControlFlow::Break(Ending::Quitting(Exit::Signal(signal)));
        }
        if woken.output_closed {
            return ControlFlow::Break(Ending::Quitting(Exit::Done));
        }
        match self.time_limit.take_if(|limit| *limit <= self.start.elapsed()) {
            Some(limit) => {
                self.hasty.store(true, Ordering::Relaxed);
                self.screen.notice(&Notice::TimedOut { seconds: limit.as_secs() });
                ControlFlow::Break(Ending::Quitting(Exit::TimedOut))
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// Whether a lost connection is not made again any more.
fn is_over(mode: &dyn Mode, uptime: Duration) -> bool {
    mode.returns_until().is_some_and(|until| until <= uptime)
}

const fn exit_of(ending: Ending) -> Option<Exit> {
    match ending {
        Ending::Quitting(exit) | Ending::Silent(exit) => Some(exit),
        Ending::Reconnecting => None,
    }
}

/// The ending that counts: output that could not be written is told whatever else ends the client.
const fn first_ending(flow: Flow, shown: Flow) -> Option<Ending> {
    match (flow, shown) {
        (_, ControlFlow::Break(ending @ Ending::Quitting(Exit::System))) => Some(ending),
        (ControlFlow::Break(ending), _) | (_, ControlFlow::Break(ending)) => Some(ending),
        _ => None,
    }
}

/// The pause before the next connection, by the last pause and how long the last one lasted.
pub(super) fn next_pause(last: Option<Duration>, lasted: Duration) -> Duration {
    match last {
        Some(last) if lasted < GOOD_CONNECTION => (last * 2).min(RECONNECT_WAIT_MOST),
        _ => RECONNECT_WAIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_good_connection() {
        let short = Duration::from_secs(1);
        let mut pauses = vec![next_pause(None, short)];
        for _ in 0..6 {
            pauses.push(next_pause(pauses.last().copied(), short));
        }
        let seconds: Vec<u64> = pauses.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(next_pause(Some(RECONNECT_WAIT_MOST), GOOD_CONNECTION), RECONNECT_WAIT);
    }
}
