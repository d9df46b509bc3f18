//! The clients of a load: many connections on one thread, driven by a [`Script`].
//!
//! A script says what each client sends and looks at each object that it gets; the swarm does all
//! reading and writing. Whatever is sent in one turn leaves in one write a connection.

use super::Failure;
use super::dialect::Dialect;
use super::message::{shown, strange};
use super::progress::Progress;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How much one read may bring; all connections share the buffer.
const READ_BYTES: usize = 256 * 1024;
/// The longest object that may come.
const OBJECT_BYTES: usize = 128 * 1024;
/// How long the server may owe something and say nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the clients of a load do.
pub(crate) trait Script {
    /// A whole object came, without its line end.
    fn handle_object(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure>;

    /// Once a turn, before the wait: send what is due.
    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure>;

    /// The server closed a connection.
    fn handle_closed(&mut self, _swarm: &mut Swarm, client: usize) -> Result<(), Failure> {
        Err(Failure::Gone(client))
    }

    /// How far it is, from 0 to 1.
    fn fraction(&self, now: Instant) -> f64;

    /// What it waits for, for the error when nothing comes.
    fn waiting(&self) -> String;
}

/// What a script wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// To end.
    Done,
    /// To be asked again when something came, or after this long.
    Wait(Duration),
}

/// The longest wait of one turn: the progress bar and the patience are looked after that often.
pub(crate) const TURN: Duration = Duration::from_millis(100);

/// No load, for a while.
#[derive(Debug)]
struct Rest {
    until: Instant,
}

impl Script for Rest {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        Err(strange(client, object))
    }

    fn handle_turn(&mut self, _swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        let left = self.until.saturating_duration_since(now);
        Ok(if left.is_zero() { Turn::Done } else { Turn::Wait(left) })
    }

    fn fraction(&self, _now: Instant) -> f64 {
        1.0
    }

    fn waiting(&self) -> String {
        "it was let alone".to_owned()
    }
}

/// The connections of a load.
#[derive(Debug)]
pub(crate) struct Swarm {
    poll: Poll,
    address: SocketAddr,
    dialect: Dialect,
    links: Vec<Link>,
    dirty: Vec<usize>,
}

/// One connection.
#[derive(Debug, Default)]
struct Link {
    stream: Option<TcpStream>,
    /// The beginning of an object whose end has not come.
    partial: Vec<u8>,
    /// What is not sent yet, from `sent` on.
    output: Vec<u8>,
    sent: usize,
}

impl Swarm {
    /// No connection yet, to the server at this address.
    pub(crate) fn new(address: SocketAddr, dialect: Dialect) -> Result<Self, Failure> {
        let poll = Poll::new().map_err(Failure::while_doing("making a poll"))?;
        Ok(Self { poll, address, dialect, links: Vec::new(), dirty: Vec::new() })
    }

    /// What the server understands.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many connections were made.
    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// Begins one more connection and gives its number, counted from 0.
    pub(crate) fn connect(&mut self) -> Result<usize, Failure> {
        let client = self.links.len();
        self.links.push(Link::default());
        self.reconnect(client)?;
        Ok(client)
    }

    /// Begins a connection anew under the same number; what was left of the former is dropped.
    pub(crate) fn reconnect(&mut self, client: usize) -> Result<(), Failure> {
        let refused = |source| Failure::Connect { address: self.address, source };
        let mut stream = TcpStream::connect(self.address).map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registered = self.poll.registry().register(&mut stream, Token(client), interest);
        registered.map_err(Failure::while_doing("watching a connection"))?;
        if let Some(link) = self.links.get_mut(client) {
            *link = Link { stream: Some(stream), ..Link::default() };
        }
        Ok(())
    }

    /// Lets `write` append to what this client sends at the end of the turn.
    pub(crate) fn send(&mut self, client: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(link) = self.links.get_mut(client) {
            if link.output.is_empty() {
                self.dirty.push(client);
            }
            write(&mut link.output);
        }
    }

    /// Runs a script to its end.
    pub(crate) fn run(
        &mut self,
        script: &mut impl Script,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; READ_BYTES];
        let mut heard = clock();
        loop {
            let now = clock();
            let Turn::Wait(wait) = script.handle_turn(self, now)? else { return Ok(()) };
            self.flush_dirty()?;
            progress.show(now, script.fraction(now));
            progress.check()?;
            wait_for(&mut self.poll, &mut events, wait)?;
            if !events.is_empty() {
                heard = now;
            } else if now.duration_since(heard) > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(Failure::Silent { seconds, waiting: script.waiting() });
            }
            for event in &events {
                self.handle_event(event, &mut buffer, script)?;
            }
        }
    }

    /// Lets the server alone for this long; nothing may come meanwhile.
    pub(crate) fn rest(&mut self, time: Duration, progress: &mut Progress) -> Result<(), Failure> {
        self.run(&mut Rest { until: clock() + time }, progress)
    }

    fn handle_event(
        &mut self,
        event: &Event,
        buffer: &mut [u8],
        script: &mut impl Script,
    ) -> Result<(), Failure> {
        let Token(client) = event.token();
        if event.is_writable() {
            self.flush(client)?;
        }
        if event.is_readable() {
            self.drain(client, event.is_read_closed(), buffer, script)?;
        }
        Ok(())
    }

    /// Reads until nothing is left. A read that did not fill the buffer has emptied the socket,
    /// but says nothing about an end behind it: where that was announced it is read as well.
    fn drain(
        &mut self,
        client: usize,
        to_the_end: bool,
        buffer: &mut [u8],
        script: &mut impl Script,
    ) -> Result<(), Failure> {
        loop {
            let Some(read) = self.read(client, buffer)? else { return Ok(()) };
            if read == 0 {
                self.close(client);
                return script.handle_closed(self, client);
            }
            self.cut(client, buffer.get(..read).unwrap_or_default(), script)?;
            if read < buffer.len() && !to_the_end {
                return Ok(());
            }
        }
    }

    /// `None`: nothing to read now.
    fn read(&mut self, client: usize, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        let Some(stream) = self.links.get_mut(client).and_then(|link| link.stream.as_mut()) else {
            return Ok(None);
        };
        loop {
            match stream.read(buffer) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if not_yet(&error) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(lost(self.address, client, source)),
            }
        }
    }

    /// Hands each whole object to the script and keeps the rest.
    fn cut(
        &mut self,
        client: usize,
        bytes: &[u8],
        script: &mut impl Script,
    ) -> Result<(), Failure> {
        let now = clock();
        let mut held = self.links.get_mut(client).map(|link| std::mem::take(&mut link.partial));
        let held = held.as_mut().filter(|held| !held.is_empty());
        let mut rest = match held {
            Some(held) => {
                held.extend_from_slice(bytes);
                held.as_slice()
            }
            None => bytes,
        };
        while let Some((object, behind)) = self.dialect.first_object(rest) {
            match self.dialect.courtesy(object) {
                Some(owed) => self.send(client, |out| out.extend_from_slice(owed)),
                None => script.handle_object(self, client, object, now)?,
            }
            rest = behind;
        }
        self.keep_partial(client, rest)
    }

    fn keep_partial(&mut self, client: usize, rest: &[u8]) -> Result<(), Failure> {
        let Some(link) = self.links.get_mut(client).filter(|_| !rest.is_empty()) else {
            return Ok(());
        };
        link.partial.extend_from_slice(rest);
        if link.partial.len() > OBJECT_BYTES {
            return Err(Failure::Strange { receiver: client, object: shown(&link.partial) });
        }
        Ok(())
    }

    fn flush_dirty(&mut self) -> Result<(), Failure> {
        let mut dirty = std::mem::take(&mut self.dirty);
        for client in dirty.drain(..) {
            self.flush(client)?;
        }
        self.dirty = dirty;
        Ok(())
    }

    /// Writes what the socket takes; the rest waits for it to be writable.
    fn flush(&mut self, client: usize) -> Result<(), Failure> {
        let Some(link) = self.links.get_mut(client) else { return Ok(()) };
        let Some(stream) = link.stream.as_mut() else { return Ok(()) };
        while let Some(rest) = link.output.get(link.sent..).filter(|rest| !rest.is_empty()) {
            match stream.write(rest) {
                Ok(written) => link.sent += written,
                Err(error) if not_yet(&error) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(lost(self.address, client, source)),
            }
        }
        link.output.clear();
        link.sent = 0;
        Ok(())
    }

    fn close(&mut self, client: usize) {
        if let Some(link) = self.links.get_mut(client) {
            *link = Link::default();
        }
    }
}

fn wait_for(poll: &mut Poll, events: &mut Events, wait: Duration) -> Result<(), Failure> {
    match poll.poll(events, Some(wait.min(TURN))) {
        Err(error) if error.kind() != ErrorKind::Interrupted => {
            Err(Failure::System { doing: "waiting for the server", source: error })
        }
        _ => Ok(()),
    }
}

/// A connection that is still being made is "not connected", or would block, by system.
fn not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

fn lost(address: SocketAddr, client: usize, source: io::Error) -> Failure {
    match source.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::Gone(client),
        _ => Failure::Connect { address, source },
    }
}

/// The one clock of the measuring tool.
#[expect(clippy::disallowed_methods, reason = "this loop owns the clock of a measurement")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}
