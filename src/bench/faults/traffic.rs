//! Attacks by those who send too much, read too little, or end in the middle.

use super::attack::{Attack, Missed, Outcome, Seen, ensure, message};
use super::peer::{Kind, Peer};
use crate::bench::entrance::{PASSWORD, ROOM};
use crate::bench::message::{Message, answer_code, authenticate};
use crate::bench::swarm::clock;
use std::time::Duration;

/// Readers that stop at a time.
const SLOW_READERS: usize = 8;
/// What one request for each of them is.
const LONG_TEXT: &str = "unread ";
/// Those who flood.
pub(super) const FLOODERS: usize = 4;
/// Those who flood where they are many: an even number.
const MANY_FLOODERS: usize = 200;
/// Bytes that a flooder has ready to be sent.
const READY_BYTES: usize = 64 * 1024;
/// The length of a text to the room.
const TEXT_BYTES: usize = 120;
/// Requests that are sent without reading one answer.
const PIPELINED: usize = 100_000;
/// After so long without a byte taken, the server is said to have stopped reading.
const STOPPED: Duration = Duration::from_millis(300);

/// Readers stop in the middle of what is written to them, and each is cut at its bound.
pub(super) fn slow_readers(attack: &Attack) -> Outcome {
    let (mut cut, mut writer) = (0, attack.guest("writer")?);
    while attack.goes_on() || cut == 0 {
        let names = (0..SLOW_READERS).map(|n| format!("slow-{}", cut + n)).collect::<Vec<_>>();
        let slow = names.iter().map(|name| attack.guest_by(name, Kind::SmallWindow));
        let slow = slow.collect::<Result<Vec<_>, _>>()?;
        let text = LONG_TEXT.repeat(70);
        let all: String = names.iter().map(|name| message("writer", name, &text)).collect();
        let mut here = SLOW_READERS;
        while here > 0 {
            writer.send(&all)?;
            here = 0;
            for _ in 0..SLOW_READERS {
                // 410, 404: it is gone.
                here += usize::from(writer.answer()?.0 == 200);
            }
        }
        drop(slow);
        cut += SLOW_READERS;
    }
    let logged = attack.logged("slow reader: ");
    ensure(logged >= cut, || format!("{logged} of {cut} readers that stopped were cut as such"))?;
    Ok(format!("{cut} readers were cut at their bound").into())
}

/// A client that sends without waiting.
struct Flooder {
    peer: Peer,
    /// What is to be sent next, from `sent` on.
    ready: Vec<u8>,
    sent_bytes: usize,
    /// How many messages may be unanswered.
    window: u64,
    written: u64,
    answered: u64,
    refused: u64,
}

impl Flooder {
    fn new(peer: Peer, window: u64) -> Result<Self, Missed> {
        peer.never_wait()?;
        let ready = Vec::new();
        Ok(Self { peer, ready, sent_bytes: 0, window, written: 0, answered: 0, refused: 0 })
    }

    /// Sends what is taken, of messages that `next` writes; whether anything was.
    fn push(&mut self, more: bool, next: impl Fn(u64, &mut Vec<u8>)) -> Result<bool, Missed> {
        if self.sent_bytes == self.ready.len() {
            self.ready.clear();
            self.sent_bytes = 0;
            let most = self.answered.saturating_add(self.window);
            while more && self.ready.len() < READY_BYTES && self.written < most {
                next(self.written, &mut self.ready);
                self.written += 1;
            }
        }
        let rest = self.ready.get(self.sent_bytes..).unwrap_or_default();
        let taken = if rest.is_empty() { 0 } else { self.peer.offer(rest)? };
        self.sent_bytes += taken;
        Ok(taken > 0)
    }

    /// Reads what is there; whether anything was.
    fn pull(&mut self) -> Result<bool, Missed> {
        let (mut answered, mut refused) = (0, 0);
        let lines = self.peer.take(|line| match answer_code(line) {
            Some(200) => answered += 1,
            Some(_) => refused += 1,
            None => {}
        })?;
        self.answered += answered;
        self.refused += refused;
        let lines = lines.ok_or_else(|| Missed("who sent too fast was cut".to_owned()))?;
        Ok(lines > 0)
    }

    fn is_owed(&self) -> bool {
        self.answered + self.refused < self.written || self.sent_bytes < self.ready.len()
    }
}

/// Floods until the end, and waits for all answers.
fn flood(
    attack: &Attack,
    flooders: &mut [Flooder],
    next: impl Fn(usize, u64, &mut Vec<u8>),
) -> Result<u64, Missed> {
    while attack.goes_on() || flooders.iter().any(Flooder::is_owed) {
        let mut is_busy = false;
        for (n, flooder) in flooders.iter_mut().enumerate() {
            is_busy |= flooder.push(attack.goes_on(), |number, out| next(n, number, out))?;
            is_busy |= flooder.pull()?;
        }
        if !is_busy {
            attack.rest(Duration::from_millis(1));
        }
    }
    let refused: u64 = flooders.iter().map(|flooder| flooder.refused).sum();
    ensure(refused == 0, || format!("{refused} messages of a flood were refused"))?;
    Ok(flooders.iter().map(|flooder| flooder.written).sum())
}

/// A few guests write to each other as fast as they are read.
pub(super) fn flood_elsewhere(attack: &Attack) -> Outcome {
    flood_each_other(attack, FLOODERS)
}

/// Many do.
pub(super) fn flood_by_many(attack: &Attack) -> Outcome {
    flood_each_other(attack, MANY_FLOODERS / attack.fewer)
}

fn flood_each_other(attack: &Attack, count: usize) -> Outcome {
    let name = |n: usize| format!("flooder-{n}");
    let guests = (0..count).map(|n| Flooder::new(attack.guest(&name(n))?, u64::MAX));
    let mut flooders = guests.collect::<Result<Vec<_>, _>>()?;
    let text = "x".repeat(TEXT_BYTES);
    let texts: Vec<String> = (0..count).map(|n| message(&name(n), &name(n ^ 1), &text)).collect();
    let written = flood(attack, &mut flooders, |n, _, out| {
        out.extend_from_slice(texts.get(n).map(String::as_bytes).unwrap_or_default());
    })?;
    Ok(format!("{written} messages, each answered").into())
}

/// What the room's other members write to it.
pub(super) fn intrusions(members: usize) -> Vec<Message> {
    let write = |n| Message::new(n, &Attack::name(n), ROOM, TEXT_BYTES);
    (members..members + FLOODERS).map(write).collect()
}

/// Other members of the room write to it as fast as they are read.
pub(super) fn flood_room(attack: &Attack) -> Outcome {
    let told = tell_the_room(attack, u64::MAX)?;
    Ok(Seen { text: format!("{told} messages, each with every member, in order"), told })
}

/// Messages of a throttled flooder that may be unanswered, so that it ends soon.
const THROTTLED_WINDOW: u64 = 200;
/// What each may send a second, and at once; that once more, since it is paid for behind.
const THROTTLE: f64 = 100.0;

/// The same, where each may only send so much a second.
pub(super) fn flood_throttled(attack: &Attack) -> Outcome {
    let begun = clock();
    let told = tell_the_room(attack, THROTTLED_WINDOW)?;
    let seconds = clock().duration_since(begun).as_secs_f64();
    let (each, most) = (told as f64 / FLOODERS as f64, THROTTLE * (seconds + 2.0));
    ensure(each <= most, || format!("{each} messages of each were taken in {seconds:.1} s"))?;
    Ok(Seen { text: format!("{told} messages in {seconds:.1} s, each with every member"), told })
}

fn tell_the_room(attack: &Attack, window: u64) -> Result<u64, Missed> {
    let member = |n| Flooder::new(attack.account(attack.members + n)?, window);
    let mut flooders = (0..FLOODERS).map(member).collect::<Result<Vec<_>, _>>()?;
    let messages = intrusions(attack.members);
    flood(attack, &mut flooders, |n, number, out| {
        if let Some(message) = messages.get(n) {
            message.write(number, out);
        }
    })
}

/// A client sends a hundred thousand requests and reads no answer until the end.
pub(super) fn pipeline(attack: &Attack) -> Outcome {
    let mut guest = attack.guest("pipeliner")?;
    guest.never_wait()?;
    let request = message("pipeliner", "nobody-at-all", "");
    let pipelined = PIPELINED / attack.fewer;
    let all = request.repeat(pipelined);
    let all = all.as_bytes();
    let mut sent = push_until_stopped(attack, &mut guest, all, 0)?;
    let stopped_at = sent / request.len();
    attack.rest_to_the_end();
    let mut answered = 0;
    while answered < pipelined {
        let taken = push_some(&mut guest, all, &mut sent)?;
        let lines = guest.take(|_| {})?;
        let lines = lines.ok_or_else(|| Missed("who read no answers was cut".to_owned()))?;
        answered += lines;
        if taken + lines == 0 {
            attack.rest(Duration::from_millis(1));
        }
    }
    Ok(format!("{stopped_at} fitted in before an answer was read; all {answered} answered").into())
}

fn push_some(guest: &mut Peer, all: &[u8], sent: &mut usize) -> Result<usize, Missed> {
    let rest = all.get(*sent..).unwrap_or_default();
    let taken = if rest.is_empty() { 0 } else { guest.offer(rest)? };
    *sent += taken;
    Ok(taken)
}

/// How much the server took before it stopped reading.
fn push_until_stopped(
    attack: &Attack,
    guest: &mut Peer,
    all: &[u8],
    mut sent: usize,
) -> Result<usize, Missed> {
    let step = Duration::from_millis(5);
    let mut idle = Duration::ZERO;
    while idle < STOPPED && sent < all.len() {
        if push_some(guest, all, &mut sent)? > 0 {
            idle = Duration::ZERO;
        } else {
            attack.rest(step);
            idle += step;
        }
    }
    Ok(sent)
}

/// Clients send their requests and then end their side: each is still answered.
pub(super) fn half_close(attack: &Attack) -> Outcome {
    const REQUESTS: usize = 10;
    let request = message("halved", "nobody-at-all", "");
    let closed = attack.at_rate(200.0, |_| {
        let mut guest = attack.guest("halved")?;
        guest.send(request.repeat(REQUESTS))?;
        guest.end_writing()?;
        let lines = guest.lines_to_the_end()?;
        ensure(lines == REQUESTS, || format!("{lines} of {REQUESTS} answers at a half-close"))
    })?;
    Ok(format!("{closed} half-closed, each request answered").into())
}

/// Clients vanish by a reset in the middle of what they are sent.
pub(super) fn resets(attack: &Attack) -> Outcome {
    let to_itself = message("vanishing", "vanishing", &"x".repeat(400)).repeat(50);
    let reset = attack.at_rate(200.0, |_| {
        let mut guest = attack.guest("vanishing")?;
        guest.send(&to_itself)?;
        Ok(guest.reset()?)
    })?;
    attack.expect_members_alone()?;
    Ok(format!("{reset} resets, and nobody is left of them").into())
}

/// One address guesses a password as fast as it is answered, if it is answered.
pub(super) fn guesses(attack: &Attack) -> Outcome {
    const FAILURES_A_MINUTE: u64 = 30;
    let guess = authenticate(&Attack::name(attack.outsiders), "wrong");
    let (mut wrong, mut told_to_wait, mut right) = (0, 0, 0);
    let mut guesser = Peer::connect(attack.address, Kind::From([127, 0, 0, 2].into()))?;
    while attack.goes_on() || told_to_wait == 0 {
        match guesser.ask(&guess)? {
            402 => wrong += 1,
            429 => told_to_wait += 1,
            code => return Err(Missed(format!("a wrong password was answered {code}"))),
        }
        ensure(wrong <= FAILURES_A_MINUTE + 1, || format!("{wrong} passwords could be tried"))?;
        if (wrong + told_to_wait) % 1000 == 1 {
            attack.account(attack.outsiders + 1)?;
            right += 1;
        }
    }
    Ok(format!("{wrong} tried, {told_to_wait} told to wait; {right} others logged in").into())
}

/// Many connections, for which no limit holds, log in with passwords right and wrong.
pub(super) fn hashing(attack: &Attack) -> Outcome {
    const PARALLEL: usize = 16;
    let name = Attack::name(attack.outsiders);
    let requests = [authenticate(&name, "wrong"), authenticate(&name, PASSWORD)];
    let (mut right, mut wrong, mut busy) = (0, 0, 0);
    while attack.goes_on() || right == 0 {
        let mut peers = (0..PARALLEL).map(|_| attack.connect()).collect::<Result<Vec<_>, _>>()?;
        for (peer, request) in peers.iter_mut().zip(requests.iter().cycle()) {
            peer.send(request)?;
        }
        for peer in &mut peers {
            match peer.answer()?.0 {
                // 200: the account is here already.
                200 | 202 => right += 1,
                402 => wrong += 1,
                429 => busy += 1,
                code => return Err(Missed(format!("a password was answered {code}"))),
            }
        }
    }
    Ok(format!("{right} right and {wrong} wrong passwords were hashed, {busy} put off").into())
}
