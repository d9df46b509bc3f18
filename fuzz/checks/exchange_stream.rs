//! Any bytes as frames of the exchange, cut anywhere: the same results, within the bounds, and no
//! panic; a frame that is read is written and read again as it was.
use jim::limits::{Limits, OBJECT_HELD_BYTES};
use jim::wire::exchange::value::{dump, load};
use jim::wire::exchange::{Decoded, Decoder, read};

/// What a stream gave, in pieces of so many bytes.
fn hear(stream: &[u8], piece: usize) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut heard = Vec::new();
    let mut file = None;
    let (mut done, mut come) = (0, 0);
    while come < stream.len() {
        come = stream.len().min(come + piece.max(1));
        loop {
            match decoder.decode(&stream[done..come]) {
                Decoded::Incomplete => break,
                Decoded::Refused { length } => {
                    heard.push(format!("refused {length}"));
                    return heard;
                }
                Decoded::Frame { frame, consumed } => {
                    heard.push(format!("{:?}", read(frame, &Limits::default())));
                    if frame.len() % 3 == 0 {
                        decoder.expect_file();
                    }
                    done += consumed;
                }
                Decoded::File { length, consumed } => {
                    heard.push(format!("file of {length}"));
                    file = Some(0_usize);
                    done += consumed;
                }
                Decoded::Piece { bytes, is_last, consumed } => {
                    let length = file.unwrap_or_default() + bytes.len();
                    file = (!is_last).then_some(length);
                    if is_last {
                        heard.push(format!("{length} bytes"));
                    }
                    done += consumed;
                }
            }
        }
        assert!(come - done < OBJECT_HELD_BYTES);
    }
    heard
}

pub fn check(data: &[u8]) {
    if let Ok(value) = load(data, &Limits::default()) {
        let mut out = Vec::new();
        dump(&value, &mut out);
        assert_eq!(load(&out, &Limits::default()), Ok(value));
    }
    let piece = data.first().copied().map_or(1, usize::from);
    assert_eq!(hear(data, piece), hear(data, data.len()));
}
