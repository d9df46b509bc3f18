//! One started client: its process and its three pipes.

use super::parent::tie;
use crate::client::bounds::{OUTPUT_HELD_BYTES, READ_BYTES};
use crate::client::input::{Line, Lines};
use mio::unix::pipe::{Receiver, Sender};
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// A pipe whose lines are shown.
#[derive(Debug)]
struct Spoken {
    pipe: Receiver,
    lines: Lines,
    /// Whether `poll` said that there is something, and not all of it was read.
    ready: bool,
}

/// A client.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    process: std::process::Child,
    /// Its standard input; `None` once it is closed.
    input: Option<Sender>,
    /// What its input has not taken yet.
    unsent: Vec<u8>,
    /// Whether its input is closed once it has all.
    closing: bool,
    /// Its standard output and standard error, until they end.
    spoken: [Option<Spoken>; 2],
    status: Option<ExitStatus>,
}

/// How many tokens a child has.
pub(super) const TOKENS: usize = 3;

/// The last of them is its input's; those before it are of what it prints.
const INPUT: usize = 2;

impl Child {
    /// Starts a client; `first` is the first of its tokens.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        name: &str,
        (registry, first): (&Registry, usize),
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(["--name", name]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        tie(&mut command);
        let mut process = command.spawn()?;
        let gone = || io::Error::other("a client was started without its pipes");
        let mut input = Sender::from(process.stdin.take().ok_or_else(gone)?);
        let mut output = Receiver::from(process.stdout.take().ok_or_else(gone)?);
        let mut errors = Receiver::from(process.stderr.take().ok_or_else(gone)?);
        output.set_nonblocking(true)?;
        errors.set_nonblocking(true)?;
        input.set_nonblocking(true)?;
        registry.register(&mut output, Token(first), Interest::READABLE)?;
        registry.register(&mut errors, Token(first + 1), Interest::READABLE)?;
        registry.register(&mut input, Token(first + INPUT), Interest::WRITABLE)?;
        let spoken = [output, errors]
            .map(|pipe| Some(Spoken { pipe, lines: Lines::default(), ready: true }));
        let (unsent, name) = (Vec::new(), name.to_owned());
        Ok(Self { name, process, input: Some(input), unsent, closing: false, spoken, status: None })
    }

    /// `poll` told of one of its tokens, counted from its first.
    pub(super) fn handle_ready(&mut self, which: usize) {
        match self.spoken.get_mut(which) {
            Some(spoken) => spoken.iter_mut().for_each(|spoken| spoken.ready = true),
            None => self.flush(),
        }
    }

    /// Whether something may be read from it at once.
    pub(super) fn is_ready(&self) -> bool {
        self.spoken.iter().flatten().any(|spoken| spoken.ready)
    }

    /// Whether it has ended and all that it printed was read.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_some() && self.spoken.iter().all(Option::is_none)
    }

    /// How it ended.
    pub(super) const fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Looks whether it has ended.
    pub(super) fn reap(&mut self) -> io::Result<()> {
        if self.status.is_none() {
            self.status = self.process.try_wait()?;
        }
        Ok(())
    }

    /// Its process, unless that has ended.
    pub(super) fn pid(&self) -> Option<u32> {
        self.status.is_none().then(|| self.process.id())
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
    }

    /// Reads once from each of its pipes that has something; `show` is told each line, and whether it
    /// is one of standard error.
    pub(super) fn read(&mut self, mut show: impl FnMut(&str, bool)) {
        for (index, place) in self.spoken.iter_mut().enumerate() {
            let Some(spoken) = place.as_mut().filter(|spoken| spoken.ready) else { continue };
            let ended = spoken.read_once();
            let mut tell = |line| show(text(&line), index == 1);
            std::iter::from_fn(|| spoken.lines.poll_line()).for_each(&mut tell);
            if ended {
                spoken.lines.poll_last().into_iter().for_each(&mut tell);
                *place = None;
            }
        }
    }

    /// Whether it takes another line.
    pub(super) const fn has_room(&self) -> bool {
        self.unsent.len() < OUTPUT_HELD_BYTES
    }

    /// Hands it a line.
    pub(super) fn send(&mut self, line: &str) {
        if self.input.is_some() && !self.closing {
            self.unsent.extend_from_slice(line.as_bytes());
            self.unsent.push(b'\n');
            self.flush();
        }
    }

    /// Nothing more comes for it.
    pub(super) fn end_input(&mut self) {
        self.closing = true;
        self.flush();
    }

    fn flush(&mut self) {
        let Some(input) = &mut self.input else { return };
        while !self.unsent.is_empty() {
            match input.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // It reads no more.
                Err(_) => {
                    self.unsent.clear();
                    self.closing = true;
                }
            }
        }
        if self.closing {
            self.input = None;
        }
    }
}

impl Spoken {
    /// Whether that was its end.
    fn read_once(&mut self) -> bool {
        let mut buffer = [0_u8; READ_BYTES];
        match self.pipe.read(&mut buffer) {
            Ok(0) => return true,
            Ok(got) => self.lines.handle_bytes(buffer.get(..got).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.ready = false,
            Err(_) => return true,
        }
        false
    }
}

/// A line as it is shown. A client prints UTF-8, and shorter lines.
fn text(line: &Line) -> &str {
    match line {
        Line::Text(text) => text,
        Line::NotUtf8 => "(a line that is not UTF-8)",
        Line::TooBig => "(a line that is too long)",
    }
}
