//! One `poll` over the terminal, the socket, the signals and the clock, for the full screen.
//!
//! Whatever the connection does, keys are read and the screen is drawn: nothing here waits but the
//! `poll`.

mod connection;

use super::chat::Chat;
use super::terminal::Terminal;
use crate::client::event_loop::Overdue;
use crate::client::exit::Exit;
use crate::client::link::resolve;
use crate::client::mode::{Ending, Flow, Turn};
use crate::client::render::Screen;
use crate::client::session::Session;
use crate::client::words::Notice;
use crate::message::Now;
use crate::transport::ClientTls;
use connection::State;
use crossterm::event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::event::{PollFd, PollFlags, Timespec};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook_mio::v1_0::Signals;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SOCKET: Token = Token(0);
const KEYBOARD: Token = Token(1);
const SIGNALS: Token = Token(2);

/// How long is waited for a key that may be there. crossterm does not look at all once the time is
/// over, be it that this program did not run meanwhile.
const KEY_WAIT: Duration = Duration::from_millis(2);

/// How often is looked again where the look before came too late.
const KEY_LOOKS: u32 = 100;

/// What the full screen client is to do.
pub struct Plan {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom TLS is spoken with, if it is.
    pub tls: Option<ClientTls>,
    /// What is shown and said.
    pub chat: Chat,
    /// Where the parts that are shared with the other modes say what they have to say.
    pub screen: Screen,
    /// How long all of it may take.
    pub time_limit: Option<Duration>,
}

/// Runs the client to its end. What there is to say at the end is logged once the terminal is as
/// it was before.
///
/// # Errors
/// What the system refuses that nothing works without: `poll`, signals, the terminal.
pub fn run(plan: Plan) -> io::Result<Exit> {
    let Plan { host, port, tls, chat, mut screen, time_limit } = plan;
    let hasty = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // While the name of the server is looked up, which blocks, a first signal ends the program,
        // and after that a second one.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&hasty))?;
    }
    let exit = match resolve(&host, port) {
        Ok(addresses) => {
            hasty.store(false, Ordering::Relaxed);
            for signal in [SIGINT, SIGTERM, SIGHUP] {
                signal_hook::flag::register(signal, Arc::clone(&hasty))?;
            }
            let mut driver = Driver::new(addresses, chat, screen, time_limit)?;
            (driver.host, driver.tls) = (host, tls);
            let exit = driver.run();
            screen = driver.finish();
            exit?
        }
        Err(error) => {
            screen.notice(&Notice::NoSuchHost { host, why: error.to_string() });
            Exit::CannotConnect
        }
    };
    for (level, text) in screen.poll_notices() {
        log::log!(target: "jim-client", level, "{text}");
    }
    Ok(exit)
}

struct Driver {
    poll: Poll,
    events: Events,
    signals: Signals,
    terminal: Option<Terminal>,
    chat: Chat,
    screen: Screen,
    session: Session,
    start: Instant,
    time_limit: Option<Duration>,
    /// The server's name, as it was given.
    host: String,
    tls: Option<ClientTls>,
    addresses: Vec<SocketAddr>,
    state: State,
    overdue: Overdue,
    /// The last pause between two connections.
    pause: Option<Duration>,
    /// When the last connection was begun, in uptime.
    begun: Duration,
}

/// What woke the loop.
#[derive(Debug, Default)]
struct Woken {
    socket: bool,
    keyboard: bool,
    signals: Vec<i32>,
}

impl Driver {
    #[allow(clippy::disallowed_methods, reason = "the loop reads the clock for all others")]
    fn new(
        addresses: Vec<SocketAddr>,
        chat: Chat,
        screen: Screen,
        time_limit: Option<Duration>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let watched = [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT];
        let mut signals = Signals::new(watched)?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(16),
            signals,
            terminal: None,
            chat,
            screen,
            session: Session::default(),
            start: Instant::now(),
            time_limit,
            host: String::new(),
            tls: None,
            addresses,
            state: State::new(),
            overdue: Overdue::default(),
            pause: None,
            begun: Duration::ZERO,
        })
    }

    fn run(&mut self) -> io::Result<Exit> {
        self.terminal = Some(Terminal::enter()?);
        let fd = io::stdin().as_raw_fd();
        self.poll.registry().register(&mut SourceFd(&fd), KEYBOARD, Interest::READABLE)?;
        let mut flow = self.connect();
        loop {
            if let ControlFlow::Break(ending) = flow
                && let Some(exit) = self.end(ending)?
            {
                return Ok(exit);
            }
            self.draw()?;
            self.flush();
            let woken = self.wait()?;
            flow = self.handle_turn(woken)?;
        }
    }

    /// Says what was left unsaid; the terminal is as it was before when this is over.
    fn finish(mut self) -> Screen {
        drop(self.terminal.take());
        self.chat.handle_ended(&mut self.screen);
        let lines = self.chat.unsent();
        if lines > 0 {
            self.screen.notice(&Notice::Unsent { lines });
        }
        self.screen
    }

    fn handle_turn(&mut self, woken: Woken) -> io::Result<Flow> {
        for signal in woken.signals {
            if let ControlFlow::Break(ending) = self.handle_signal(signal)? {
                return Ok(ControlFlow::Break(ending));
            }
        }
        let mut flow = self.check_time();
        if flow.is_continue() && woken.keyboard {
            flow = self.read_keys()?;
        }
        if flow.is_continue() {
            flow = self.handle_connection(woken.socket);
        }
        if flow.is_continue() && self.chat.poll_suspend() {
            self.suspend()?;
        }
        Ok(flow)
    }

    fn handle_signal(&mut self, signal: i32) -> io::Result<Flow> {
        match signal {
            // The next drawing looks how large the terminal is.
            SIGWINCH => {}
            SIGTSTP => self.suspend()?,
            SIGCONT => self.resume()?,
            other => {
                let exit = u8::try_from(other).map_or(Exit::System, Exit::Signal);
                return Ok(ControlFlow::Break(Ending::Quitting(exit)));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn check_time(&mut self) -> Flow {
        match self.time_limit.take_if(|limit| *limit <= self.start.elapsed()) {
            Some(limit) => {
                self.screen.notice(&Notice::TimedOut { seconds: limit.as_secs() });
                ControlFlow::Break(Ending::Silent(Exit::TimedOut))
            }
            None => ControlFlow::Continue(()),
        }
    }

    // The terminal.

    /// Takes all that the terminal says: what was read of it and not taken wakes nobody again.
    fn read_keys(&mut self) -> io::Result<Flow> {
        while self.has_key()? {
            let event = event::read()?;
            let now = self.now();
            let mut turn = Turn { now, session: &mut self.session, screen: &mut self.screen };
            let flow = self.chat.handle_event(&mut turn, event);
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether there is something to be taken. Nobody wakes for what is overlooked here, so a look
    /// counts only if it was in time, and left nothing to be read.
    fn has_key(&self) -> io::Result<bool> {
        for _ in 0..KEY_LOOKS {
            let begun = self.start.elapsed();
            if event::poll(KEY_WAIT)? {
                return Ok(true);
            }
            let was_in_time = self.start.elapsed().saturating_sub(begun) < KEY_WAIT * 2;
            if was_in_time && !is_readable()? {
                return Ok(false);
            }
        }
        Ok(false)
    }

    fn draw(&mut self) -> io::Result<()> {
        let now = self.now();
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        if self.chat.poll_redraw() {
            terminal.redraw()?;
        }
        let (columns, rows) = terminal.size()?;
        self.chat.handle_size(columns, rows);
        terminal.draw(|frame| self.chat.draw(frame, now))?;
        let alert = self.chat.poll_alert();
        if alert.is_empty() { Ok(()) } else { terminal.send(&alert) }
    }

    /// Stops as programs do at Ctrl-Z, with the terminal as it was before.
    fn suspend(&mut self) -> io::Result<()> {
        if let Some(terminal) = &self.terminal {
            terminal.suspend();
        }
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        if let Some(terminal) = &mut self.terminal {
            terminal.resume()?;
        }
        Ok(())
    }

    // The clock and the poll.

    #[allow(clippy::disallowed_methods, reason = "the loop reads the clock for all others")]
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            unix_micros: u64::try_from(since.as_micros()).unwrap_or_default(),
            uptime: self.start.elapsed(),
        }
    }

    /// Sleeps until something happens or is due.
    fn wait(&mut self) -> io::Result<Woken> {
        let now = self.now();
        let until = self.poll_timeout(now).into_iter().chain(self.time_limit).min();
        let pause = until.map(|until| until.saturating_sub(now.uptime));
        match self.poll.poll(&mut self.events, pause) {
            // A signal; what happened besides is found the next time.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            other => other?,
        }
        let mut woken = Woken::default();
        for event in &self.events {
            match event.token() {
                SOCKET => woken.socket = true,
                KEYBOARD => woken.keyboard = true,
                _ => {}
            }
        }
        woken.signals.extend(self.signals.pending());
        Ok(woken)
    }
}

/// Whether the terminal has something that was not read. One that is gone has nothing.
fn is_readable() -> io::Result<bool> {
    let input = io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    match rustix::event::poll(&mut polled, Some(&Timespec::default())) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(true),
        Err(error) => return Err(error.into()),
    }
    let [input] = polled;
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    Ok(input.revents().contains(PollFlags::IN) && !input.revents().intersects(gone))
}
