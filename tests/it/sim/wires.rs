//! The bytes of all connections: what clients write comes in pieces, what the server writes goes in
//! pieces, connections stall, end and break; and what the chat says becomes bytes of three wires.

use super::client::Client;
use super::random::Random;
use super::socket::{Heard, QUEUE_BYTES, Socket};
use super::world::World;
use jim::buffer::{Gauge, Pool};
use jim::chat::Hearers;
use jim::message::{
    Announcement, AudienceId, ConnectionId, Dialect, Features, Language, Mark, Notice, Phrase,
    Reply,
};
use jim::wire::attachment::{Attachment, FileWords, is_attachment, write_file_in_words};
use jim::wire::{Relayed, console, encode, exchange, relayed};
use std::collections::{BTreeMap, BTreeSet};

/// A connection and who is at its other end.
struct End {
    socket: Socket,
    client: Client,
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
    closing: Vec<End>,
    pool: Pool,
    gauge: Gauge,
}

impl Wires {
    pub fn open(&mut self, id: ConnectionId, random: &mut Random) {
        let (socket, client) = (Socket::new(), Client::new(random));
        self.open.insert(id, End { socket, client, is_reset: false, in_peace: false });
    }

    /// The chat has forgotten it.
    pub fn close(&mut self, id: ConnectionId) {
        let end = self.open.remove(&id).expect("it is there");
        if !end.is_reset {
            self.closing.push(end);
        }
    }

    fn end(&mut self, id: ConnectionId) -> Option<&mut End> {
        self.open.get_mut(&id)
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
        for end in self.open.values_mut().chain(&mut self.closing) {
            end.socket.flush(&mut self.pool, random);
            let bytes = end.socket.take(random);
            end.client.hear(&bytes);
        }
        self.closing.retain_mut(|end| {
            let is_done = end.socket.output.is_empty() && end.socket.to_client.is_empty();
            if is_done && end.in_peace {
                end.client.check_end();
            }
            !is_done
        });
    }

    pub fn check(&self) {
        for end in self.open.values() {
            end.socket.check();
        }
    }

    fn is_quiet(&self) -> bool {
        let is_done = |end: &End| {
            let socket = &end.socket;
            socket.is_heard_out() && socket.output.is_empty() && socket.to_client.is_empty()
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
        for end in self.wires.open.values_mut().chain(&mut self.wires.closing) {
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
                    self.wires.open.remove(&id);
                    self.vanish(id);
                }
                _ => self.serve(id),
            }
        }
        self.cut_slow();
        self.wires.flush(&mut self.random);
    }

    /// The server reads, and handles what is whole.
    fn serve(&mut self, id: ConnectionId) {
        if let Some(end) = self.wires.end(id) {
            end.socket.arrive(&mut self.random);
        }
        for _ in 0..=self.random.below(4) {
            if self.chat.is_busy(id) {
                return;
            }
            let Some(end) = self.wires.end(id).filter(|end| end.socket.may_decode()) else {
                return;
            };
            let before = end.socket.dialect;
            let heard = end.socket.hear();
            let dialect = end.socket.dialect;
            if dialect != before {
                self.chat.set_dialect(id, dialect);
            }
            match heard {
                None => return self.end_in_peace(id),
                Some(heard) => self.handle(id, heard),
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
            Heard::Exchange(exchange::Said::Text { text, .. }) if is_known => {
                exchange::write_msg(&mut object, "#all", speaker, &text, time);
            }
            Heard::Exchange(_) => {
                return self.malformed(id, Phrase::MissingField { field: "nickname" });
            }
            Heard::Console(_) | Heard::Nonsense => return self.close(id, false),
        }
        let text = String::from_utf8(object).expect("the decoder looked");
        self.request(id, &text);
    }

    /// Who writes no more is closed once all is answered.
    fn end_in_peace(&mut self, id: ConnectionId) {
        let owes = self.open.get(&id.slot).is_none_or(|line| !line.owed.is_empty());
        let Some(end) = self.wires.end(id) else { return };
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

    fn close(&mut self, id: ConnectionId, in_peace: bool) {
        if let Some(end) = self.wires.end(id) {
            end.in_peace = in_peace;
        }
        self.wires.close(id);
        self.vanish(id);
    }

    /// Who reads too slowly is cut.
    fn cut_slow(&mut self) {
        let slow = |end: &End| end.socket.output.bytes() > QUEUE_BYTES;
        while let Some((id, _)) = self.wires.open.iter().find(|(_, end)| slow(end)) {
            let id = *id;
            self.trace.push(format!("{id:?} is a slow reader"));
            self.wires.open.remove(&id);
            self.vanish(id);
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.wires.is_quiet()
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
