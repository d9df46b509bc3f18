//! The connection, step by step: none of them waits.

use super::{Driver, SOCKET};
use crate::client::bounds::{CONNECT_WAIT, HANDSHAKE_WAIT, QUIT_WAIT};
use crate::client::event_loop::next_pause;
use crate::client::exit::Exit;
use crate::client::fault::Fault;
use crate::client::link::{Link, is_connected};
use crate::client::mode::{Ending, Flow, Turn};
use crate::client::outgoing::{Asked, Request};
use crate::client::session::{Received, Session};
use crate::client::words::Notice;
use crate::client::words_tls;
use crate::message::Now;
use crate::transport::Handshake;
use mio::Interest;
use mio::net::TcpStream;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// What there is of a connection.
#[derive(Debug)]
pub(super) enum State {
    /// The next one is begun at this uptime.
    Resting { until: Duration },
    /// The address at this place is tried, up to this uptime; those before it did not answer.
    Trying { stream: TcpStream, place: usize, until: Duration, tried: Vec<(String, String)> },
    /// The same place, where the handshake of TLS is under way.
    Shaking { link: Link, place: usize, until: Duration, tried: Vec<(String, String)> },
    /// It stands.
    Up(Link),
}

impl State {
    pub(super) const fn new() -> Self {
        Self::Resting { until: Duration::ZERO }
    }
}

impl Driver {
    /// Begins a connection.
    pub(super) fn connect(&mut self) -> Flow {
        self.begun = self.now().uptime;
        self.session = Session::default();
        self.overdue.reset();
        self.chat.handle_connecting();
        self.try_address(0, Vec::new())
    }

    /// Tries the address at a place, or else those behind it.
    fn try_address(&mut self, place: usize, mut tried: Vec<(String, String)>) -> Flow {
        let mut place = place;
        while let Some(address) = self.addresses.get(place).copied() {
            match self.begin_to_connect(address) {
                Ok(stream) => {
                    let until = self.now().uptime + CONNECT_WAIT;
                    self.state = State::Trying { stream, place, until, tried };
                    return ControlFlow::Continue(());
                }
                Err(error) => tried.push((address.to_string(), error.to_string())),
            }
            place += 1;
        }
        if self.chat.was_entered() {
            // The state of the connection is seen all the time: no line for each try.
            return ControlFlow::Break(Ending::Reconnecting);
        }
        self.screen.notice(&Notice::CannotConnect { tried });
        ControlFlow::Break(Ending::Silent(Exit::CannotConnect))
    }

    fn begin_to_connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, SOCKET, interest)?;
        Ok(stream)
    }

    /// What the connection and the clock bring.
    pub(super) fn handle_connection(&mut self, is_ready: bool) -> Flow {
        let now = self.now();
        match std::mem::replace(&mut self.state, State::new()) {
            State::Resting { until } if until <= now.uptime => return self.connect(),
            State::Trying { stream, place, until, tried } => {
                return self.go_on_trying(now, stream, place, until, tried);
            }
            State::Shaking { link, place, until, tried } => {
                return self.go_on_shaking(now, link, place, until, tried);
            }
            State::Up(mut link) => {
                if is_ready {
                    link.handle_ready();
                }
                self.state = State::Up(link);
                self.read_socket()?;
                self.handle_timeouts()?;
            }
            resting @ State::Resting { .. } => self.state = resting,
        }
        ControlFlow::Continue(())
    }

    fn go_on_trying(
        &mut self,
        now: Now,
        stream: TcpStream,
        place: usize,
        until: Duration,
        tried: Vec<(String, String)>,
    ) -> Flow {
        let why = match is_connected(&stream) {
            Ok(true) => match Link::new(stream, self.tls.as_ref()) {
                Ok(link) => {
                    let until = now.uptime + HANDSHAKE_WAIT;
                    return self.go_on_shaking(now, link, place, until, tried);
                }
                Err(error) => error,
            },
            Ok(false) if now.uptime < until => {
                self.state = State::Trying { stream, place, until, tried };
                return ControlFlow::Continue(());
            }
            Ok(false) => io::ErrorKind::TimedOut.into(),
            Err(error) => error,
        };
        self.try_next(place, why.to_string(), tried)
    }

    /// Goes on with the handshake of TLS; without TLS there is none.
    fn go_on_shaking(
        &mut self,
        now: Now,
        mut link: Link,
        place: usize,
        until: Duration,
        tried: Vec<(String, String)>,
    ) -> Flow {
        let why: io::Error = match link.shake() {
            Ok(true) => {
                self.state = State::Up(link);
                if let Some(address) = self.addresses.get(place).copied() {
                    let mut turn =
                        Turn { now, session: &mut self.session, screen: &mut self.screen };
                    self.chat.begin(&mut turn, address);
                }
                return ControlFlow::Continue(());
            }
            Ok(false) if now.uptime < until => {
                self.state = State::Shaking { link, place, until, tried };
                return ControlFlow::Continue(());
            }
            Ok(false) => io::ErrorKind::TimedOut.into(),
            Err(error) => error,
        };
        let language = self.screen.language();
        let why = words_tls::describe(&Handshake::from(&why), &self.host, language);
        self.chat.tell_hindrance(now, &why);
        self.try_next(place, why, tried)
    }

    fn try_next(&mut self, place: usize, why: String, mut tried: Vec<(String, String)>) -> Flow {
        let address = self.addresses.get(place).map(SocketAddr::to_string);
        tried.push((address.unwrap_or_default(), why));
        self.try_address(place + 1, tried)
    }

    fn read_socket(&mut self) -> Flow {
        let State::Up(link) = &self.state else { return ControlFlow::Continue(()) };
        for _ in 0..link.budget() {
            let State::Up(link) = &mut self.state else { break };
            match link.fill(&mut self.session) {
                Ok(true) => {
                    self.overdue.handle_read(self.start.elapsed());
                    self.handle_received()?;
                }
                Ok(false) => break,
                Err(fault) => return self.handle_fault(fault),
            }
        }
        ControlFlow::Continue(())
    }

    fn handle_received(&mut self) -> Flow {
        loop {
            let now = self.now();
            match self.session.poll_received(now) {
                Ok(Some(received)) => {
                    let mut turn =
                        Turn { now, session: &mut self.session, screen: &mut self.screen };
                    self.chat.handle_received(&mut turn, received)?;
                }
                Ok(None) => return ControlFlow::Continue(()),
                Err(fault) => return self.handle_fault(fault),
            }
        }
    }

    fn handle_fault(&mut self, fault: Fault) -> Flow {
        let now = self.now();
        let mut turn = Turn { now, session: &mut self.session, screen: &mut self.screen };
        ControlFlow::Break(self.chat.handle_fault(&mut turn, fault))
    }

    fn handle_timeouts(&mut self) -> Flow {
        let now = self.now();
        match self.session.handle_timeout(now) {
            Ok(()) => self.overdue.reset(),
            Err(fault) => {
                let due = self.session.poll_timeout();
                let is_tolerated =
                    due.is_some_and(|due| self.overdue.is_tolerated(now.uptime, due));
                if !is_tolerated {
                    return self.handle_fault(fault);
                }
            }
        }
        let mut turn = Turn { now, session: &mut self.session, screen: &mut self.screen };
        self.chat.handle_timeout(&mut turn);
        ControlFlow::Continue(())
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&mut self) {
        if let State::Up(link) = &mut self.state {
            link.flush(&mut self.session);
        }
    }

    /// When the next turn is due whatever happens, in uptime.
    pub(super) fn poll_timeout(&self, now: Now) -> Option<Duration> {
        let own = match &self.state {
            State::Resting { until }
            | State::Trying { until, .. }
            | State::Shaking { until, .. } => Some(*until),
            State::Up(link) if link.is_readable() || self.chat.has_more_output(&self.session) => {
                Some(Duration::ZERO)
            }
            State::Up(_) => self.overdue.poll_timeout().or_else(|| self.session.poll_timeout()),
        };
        own.into_iter().chain(self.chat.poll_timeout(now)).min()
    }

    // The end.

    /// Ends the connection; gives the exit where the client ends with it.
    pub(super) fn end(&mut self, ending: Ending) -> io::Result<Option<Exit>> {
        if let Ending::Quitting(_) = ending {
            self.say_goodbye()?;
        }
        if let State::Up(link) = std::mem::replace(&mut self.state, State::new()) {
            link.close();
        }
        let exit = match ending {
            Ending::Quitting(exit) | Ending::Silent(exit) => return Ok(Some(exit)),
            Ending::Reconnecting => None,
        };
        let now = self.now();
        self.chat.leave(now);
        let mut turn = Turn { now, session: &mut self.session, screen: &mut self.screen };
        self.chat.absorb(&mut turn);
        self.session = Session::default();
        let next = next_pause(self.pause, now.uptime.saturating_sub(self.begun));
        self.pause = Some(next);
        let until = now.uptime + with_jitter(next);
        self.state = State::Resting { until };
        self.chat.handle_waiting(until);
        Ok(exit)
    }

    /// Says `quit` where there is someone to say it to, and waits a little for the answer.
    fn say_goodbye(&mut self) -> io::Result<()> {
        let State::Up(_) = self.state else { return Ok(()) };
        let until = self.now().uptime + QUIT_WAIT;
        self.session.send(self.now(), &Request::Quit { user: None });
        while self.now().uptime < until {
            self.flush();
            let State::Up(link) = &mut self.state else { break };
            match link.fill(&mut self.session) {
                Ok(true) => {}
                Ok(false) => {
                    let pause = until.saturating_sub(self.now().uptime);
                    match self.poll.poll(&mut self.events, Some(pause)) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                        other => other?,
                    }
                }
                Err(_) => return Ok(()),
            }
            if self.is_goodbye_said() {
                return Ok(());
            }
        }
        Ok(())
    }

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
}

/// A pause by up to a quarter shorter or longer, so that all clients of a server that was away do
/// not come back at one moment.
fn with_jitter(pause: Duration) -> Duration {
    // Without random numbers the pause is just what it is.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    let part = f64::from(random) / f64::from(u32::MAX);
    pause.mul_f64(0.75 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_a_little() {
        let pause = Duration::from_secs(4);
        let all: std::collections::BTreeSet<Duration> =
            (0..20).map(|_| with_jitter(pause)).collect();
        assert!(all.len() > 1);
        assert!(all.iter().all(|one| (3000..=5000).contains(&one.as_millis())));
    }
}
