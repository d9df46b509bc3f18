//! A TLS session over a non-blocking socket: records in and out, and how much of it at a time.

use super::records::Records;
use super::stream::Received;
use crate::limits::{HANDSHAKE_BYTES, READ_BUFFER_BYTES, TLS_OUTPUT_BYTES};
use mio::net::TcpStream;
use rustls::{Connection, ProtocolVersion};
use std::io::{self, IoSlice, Read, Write};

/// The state of TLS on one connection. What it holds is bounded: of input one record, or one
/// message of the handshake; of output [`TLS_OUTPUT_BYTES`].
#[derive(Debug)]
pub(super) struct Tls {
    session: Connection,
    /// What was read before it was known to be TLS.
    early: Option<io::Cursor<Vec<u8>>>,
    /// The socket was looked at since the last call of [`Self::receive`] began, and the last look
    /// found less than it asked for.
    drained: bool,
    /// What the handshake may still bring.
    handshake_left: usize,
    /// Where the peer's records end.
    records: Records,
    /// The peer broke the rules, and was told so.
    broken: bool,
    /// The peer's end came without a word.
    cut: bool,
    /// The end of the handshake was told.
    told: bool,
    /// How many bytes the socket took.
    written: usize,
    /// How many bytes were encrypted since the socket had taken all.
    held: usize,
}

impl Tls {
    pub(super) fn new(mut session: Connection, early: Vec<u8>) -> Self {
        session.set_buffer_limit(Some(TLS_OUTPUT_BYTES));
        Self {
            session,
            early: (!early.is_empty()).then(|| io::Cursor::new(early)),
            drained: false,
            handshake_left: HANDSHAKE_BYTES,
            records: Records::default(),
            broken: false,
            cut: false,
            told: false,
            written: 0,
            held: 0,
        }
    }

    /// Reads what the peer said into `room`: at most about [`READ_BUFFER_BYTES`] of records.
    pub(super) fn receive(
        &mut self,
        socket: &mut TcpStream,
        room: &mut [u8],
    ) -> io::Result<Received> {
        let mut cost = 0;
        // What was decrypted before says nothing of the socket: an event may have come since.
        self.drained = false;
        loop {
            match self.session.reader().read(room) {
                Ok(count) => {
                    let more = !self.drained || count == room.len();
                    let cost = cost.max(count);
                    return Ok(Received { count, cost, more, ended: count == 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.cut = true;
                    return Ok(Received { count: 0, cost, more: false, ended: true });
                }
                Err(error) => return Err(error),
            }
            if cost >= READ_BUFFER_BYTES {
                return Ok(Received { count: 0, cost, more: true, ended: false });
            }
            cost += self.take_in(socket)?;
        }
    }

    /// Takes in what has come, once; 0 at the end.
    fn take_in(&mut self, socket: &mut TcpStream) -> io::Result<usize> {
        let records = &mut self.records;
        let got = match &mut self.early {
            Some(early) => {
                let mut noting = Noting { source: early, short: &mut false, records };
                let got = self.session.read_tls(&mut noting)?;
                self.early.take_if(|early| early.position() >= early.get_ref().len() as u64);
                got
            }
            None => {
                let mut noting = Noting { source: socket, short: &mut self.drained, records };
                self.session.read_tls(&mut noting)?
            }
        };
        let processed = self.process(got);
        // Answers of the handshake, or the alert that says what was wrong.
        let written = self.write_out(socket);
        processed?;
        match written {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(got),
        }
    }

    fn process(&mut self, got: usize) -> io::Result<()> {
        let was_handshaking = self.session.is_handshaking();
        let processed = self.session.process_new_packets();
        if was_handshaking {
            self.handshake_left = self.handshake_left.saturating_sub(got);
        }
        self.broken = processed.is_err();
        processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if self.session.is_handshaking() && self.handshake_left == 0 {
            self.broken = true;
            let text = "the TLS handshake is too long";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(())
    }

    /// Encrypts as much of the parts as may be held, and writes what the socket takes.
    pub(super) fn send(
        &mut self,
        socket: &mut TcpStream,
        parts: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.write_out(socket)?;
        if self.session.is_handshaking() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = self.session.writer().write_vectored(parts)?;
        self.held += taken;
        match self.write_out(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes all records that are ready.
    pub(super) fn write_out(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(socket) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => self.written = self.written.wrapping_add(other?),
            }
        }
        self.held = 0;
        Ok(())
    }

    /// Goes on with the handshake; whether it is done.
    pub(super) fn shake(&mut self, socket: &mut TcpStream) -> io::Result<bool> {
        match self.write_out(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        while self.session.is_handshaking() {
            match self.take_in(socket) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Tells the peer that nothing more comes, as far as the socket takes it.
    pub(super) fn say_end(&mut self, socket: &mut TcpStream) {
        if !self.broken {
            self.session.send_close_notify();
        }
        let _ = self.write_out(socket);
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether a record of the peer's is there in part, once the handshake has ended.
    pub(super) fn is_inside_record(&self) -> bool {
        self.records.is_inside() && !self.session.is_handshaking()
    }

    pub(super) fn owes(&self) -> bool {
        self.session.wants_write()
    }

    pub(super) const fn written(&self) -> usize {
        self.written
    }

    pub(super) const fn owed_bytes(&self) -> usize {
        self.held
    }

    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(super) const fn was_cut(&self) -> bool {
        self.cut
    }

    /// The version, once: when the handshake has ended.
    pub(super) fn take_version(&mut self) -> Option<&'static str> {
        if self.told {
            return None;
        }
        let version = self.version();
        self.told = version.is_some();
        version
    }

    /// The version, once the handshake has ended.
    pub(super) fn version(&self) -> Option<&'static str> {
        if self.session.is_handshaking() {
            return None;
        }
        Some(match self.session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "1.3",
        })
    }
}

/// Notes whether a read found less than it asked for, and so all that there was; and where the
/// records end.
struct Noting<'a, S> {
    source: &'a mut S,
    short: &'a mut bool,
    records: &'a mut Records,
}

impl<S: Read> Read for Noting<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer).inspect_err(|_| *self.short = false)?;
        *self.short = count < buffer.len();
        self.records.pass(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
