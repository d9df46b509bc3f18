//! The bytes of all connections: what clients write comes in pieces, what the server writes goes in
//! pieces, connections stall, end and break; and what the chat says becomes bytes of three wires.

use super::client::Client;
use super::files::Pours;
use super::operator::AT_ONCE;
use super::random::Random;
use super::socket::{Heard, QUEUE_BYTES, Socket};
use super::world::World;
use jim::buffer::{Gauge, Pool};
use jim::chat::Hearers;
use jim::message::{
    Announcement, AudienceId, ConnectionId, Dialect, Features, Language, Mark, MessageId, Notice,
    Phrase, Reply, Sha256,
};
use jim::wire::attachment::{Attachment, FileWords, is_attachment, write_file_in_words};
use jim::wire::{Relayed, console, encode, exchange, relayed};
use std::collections::{BTreeMap, BTreeSet};

/// A connection and who is at its other end.
pub struct End {
    pub socket: Socket,
    client: Client,
    /// Files that come and go, where it is in the exchange.
    pub pours: Pours,
    /// It broke, which the server does not know yet.
    is_reset: bool,
    /// Whether all that it asked is answered before it is closed.
    in_peace: bool,
}

/// Everybody's bytes.
#[derive(Default)]
pub struct Wires {
    open: BTreeMap<ConnectionId, End>,
    /// What the chat has forgotten, and what waits is still written to.
    closing: BTreeMap<ConnectionId, End>,
    pool: Pool,
    gauge: Gauge,
}

impl Wires {
    pub fn open(&mut self, id: ConnectionId, random: &mut Random) {
        let (socket, client) = (Socket::new(), Client::new(random));
        let pours = Pours::default();
        self.open.insert(id, End { socket, client, pours, is_reset: false, in_peace: false });
    }

    /// The chat has forgotten it. Says what it was sending.
    pub fn close(&mut self, id: ConnectionId) -> Option<MessageId> {
        let mut end = self.open.remove(&id).expect("it is there");
        let sending = end.pours.refuse();
        if !end.is_reset {
            self.closing.insert(id, end);
        }
        sending
    }

    /// It is no more, and nothing is written to it. Says what it was sending.
    fn remove(&mut self, id: ConnectionId) -> Option<MessageId> {
        let end = self.open.remove(&id).or_else(|| self.closing.remove(&id));
        end?.pours.refuse()
    }

    pub fn end(&mut self, id: ConnectionId) -> Option<&mut End> {
        self.open.get_mut(&id)
    }

    /// The same, also where it is closing.
    pub fn any_end(&mut self, id: ConnectionId) -> Option<&mut End> {
        self.open.get_mut(&id).or_else(|| self.closing.get_mut(&id))
    }

    pub fn all_ends(&mut self) -> impl Iterator<Item = (ConnectionId, &mut End)> {
        self.open.iter_mut().chain(&mut self.closing).map(|(id, end)| (*id, end))
    }

    /// Somebody who reads too slowly.
    fn slow(&mut self) -> Option<ConnectionId> {
        let slow = |(_, end): &(_, &mut End)| end.socket.output.bytes() > QUEUE_BYTES;
        self.all_ends().find(slow).map(|(id, _)| id)
    }

    pub fn is_in_exchange(&self, id: ConnectionId) -> bool {
        let end = self.open.get(&id).or_else(|| self.closing.get(&id));
        end.is_some_and(|end| end.socket.dialect == Dialect::Exchange)
    }

    /// What is said with a file, and a place for its bytes.
    pub fn pour(
        &mut self,
        id: ConnectionId,
        said: &[u8],
        (length, content, size): (&[u8], Sha256, u64),
    ) {
        let Some(end) = self.open.get_mut(&id) else { return };
        end.socket.output.push_copy(&mut self.pool, true, said);
        if size == 0 {
            end.socket.output.push_copy(&mut self.pool, true, length);
        } else {
            end.socket.output.push_file(&mut self.pool, length, content, size);
        }
    }

    /// Writes one object that `encode` makes, if it makes any.
    fn push(
        &mut self,
        id: ConnectionId,
        is_answer: bool,
        encode: impl FnOnce(Dialect, &mut Vec<u8>),
    ) {
        let Some(end) = self.open.get_mut(&id) else { return };
        let mut bytes = Vec::new();
        encode(end.socket.dialect, &mut bytes);
        if bytes.is_empty() {
            return;
        }
        if is_answer {
            end.socket
                .output
                .push_answer(&mut self.pool, true, |out| out.extend_from_slice(&bytes));
        } else {
            end.socket.output.push_copy(&mut self.pool, true, &bytes);
        }
    }

    /// What goes to many is there once.
    fn share(&mut self, those: &[ConnectionId], bytes: Vec<u8>) {
        let length = bytes.len();
        let chunk = self.pool.share(bytes, &self.gauge);
        for id in those {
            if let Some(end) = self.open.get_mut(id) {
                end.socket.output.push_shared(&mut self.pool, &chunk, 0..length);
            }
        }
    }

    /// Writes and reads on both sides; who is closed is done with once it has read all.
    fn flush(&mut self, random: &mut Random) {
        for end in self.open.values_mut().chain(self.closing.values_mut()) {
            end.socket.flush(&mut self.pool, random);
            let bytes = end.socket.take(random);
            end.client.hear(&bytes);
        }
        self.closing.retain(|_, end| {
            let is_done = end.socket.output.is_empty() && end.socket.to_client.is_empty();
            if is_done && end.in_peace {
                end.client.check_end();
            }
            !is_done
        });
    }

    pub fn check(&self) {
        for end in self.open.values().chain(self.closing.values()) {
            end.socket.check();
        }
    }

    fn is_quiet(&self) -> bool {
        let is_done = |end: &End| {
            let socket = &end.socket;
            let is_written = socket.output.is_empty() && socket.to_client.is_empty();
            is_written && socket.is_heard_out() && end.pours.is_idle()
        };
        self.closing.is_empty()
            && self.open.values().all(|end| is_done(end) && !end.is_reset && !end.socket.has_ended)
    }
}

/// How a file is told of to who knows none.
const WORDS: FileWords = FileWords { language: Language::English, chars: 500 };

/// A message in the form that a wire and the features ask for.
fn form(dialect: Dialect, features: Features, object: &[u8], mark: Mark, out: &mut Vec<u8>) {
    let is_marked = features.has(Features::IDS);
    let file = if is_attachment(object) { Attachment::read(object) } else { None };
    if dialect != Dialect::Jim {
        let relayed = match file {
            Some(file) => Some(Relayed { text: file.in_words(WORDS).into(), sender: file.from }),
            None => relayed(object),
        };
        return elsewhere(dialect, &relayed.expect("a message"), mark, out);
    }
    if file.is_some() && !features.has(Features::FILES) {
        write_file_in_words(out, object, mark, is_marked, WORDS);
    } else if is_marked {
        encode::marked(out, object, mark);
    } else {
        out.extend_from_slice(object);
    }
    out.push(b'\n');
}

fn elsewhere(dialect: Dialect, said: &Relayed<'_>, mark: Mark, out: &mut Vec<u8>) {
    if dialect == Dialect::Exchange {
        return exchange::write_message(out, &said.sender, &said.text, mark.unix_micros);
    }
    for part in console::parts(&said.sender, &said.text) {
        console::write_message(out, &said.sender, part);
    }
}

// What happens to connections.
impl World {
    /// A client writes something.
    pub(super) fn say(&mut self) {
        let Some(id) = self.some_line() else { return };
        let name = self.chat.name_of(id).map(ToString::to_string);
        let Some(end) = self.wires.end(id) else { return };
        if end.socket.has_ended || end.is_reset {
            return;
        }
        for _ in 0..=self.random.below(4) {
            self.requests += 1;
            let said =
                end.client.say(&mut self.random, self.requests, name.as_deref(), &self.files);
            end.socket.to_server.extend(said);
        }
    }

    /// A connection breaks: what is on its way is lost, and the server will hear of it.
    pub(super) fn reset(&mut self) {
        let Some(id) = self.some_line() else { return };
        let Some(end) = self.wires.end(id) else { return };
        end.is_reset = true;
        end.socket.to_server.clear();
        self.trace.push(format!("{id:?} breaks"));
    }

    /// A client writes no more, perhaps in the middle of an object.
    pub(super) fn stop_writing(&mut self) {
        let Some(id) = self.some_line() else { return };
        let half = self.random.below(3) == 0;
        let Some(end) = self.wires.end(id).filter(|end| !end.socket.has_ended) else { return };
        if half && !end.is_reset {
            end.socket.to_server.extend(end.client.say_half());
        }
        end.socket.has_ended = true;
    }

    /// A client stops reading, or goes on.
    pub(super) fn stall(&mut self) {
        let Some(id) = self.some_line() else { return };
        if let Some(end) = self.wires.end(id) {
            end.socket.is_stalled = !end.socket.is_stalled;
        }
    }

    /// From now on everybody reads.
    pub(super) fn read_on(&mut self) {
        for (_, end) in self.wires.all_ends() {
            end.socket.is_stalled = false;
        }
    }

    /// Bytes move on some connections.
    pub(super) fn move_bytes(&mut self) {
        let ids: Vec<ConnectionId> = self.wires.open.keys().copied().collect();
        for id in ids {
            match self.random.below(4) {
                0 => {}
                1 if self.wires.end(id).is_some_and(|end| end.is_reset) => {
                    self.lose(id);
                }
                _ => self.serve(id),
            }
        }
        self.cut_slow();
        self.ask_for_pieces();
        self.wires.flush(&mut self.random);
    }

    /// The server reads, and handles what is whole.
    fn serve(&mut self, id: ConnectionId) {
        if self.is_stopping || self.rates.is_paused(id, self.now.uptime) {
            return;
        }
        if let Some(end) = self.wires.end(id) {
            end.socket.arrive(&mut self.random);
        }
        let before = self.handled;
        self.handle_some(id);
        let handled = (self.handled - before) as u64;
        if self.wires.end(id).is_some() && self.rates.charge(id, handled, self.now.uptime) {
            self.trace.push(format!("{id:?} is paused"));
        }
    }

    fn handle_some(&mut self, id: ConnectionId) {
        for _ in 0..=self.random.below(AT_ONCE - 1) {
            if self.chat.is_busy(id) {
                return;
            }
            let Some(end) = self.wires.end(id).filter(|end| end.socket.may_decode()) else {
                return;
            };
            if end.pours.holds() {
                return;
            }
            let before = end.socket.dialect;
            let heard = end.socket.hear();
            let dialect = end.socket.dialect;
            if dialect != before {
                self.chat.set_dialect(id, dialect);
            }
            match heard {
                None => return self.end_in_peace(id),
                Some(heard) => {
                    self.handled += 1;
                    self.handle(id, heard);
                }
            }
        }
    }

    fn handle(&mut self, id: ConnectionId, heard: Heard) {
        let name = self.chat.name_of(id).map(ToString::to_string);
        let (speaker, is_known) = (name.as_deref().unwrap_or_default(), name.is_some());
        let (mut object, time) = (Vec::new(), self.now.unix_micros);
        match heard {
            Heard::Object(raw) => object = raw,
            Heard::Malformed(phrase) => return self.malformed(id, phrase),
            Heard::Console(said) if matches!(said, console::Said::Username(_)) != is_known => {
                console::write_as_jim(&mut object, &said, speaker, "#all", time);
            }
            Heard::Exchange(exchange::Said::Nickname(nickname)) if !is_known => {
                exchange::write_presence(&mut object, &nickname, time);
            }
            Heard::Exchange(exchange::Said::Text { text, attachment: None }) if is_known => {
                return self.say_in_exchange(id, &text);
            }
            Heard::Exchange(exchange::Said::Text { text, attachment: Some(name) }) if is_known => {
                return self.expect_file(id, text, name);
            }
            Heard::FileLength(length) => return self.begin_file(id, length),
            Heard::Piece(bytes, is_last) => return self.take_piece(id, &bytes, is_last),
            Heard::Exchange(_) => {
                return self.malformed(id, Phrase::MissingField { field: "nickname" });
            }
            Heard::Console(_) | Heard::Nonsense => return self.close(id, false),
        }
        let text = String::from_utf8(object).expect("the decoder looked");
        self.request(id, &text);
    }

    /// Somebody in the exchange says something to everybody.
    pub(super) fn say_in_exchange(&mut self, id: ConnectionId, text: &str) {
        let speaker = self.chat.name_of(id).map(ToString::to_string).unwrap_or_default();
        let mut object = Vec::new();
        exchange::write_msg(&mut object, "#all", &speaker, text, self.now.unix_micros);
        self.request(id, &String::from_utf8(object).expect("the decoder looked"));
    }

    /// Who writes no more is closed once all is answered, or cannot be for want of what was to come.
    fn end_in_peace(&mut self, id: ConnectionId) {
        let owes = self.open.get(&id.slot).is_none_or(|line| !line.owed.is_empty());
        let Some(end) = self.wires.end(id) else { return };
        let owes = owes && !end.pours.awaits_more();
        if !end.socket.has_ended || !end.socket.to_server.is_empty() || owes || end.is_reset {
            return;
        }
        if end.socket.is_cut_short() {
            end.socket.drop_input();
            self.malformed(id, Phrase::CutShort);
        }
        if self.wires.end(id).is_some() {
            self.close(id, true);
        }
    }

    pub(super) fn close(&mut self, id: ConnectionId, in_peace: bool) {
        if let Some(end) = self.wires.end(id) {
            end.in_peace = in_peace;
        }
        let sending = self.wires.close(id);
        self.drop_upload(sending);
        self.vanish(id);
    }

    /// Who reads too slowly is cut, also where it is closing.
    fn cut_slow(&mut self) {
        while let Some(id) = self.wires.slow() {
            self.trace.push(format!("{id:?} is a slow reader"));
            self.lose(id);
        }
    }

    /// Nothing more is written to a connection.
    pub(super) fn lose(&mut self, id: ConnectionId) {
        let is_open = self.wires.end(id).is_some();
        let sending = self.wires.remove(id);
        self.drop_upload(sending);
        if is_open {
            self.vanish(id);
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.wires.is_quiet()
    }

    /// Whether all that is owed was taken.
    pub(super) fn is_drained(&mut self) -> bool {
        let mut ends = self.wires.all_ends();
        ends.all(|(_, end)| end.socket.output.is_empty() && end.socket.to_client.is_empty())
    }

    /// Who takes nothing while the server stops is cut.
    pub(super) fn cut_stalled(&mut self) {
        let stalled = |(id, end): (ConnectionId, &mut End)| end.socket.is_stalled.then_some(id);
        let stalled: Vec<_> = self.wires.all_ends().filter_map(stalled).collect();
        for id in stalled {
            self.lose(id);
        }
    }

    /// Nobody has half an object or half a file.
    pub(super) fn check_all_whole(&self) {
        for end in self.wires.open.values() {
            end.client.check_whole();
        }
    }

    /// Everybody has all answers, and no memory is left with queues.
    pub(super) fn check_clients(&self) {
        for end in self.wires.open.values() {
            end.client.check_end();
        }
        assert_eq!(self.wires.gauge.bytes(), 0, "chunks that nobody has");
    }
}

// What the chat says, as bytes.
impl World {
    pub(super) fn write_reply(&mut self, to: ConnectionId, reply: &Reply) {
        let (time, language) = (self.now.unix_micros, Language::English);
        let is_in = self.chat.name_of(to).is_some();
        self.wires.push(to, true, |dialect, out| match dialect {
            Dialect::Jim => encode::reply(out, reply, language, time),
            Dialect::Console => console::write_reply(out, reply, language),
            Dialect::Exchange => exchange::write_reply(out, reply, language, is_in, time),
        });
    }

    pub(super) fn write_probe(&mut self, to: ConnectionId) {
        let time = self.now.unix_micros;
        self.wires.push(to, true, |_, out| encode::probe(out, time));
    }

    pub(super) fn write_to(&mut self, to: ConnectionId, object: &[u8], mark: Mark) {
        if is_attachment(object) && self.wires.is_in_exchange(to) {
            return self.pour_to(to, object, mark.unix_micros);
        }
        let features = self.line(to).features;
        self.wires.push(to, false, |dialect, out| form(dialect, features, object, mark, out));
    }

    pub(super) fn write_message(
        &mut self,
        to: AudienceId,
        except: Option<ConnectionId>,
        object: &[u8],
        mark: Mark,
    ) {
        let members = self.audiences.get(&to).cloned().unwrap_or_default();
        let members = members.into_iter().filter(|id| Some(*id) != except);
        let (plain, others): (Vec<_>, Vec<_>) = members.partition(|id| self.is_plain(*id));
        for id in others {
            self.write_to(id, object, mark);
        }
        if !plain.is_empty() {
            let mut bytes = Vec::new();
            form(Dialect::Jim, Features::NONE, object, mark, &mut bytes);
            self.wires.share(&plain, bytes);
        }
    }

    fn is_plain(&self, id: ConnectionId) -> bool {
        let end = self.wires.open.get(&id);
        end.is_some_and(|end| end.socket.dialect == Dialect::Jim)
            && !self.open[&id.slot].features.has(Features::IDS)
            && !self.open[&id.slot].features.has(Features::FILES)
    }

    pub(super) fn write_notice(
        &mut self,
        to: &Hearers,
        except: Option<ConnectionId>,
        notice: &Notice,
    ) {
        let heard: BTreeSet<ConnectionId> = match to {
            Hearers::One(one) => [*one].into(),
            Hearers::All => self.open.values().map(|line| line.id).collect(),
            Hearers::Of(those) => {
                those.iter().filter_map(|id| self.audiences.get(id)).flatten().copied().collect()
            }
        };
        let time = self.now.unix_micros;
        for id in heard.into_iter().filter(|id| Some(*id) != except) {
            if self.line(id).features.has(Features::NOTICES) {
                self.wires.push(id, false, |_, out| encode::notice(out, notice, time));
            }
        }
    }

    pub(super) fn write_announcement(&mut self, except: ConnectionId, said: &Announcement) {
        let (text, time) = (said.to_string(), self.now.unix_micros);
        let common = self.audiences.get(&AudienceId::COMMON).cloned().unwrap_or_default();
        for id in common.into_iter().filter(|id| *id != except) {
            self.wires.push(id, false, |dialect, out| match dialect {
                _ if dialect != said.dialect() => {}
                Dialect::Console => console::write_system_message(out, &text),
                _ => exchange::write_message(out, exchange::SERVER, &text, time),
            });
        }
    }
}
