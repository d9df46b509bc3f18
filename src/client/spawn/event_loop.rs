//! One `poll` over the keyboard, the signals and the pipes of all started clients.

use super::Spawning;
use super::child::{Child, TOKENS};
use crate::client::bounds::QUIT_WAIT;
use crate::client::exit::Exit;
use crate::client::input::{Line, Lines};
use crate::client::keyboard::Keyboard;
use crate::client::output;
use mio::{Events, Interest, Poll, Token};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use std::io;
use std::time::{Duration, Instant};

const KEYBOARD: Token = Token(0);
const SIGNALS: Token = Token(1);
const FIRST: usize = 2;

/// The most lines of input that one turn handles.
const LINES_PER_TURN: usize = 256;

/// How long ended clients are waited for before they are killed: they say `quit` themselves.
const CHILDREN_WAIT: Duration = QUIT_WAIT.saturating_add(Duration::from_secs(1));

/// Starts the clients and runs until all have ended.
///
/// # Errors
/// What the system refuses: another process, `poll`, signals, or the output.
pub fn run(spawning: &Spawning) -> io::Result<Exit> {
    let mut crowd = Crowd::start(spawning)?;
    let exit = crowd.run();
    crowd.children.iter_mut().for_each(Child::kill);
    match exit {
        // Nobody reads any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        exit => exit,
    }
}

struct Crowd {
    poll: Poll,
    signals: Signals,
    keyboard: Keyboard,
    lines: Lines,
    /// Whether the last turn left lines behind, so that `poll` must not sleep.
    lines_left: bool,
    children: Vec<Child>,
    writes: bool,
    /// What ended it, and when the clients are waited for no longer.
    ending: Option<(Exit, Instant)>,
    shown: [Vec<u8>; 2],
}

impl Crowd {
    fn start(spawning: &Spawning) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut signals = Signals::new([SIGCHLD, SIGINT, SIGTERM, SIGHUP])?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        let program = std::env::current_exe()?;
        let mut children = Vec::new();
        for (index, name) in spawning.names.iter().enumerate() {
            let place = (poll.registry(), FIRST + index * TOKENS);
            children.push(Child::start(&program, &spawning.arguments, name, place)?);
        }
        let mut keyboard = Keyboard::new(KEYBOARD);
        if spawning.writes {
            keyboard.start(poll.registry())?;
        }
        let (lines, shown) = (Lines::default(), Default::default());
        let (writes, lines_left, ending) = (spawning.writes, false, None);
        Ok(Self { poll, signals, keyboard, lines, lines_left, children, writes, ending, shown })
    }

    fn run(&mut self) -> io::Result<Exit> {
        let mut events = Events::with_capacity(256);
        loop {
            self.wait(&mut events)?;
            for event in &events {
                match event.token() {
                    KEYBOARD => self.keyboard.handle_ready(),
                    SIGNALS => self.handle_signals()?,
                    Token(token) => self.handle_child(token - FIRST),
                }
            }
            self.take_input()?;
            self.read_children();
            self.show()?;
            if self.children.iter().all(Child::is_over) {
                return Ok(self.ending.map_or_else(|| self.worst(), |(exit, _)| exit));
            }
            if let Some((exit, _)) = self.ending.filter(|(_, until)| now() >= *until) {
                return Ok(exit);
            }
        }
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let has_input = self.may_take_input() && (self.lines_left || self.keyboard.is_ready());
        let time = if has_input || self.children.iter().any(Child::is_ready) {
            Some(Duration::ZERO)
        } else {
            self.ending.map(|(_, until)| until.saturating_duration_since(now()))
        };
        match self.poll.poll(events, time) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            polled => polled,
        }
    }

    fn handle_signals(&mut self) -> io::Result<()> {
        let signals: Vec<_> = self.signals.pending().collect();
        for signal in signals {
            if signal == SIGCHLD {
                self.children.iter_mut().try_for_each(Child::reap)?;
                continue;
            }
            // At a terminal the clients have the signal too; else it is for us alone.
            for pid in self.children.iter().filter_map(Child::pid) {
                let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
                if let Some((pid, signal)) = pid.zip(Signal::from_named_raw(signal)) {
                    // It may have ended by itself.
                    let _ = kill_process(pid, signal);
                }
            }
            let exit = Exit::Signal(u8::try_from(signal).unwrap_or_default());
            self.ending.get_or_insert_with(|| (exit, now() + CHILDREN_WAIT));
        }
        Ok(())
    }

    fn handle_child(&mut self, token: usize) {
        if let Some(child) = self.children.get_mut(token / TOKENS) {
            child.handle_ready(token % TOKENS);
        }
    }

    /// Input waits while one of the clients takes none.
    fn may_take_input(&self) -> bool {
        self.writes && self.ending.is_none() && self.children.iter().all(Child::has_room)
    }

    fn take_input(&mut self) -> io::Result<()> {
        self.lines_left = false;
        for _ in 0..LINES_PER_TURN {
            if !self.may_take_input() {
                return Ok(());
            }
            if let Some(line) = self.lines.poll_line() {
                self.handle_line(line);
            } else if self.keyboard.is_ended() {
                self.lines.poll_last().into_iter().for_each(|line| self.handle_line(line));
                self.children.iter_mut().for_each(Child::end_input);
                return Ok(());
            } else if self.keyboard.is_ready() {
                self.keyboard.fill(self.poll.registry(), &mut self.lines)?;
            } else {
                return Ok(());
            }
        }
        self.lines_left = true;
        Ok(())
    }

    fn handle_line(&mut self, line: Line) {
        let Line::Text(line) = line else {
            self.shown[1].extend_from_slice(b"jim-client: a line is not UTF-8, or too long\n");
            return;
        };
        let one = line.split_once(": ").and_then(|(name, text)| {
            self.children.iter_mut().find(|child| child.name == name).map(|child| (child, text))
        });
        match one {
            Some((child, text)) => child.send(text),
            None => self.children.iter_mut().for_each(|child| child.send(&line)),
        }
    }

    fn read_children(&mut self) {
        let [output, errors] = &mut self.shown;
        for child in &mut self.children {
            let name = child.name.clone();
            child.read(|line, is_error| {
                let shown = if is_error { &mut *errors } else { &mut *output };
                shown.extend_from_slice(format!("{name}: {line}\n").as_bytes());
            });
        }
    }

    fn show(&mut self) -> io::Result<()> {
        let patience = || Some(Duration::from_secs(1));
        let [output, errors] = &mut self.shown;
        output::write(io::stderr(), errors, patience)?;
        output::write(io::stdout(), output, patience)?;
        errors.clear();
        output.clear();
        Ok(())
    }

    /// The first client's exit code that is not 0.
    fn worst(&self) -> Exit {
        let codes = self.children.iter().filter_map(|child| child.status()?.code());
        let worst = codes.filter_map(|code| u8::try_from(code).ok()).find(|code| *code != 0);
        worst.map_or(Exit::Done, Exit::of_code)
    }
}

#[allow(clippy::disallowed_methods, reason = "a loop reads the clock for all others")]
fn now() -> Instant {
    Instant::now()
}
