//! What files cost a chat: the latency of a busy room at a given rate, alone and while accounts send
//! each other files and get them back, each asking as soon as it is answered.

use super::Failure;
use super::crowd::CrowdPlan;
use super::entrance::{Entrance, Farewell, Identity, PASSWORD};
use super::figure::{Kind, Sample};
use super::latency::{Hold, LatencyPlan, Paced, percentiles};
use super::message::{expect_success, number, strange};
use super::progress::Progress;
use super::stage::{Running, Settings, seconds_of};
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use std::io::Write;
use std::time::{Duration, Instant};

/// How long each file is.
const FILE_BYTES: u64 = 1024 * 1024;

/// How much of it one request carries: all that it may.
const PIECE_BYTES: u64 = 48 * 1024;

/// How much is left for the last one.
const LAST_BYTES: usize = (FILE_BYTES % PIECE_BYTES) as usize;

/// Quotas that no measurement reaches.
const ROOM_FOR_ALL: Settings<'_> =
    &[("JIMD_ATTACHMENT_QUOTA_USER", "4096GiB"), ("JIMD_ATTACHMENT_QUOTA", "4096GiB")];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TransfersPlan {
    /// Who is in the room and what is said.
    pub(crate) crowd: CrowdPlan,
    /// Messages a second, all senders together.
    pub(crate) rate: f64,
    /// How long it is measured.
    pub(crate) time: Duration,
    /// How many files are on their way at any moment.
    pub(crate) transfers: usize,
}

impl TransfersPlan {
    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        let CrowdPlan { members, senders, .. } = self.crowd;
        let room =
            format!("{} messages a second, {members} members, senders: {senders}", self.rate);
        match self.transfers {
            0 => format!("transfers: none, {room}"),
            transfers => format!("transfers: {transfers} at a time, {room}"),
        }
    }

    /// The accounts that send files.
    pub(crate) fn world(&self) -> World {
        World { accounts: self.transfers, ..World::default() }
    }

    /// What its server is told.
    pub(crate) const fn settings(&self) -> Settings<'static> {
        ROOM_FOR_ALL
    }

    const fn paced(&self) -> LatencyPlan {
        let Self { crowd, rate, time, .. } = *self;
        LatencyPlan { crowd, rate, time, hold: Hold::Default }
    }
}

/// Runs one round.
pub(crate) fn run(
    plan: &TransfersPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let (members, identity) = (plan.crowd.members, plan.crowd.identity);
    let mut swarm = server.swarm()?;
    let mut entrance = Entrance::asking(members + plan.transfers, move |client| {
        client.checked_sub(members).map_or_else(|| identity.request(client), entry_of_a_carrier)
    });
    swarm.run(&mut entrance, progress)?;
    let mut beside = Beside::new(plan, server)?;
    let (cpu, begun) = (server.cpu()?, clock());
    swarm.run(&mut beside, progress)?;
    let (used, elapsed) = (seconds_of(cpu, server.cpu()?), clock().duration_since(begun));
    swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    let mut samples = percentiles(beside.paced.latencies());
    let millions = beside.paced.delivered() as f64 / 1e6;
    samples.extend(used.map(|used| Kind::CPU.sample(used / millions)));
    if plan.transfers > 0 {
        let mebibytes = beside.moved_bytes as f64 / f64::from(1 << 20);
        samples.push(Kind::MOVED.sample(mebibytes / elapsed.as_secs_f64()));
    }
    Ok(samples)
}

fn entry_of_a_carrier(carrier: usize) -> String {
    let name = Identity::Accounts.name(carrier);
    let user = format!(r#"{{"account_name":"{name}","password":"{PASSWORD}"}}"#);
    format!(r#"{{"action":"authenticate","time":1,"user":{user},"features":["files"]}}"#) + "\n"
}

/// What somebody with a file does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Doing {
    /// Nothing is under way.
    Resting,
    /// A new upload is asked for.
    Opening,
    /// A piece is sent.
    Putting { id: String },
    /// A piece from here on is asked for.
    Getting { id: String, from: u64 },
}

/// The room's talk, and files beside it.
#[derive(Debug)]
struct Beside {
    paced: Paced,
    members: usize,
    carriers: Vec<Doing>,
    /// A piece in base64; the first of a file has the file's number in the place of the beginning.
    piece: String,
    /// The last one, which is shorter.
    last_piece: String,
    files: u64,
    /// Files that are whole, and those that were announced.
    whole: u64,
    announced: u64,
    moved_bytes: u64,
    /// Whether the talk is over, and nothing more is asked for.
    ends: bool,
}

impl Beside {
    fn new(plan: &TransfersPlan, server: &Running) -> Result<Self, Failure> {
        let bytes: Vec<u8> = (0..PIECE_BYTES).map(|at| (at * at % 251) as u8).collect();
        Ok(Self {
            paced: Paced::new(&plan.paced(), server.dialect())?,
            members: plan.crowd.members,
            carriers: vec![Doing::Resting; plan.transfers],
            last_piece: STANDARD.encode(bytes.get(..LAST_BYTES).unwrap_or_default()),
            piece: STANDARD.encode(bytes),
            files: 0,
            whole: 0,
            announced: 0,
            moved_bytes: 0,
            ends: false,
        })
    }

    /// Takes what somebody with a file got, and has it ask for what is next.
    fn handle_file(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
    ) -> Result<(), Failure> {
        if object.starts_with(br#"{"action":"attachment""#) {
            self.announced += 1;
            return Ok(());
        }
        expect_success(client, object)?;
        let next = number_in(object, b"\"next\":").unwrap_or(FILE_BYTES);
        let is_whole = memmem::find(object, b"\"sha256\":").is_some();
        let carrier = client - self.members;
        let unknown = || strange(client, object);
        let doing = match self.carriers.get(carrier).ok_or_else(unknown)?.clone() {
            Doing::Resting => return Err(unknown()),
            Doing::Opening => {
                let id = text_in(object, b"\"upload\":\"").ok_or_else(unknown)?;
                self.put(swarm, client, &id, 0);
                Doing::Putting { id }
            }
            Doing::Putting { id } if is_whole => {
                self.whole += 1;
                get(swarm, client, &id, 0);
                Doing::Getting { id, from: 0 }
            }
            Doing::Putting { id } => {
                self.put(swarm, client, &id, next);
                Doing::Putting { id }
            }
            Doing::Getting { id, from } => {
                self.moved_bytes += next.saturating_sub(from);
                if next < FILE_BYTES {
                    get(swarm, client, &id, next);
                    Doing::Getting { id, from: next }
                } else {
                    self.begin(swarm, carrier)
                }
            }
        };
        if let Some(held) = self.carriers.get_mut(carrier) {
            *held = doing;
        }
        Ok(())
    }

    /// Has somebody send a new file to the next of them, or rest at the end.
    fn begin(&mut self, swarm: &mut Swarm, carrier: usize) -> Doing {
        if self.ends {
            return Doing::Resting;
        }
        self.files += 1;
        let from = Identity::Accounts.name(carrier);
        let to = Identity::Accounts.name((carrier + 1) % self.carriers.len());
        swarm.send(self.members + carrier, |out| {
            // Writing into a `Vec` cannot fail.
            let _ = writeln!(
                out,
                r#"{{"action":"upload","time":1,"to":"{to}","from":"{from}","name":"file.bin","size":{FILE_BYTES}}}"#
            );
        });
        Doing::Opening
    }

    fn put(&mut self, swarm: &mut Swarm, client: usize, id: &str, offset: u64) {
        let bytes = PIECE_BYTES.min(FILE_BYTES - offset.min(FILE_BYTES));
        self.moved_bytes += bytes;
        // Equal files would be stored once. Eight digits are six bytes, so the rest stays as it is.
        let number = format!("{:08}", self.files);
        let (begin, rest) = match offset {
            0 => (number.as_str(), self.piece.get(number.len()..).unwrap_or_default()),
            _ if bytes < PIECE_BYTES => ("", self.last_piece.as_str()),
            _ => ("", self.piece.as_str()),
        };
        swarm.send(client, |out| {
            let _ = writeln!(
                out,
                r#"{{"action":"put","time":1,"id":"{id}","offset":{offset},"data":"{begin}{rest}"}}"#
            );
        });
    }

    fn is_resting(&self) -> bool {
        let is_quiet = self.carriers.iter().all(|doing| *doing == Doing::Resting);
        is_quiet && self.announced == self.whole
    }
}

impl Script for Beside {
    fn handle_object(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        if client < self.members {
            self.paced.handle_object(swarm, client, object, now)
        } else {
            self.handle_file(swarm, client, object)
        }
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        if self.files == 0 && !self.ends {
            for carrier in 0..self.carriers.len() {
                let doing = self.begin(swarm, carrier);
                if let Some(held) = self.carriers.get_mut(carrier) {
                    *held = doing;
                }
            }
        }
        let turn = self.paced.handle_turn(swarm, now)?;
        self.ends |= turn == Turn::Done;
        Ok(match turn {
            Turn::Done if !self.is_resting() => Turn::Wait(TURN),
            other => other,
        })
    }

    fn fraction(&self, now: Instant) -> f64 {
        self.paced.fraction(now)
    }

    fn waiting(&self) -> String {
        let (whole, announced) = (self.whole, self.announced);
        format!("{}; {announced} of {whole} files were announced", self.paced.waiting())
    }
}

fn get(swarm: &mut Swarm, client: usize, id: &str, offset: u64) {
    swarm.send(client, |out| {
        let _ = writeln!(out, r#"{{"action":"get","time":1,"id":"{id}","offset":{offset}}}"#);
    });
}

/// The number behind a key. What is quoted in an answer about files is base64, a name of ours or
/// hexadecimal, so that no key stands in a text.
fn number_in(object: &[u8], key: &[u8]) -> Option<u64> {
    let rest = object.get(memmem::find(object, key)? + key.len()..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(..digits.clamp(1, 19)).and_then(number)
}

/// The text behind a key with its quote.
fn text_in(object: &[u8], key: &[u8]) -> Option<String> {
    let rest = object.get(memmem::find(object, key)? + key.len()..)?;
    let text = rest.get(..memchr::memchr(b'"', rest)?)?;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_their_keys() {
        let object = br#"{"response":200,"upload":"00ab","next":49152,"time":1}"#;
        assert_eq!(number_in(object, b"\"next\":"), Some(49_152));
        assert_eq!(text_in(object, b"\"upload\":\"").as_deref(), Some("00ab"));
        assert_eq!(number_in(object, b"\"size\":"), None);
        assert_eq!(text_in(br#"{"upload":"00"#, b"\"upload\":\""), None);
    }
}
