//! The frames of seed 004, whole and cut.

use super::*;
use crate::message::JsonFault;
use proptest::prelude::*;

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

fn frame(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    let (length, body) = out.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, body.len());
    String::from_utf8(body.to_vec()).unwrap()
}

/// What came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Frame(Vec<u8>),
    File(u32, Vec<u8>),
    Refused(u32),
}

/// Decodes a stream that comes in pieces; behind each frame `file` says whether a file follows.
fn hear(stream: &[u8], pieces: &[usize], file: impl Fn(&[u8]) -> bool) -> Vec<Heard> {
    let mut decoder = Decoder::default();
    let mut heard = Vec::new();
    let (mut done, mut come) = (0, 0);
    let mut pieces = pieces.iter().cycle();
    while come < stream.len() {
        come = stream.len().min(come + pieces.next().copied().unwrap_or(usize::MAX / 2).max(1));
        loop {
            match decoder.decode(&stream[done..come]) {
                Decoded::Incomplete => break,
                Decoded::Refused { length } => {
                    heard.push(Heard::Refused(length));
                    return heard;
                }
                Decoded::Frame { frame, consumed } => {
                    if file(frame) {
                        decoder.expect_file();
                    }
                    heard.push(Heard::Frame(frame.to_vec()));
                    done += consumed;
                }
                Decoded::File { length, consumed } => {
                    heard.push(Heard::File(length, Vec::new()));
                    done += consumed;
                }
                Decoded::Piece { bytes, consumed, .. } => {
                    let Some(Heard::File(_, whole)) = heard.last_mut() else { panic!("no file") };
                    whole.extend_from_slice(bytes);
                    done += consumed;
                }
            }
        }
        assert!(come - done < OBJECT_HELD_BYTES);
    }
    heard
}

#[test]
fn what_seed_004s_client_writes_is_read() {
    let rows: [(&str, Said); 6] = [
        (r#"{"nickname":"Ivan"}"#, Said::Nickname("Ivan".into())),
        (r#"{"text":"Hello"}"#, Said::Text { text: "Hello".into(), attachment: None }),
        (
            r#"{"text":"Hello","attachment":"1.jpg"}"#,
            Said::Text { text: "Hello".into(), attachment: Some("1.jpg".into()) },
        ),
        ("{\"text\":\"a\nb\"}", Said::Text { text: "a\nb".into(), attachment: None }),
        (r#"{"other":"x"}"#, Said::Nothing),
        (r#"{"text":["x"]}"#, Said::Nothing),
    ];
    for (frame, said) in rows {
        assert_eq!(read(frame.as_bytes(), &Limits::default()), Ok(said), "{frame}");
    }
    let fault = Fault { what: JsonFault::Expected("an object in { }"), at: 0 };
    assert_eq!(read(b"hello", &Limits::default()), Err(fault));
}

#[test]
fn frames_are_those_of_seed_004() {
    assert_eq!(frame(|out| write_status(out, "success")), r#"{"status":"success"}"#);
    let message = frame(|out| write_message(out, "Ivan", "\"Hi\"\\\n", 1_632_746_096_789_000));
    let expected = concat!(
        r#"{"time":"2021-09-27 12:34:56.789000+00:00","nickname":"Ivan","text":"\"Hi\"\\"#,
        "\n",
        r#""}"#
    );
    assert_eq!(message, expected);
}

#[test]
fn lengths_are_refused_before_anything_is_held() {
    let rows: [(&[u8], u32); 4] = [
        (b"\xff\xff\xff\xff", u32::MAX),
        (b"\x00\x00\x00\x00{}", 0),
        (b"\x00\x00\x24\x00", 9 * 1024),
        (b"\x00\x01\x00\x00", 65_536),
    ];
    for (stream, length) in rows {
        assert_eq!(hear(stream, &[1], |_| false), [Heard::Refused(length)]);
    }
    let longest = framed(&vec![b' '; FRAME_BYTES]);
    assert_eq!(hear(&longest, &[700], |_| false).len(), 1);
    // Shorter than what follows: the rest is the next frame's length.
    let heard = hear(b"\x00\x00\x00\x01{}}}}", &[99], |_| false);
    assert_eq!(heard, [Heard::Frame(b"{".to_vec()), Heard::Refused(u32::from_be_bytes(*b"}}}}"))]);
}

#[test]
fn an_empty_file_is_over_at_once() {
    let stream = [framed(b"{1}"), framed(b""), framed(b"{2}")].concat();
    let heard = hear(&stream, &[3], |frame| frame == b"{1}");
    let expected =
        [Heard::Frame(b"{1}".to_vec()), Heard::File(0, vec![]), Heard::Frame(b"{2}".to_vec())];
    assert_eq!(heard, expected);
}

proptest! {
    #[test]
    fn any_cut_is_as_good(
        bodies in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..300)), 0..8),
        pieces in prop::collection::vec(0_usize..40, 1..8),
    ) {
        // The first byte of a control frame says whether a file follows.
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (has_file, body) in bodies {
            let mut control = vec![u8::from(has_file)];
            control.extend_from_slice(&body);
            stream.extend(framed(&control));
            expected.push(Heard::Frame(control));
            if has_file {
                stream.extend(framed(&body));
                expected.push(Heard::File(u32::try_from(body.len()).unwrap(), body));
            }
        }
        let file = |frame: &[u8]| frame.first() == Some(&1);
        prop_assert_eq!(&hear(&stream, &pieces, file), &expected);
        prop_assert_eq!(&hear(&stream, &[stream.len().max(1)], file), &expected);
    }

    #[test]
    fn any_bytes_are_frames_or_refused(stream in any::<Vec<u8>>(), pieces in prop::collection::vec(0_usize..9, 1..4)) {
        let heard = hear(&stream, &pieces, |frame| frame.len() % 2 == 0);
        prop_assert_eq!(heard, hear(&stream, &[stream.len().max(1)], |frame| frame.len() % 2 == 0));
    }
}
