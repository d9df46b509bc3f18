//! Attacks by many connections, and by those who do not speak JIM.

use super::attack::{Attack, Missed, Outcome, ensure};
use super::peer::{Kind, Peer, is_reset};
use crate::bench::message::{answer_code, presence};
use crate::bench::swarm::clock;
use std::fmt::Write as _;
use std::time::Duration;

/// Connections that are there and say nothing.
pub(super) const IDLE: usize = 10_000;
/// Clients that come in the same moment.
pub(super) const AT_ONCE: usize = 2_000;
/// Clients that send a byte now and then.
pub(super) const TRICKLING: usize = 1_000;
/// The most connections from one address, where the address is what is measured.
const FROM_ONE_ADDRESS: usize = 100;

/// Connections come and say nothing; others are let in and answered.
pub(super) fn idle(attack: &Attack) -> Outcome {
    let count = IDLE / attack.fewer;
    let mut silent = Vec::with_capacity(count);
    for number in 0..count {
        silent.push(attack.connect()?);
        if number % 100 == 0 {
            attack.expect_service()?;
        }
    }
    let expected = (count + attack.members) as u64;
    attack.wait_until("all are connected", || Ok(attack.connections()? >= expected))?;
    attack.rest_to_the_end();
    attack.expect_service()?;
    drop(silent);
    attack.expect_members_alone()?;
    Ok(format!("{count} were held, a newcomer was answered").into())
}

/// More connections come from one address than it may have.
pub(super) fn one_address(attack: &Attack) -> Outcome {
    let own = Kind::From([127, 0, 0, 2].into());
    let mut admitted = Vec::new();
    for _ in 0..FROM_ONE_ADDRESS {
        let mut peer = Peer::connect(attack.address, own)?;
        peer.ask_expecting(presence("crowd"), 200)?;
        admitted.push(peer);
    }
    let (mut told, mut dropped) = (0_u64, 0_u64);
    attack.at_rate(2000.0, |number| {
        let line = Peer::connect(attack.address, own).and_then(|mut peer| peer.line());
        match line {
            Ok(Some(line)) if answer_code(&line) == Some(429) => told += 1,
            Ok(None) => dropped += 1,
            Err(error) if is_reset(&error) => dropped += 1,
            other => return Err(Missed(format!("one too many was told {other:?}"))),
        }
        if number % 200 == 0 { attack.expect_service() } else { Ok(()) }
    })?;
    ensure(told > 0, || "nobody was told 429".to_owned())?;
    Ok(format!(
        "{FROM_ONE_ADDRESS} were let in, {told} told 429, {dropped} cut; others were let in"
    )
    .into())
}

/// Guests come, say who they are, and go.
pub(super) fn reconnects(attack: &Attack) -> Outcome {
    let came =
        attack.at_rate(500.0, |number| attack.guest(&format!("storm-{number}")).map(drop))?;
    attack.expect_members_alone()?;
    Ok(format!("{came} came, were answered and went").into())
}

/// All come in the same moment, again and again.
pub(super) fn stampede(attack: &Attack) -> Outcome {
    let (mut all, mut longest) = (0, Duration::ZERO);
    let count = AT_ONCE / attack.fewer;
    while attack.goes_on() || all == 0 {
        let begun = clock();
        let mut peers = Vec::with_capacity(count);
        for number in 0..count {
            let mut peer = attack.connect()?;
            peer.send(presence(&format!("herd-{number}")))?;
            peers.push(peer);
        }
        for peer in &mut peers {
            let (code, _) = peer.answer()?;
            ensure(code == 200, || format!("one of many was answered {code}"))?;
        }
        all += count;
        longest = longest.max(clock().duration_since(begun));
    }
    attack.expect_members_alone()?;
    let millis = longest.as_millis();
    Ok(format!("{all} came, {count} at once, and were answered, the last after {millis} ms").into())
}

/// Clients send a byte now and then, and are ended at the deadline of half an object.
pub(super) fn trickle(attack: &Attack) -> Outcome {
    const OBJECT: &[u8] = br#"{"action":"presence","time":1,"status":"#;
    let count = TRICKLING / attack.fewer;
    let mut peers = Vec::with_capacity(count);
    for _ in 0..count {
        let mut peer = attack.connect()?;
        peer.send("{")?;
        peer.never_wait()?;
        peers.push(peer);
    }
    let mut letters = OBJECT.iter().skip(1).chain([b'x'; 1000].iter());
    attack.wait_until("all that trickle are cut", || {
        let letter = letters.next().copied().unwrap_or(b'x');
        peers.retain_mut(|peer| {
            let taken = peer.offer(&[letter]).is_ok();
            taken && matches!(peer.take(|_| {}), Ok(Some(_)))
        });
        attack.rest(Duration::from_millis(100));
        Ok(peers.is_empty() && !attack.goes_on())
    })?;
    attack.expect_members_alone()?;
    Ok(format!("{count} were cut at the deadline").into())
}

/// What is no JIM, of all kinds; each is refused and its connection ends.
pub(super) fn garbage(attack: &Attack) -> Outcome {
    let kinds = [
        "{\"a\":\"".to_owned() + &"x".repeat(1 << 20),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n".to_owned(),
        "\u{80}\u{4}\u{95}\u{10}\0\0\0\0\0\0\0}".to_owned(),
        many_keys(),
    ];
    let mut kinds: Vec<Vec<u8>> = kinds.into_iter().map(String::into_bytes).collect();
    kinds.push(vec![0xff; 64 * 1024]);
    kinds.push(noise(64 * 1024));
    kinds.push(vec![0x16, 3, 1, 0xff, 0xff]);
    let mut lines = 0;
    let sent = attack.at_rate(500.0, |number| {
        let mut peer = attack.connect()?;
        let index = usize::try_from(number).unwrap_or(0) % kinds.len();
        // It may be cut before it has sent all.
        let sent = kinds.get(index).map(|kind| peer.send(kind));
        let _ = sent.map(|_| peer.end_writing());
        lines += peer.lines_to_the_end()?;
        Ok(())
    })?;
    attack.expect_members_alone()?;
    Ok(format!("{sent} connections ended, {lines} lines said why").into())
}

/// An object with ten thousand keys.
fn many_keys() -> String {
    let mut object = "{".to_owned();
    for key in 0..10_000 {
        // Writing to a text never fails.
        let _ = write!(object, "\"{key}\":1,");
    }
    object + "\"last\":1}\n"
}

/// Bytes without order: the same in every run.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// Clients begin TLS and go when the server has done its part, which is the dear one.
pub(super) fn handshakes(attack: &Attack) -> Outcome {
    let hello = client_hello();
    let made = attack.at_rate(1000.0, |_| {
        let mut peer = attack.connect()?;
        peer.send(&hello)?;
        let byte = peer.first_byte()?;
        ensure(byte == Some(0x16), || format!("a greeting in TLS was answered {byte:?}"))
    })?;
    attack.expect_service()?;
    attack.expect_members_alone()?;
    Ok(format!("{made} handshakes were answered and left").into())
}

/// A greeting of TLS 1.3 (RFC 8446, 4.1.2): X25519, one cipher suite, no name.
fn client_hello() -> Vec<u8> {
    let extension = |kind: u8, body: &[u8]| {
        let mut bytes = vec![0, kind, 0, body.len() as u8];
        bytes.extend_from_slice(body);
        bytes
    };
    let mut share = vec![0, 36, 0, 0x1d, 0, 32];
    share.extend_from_slice(&[9; 32]);
    let extensions = [
        extension(43, &[2, 3, 4]),
        extension(10, &[0, 2, 0, 0x1d]),
        extension(13, &[0, 6, 4, 3, 8, 4, 8, 7]),
        extension(51, &share),
    ]
    .concat();
    let mut body = vec![3, 3];
    body.extend_from_slice(&[7; 32]);
    body.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0, 0, extensions.len() as u8]);
    body.extend_from_slice(&extensions);
    let mut hello = vec![0x16, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    hello.extend_from_slice(&body);
    hello
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_says_its_own_length() {
        let hello = client_hello();
        assert_eq!(usize::from(hello[4]), hello.len() - 5);
        assert_eq!(usize::from(hello[8]), hello.len() - 9);
        assert_eq!(hello[5], 1, "a ClientHello");
    }

    #[test]
    fn noise_is_the_same_each_time_and_holds_every_byte() {
        let noise = noise(64 * 1024);
        assert_eq!(noise, super::noise(64 * 1024));
        assert!((0..=u8::MAX).all(|byte| noise.contains(&byte)));
    }
}
