//! The client's half of the exchange: what seed 004's client writes, and reads.

pub use super::file_length;
use super::value::{Fault, load};
use super::{members, write_frame};
use crate::limits::Limits;

/// What a server said in a control frame: any of these, each where it is a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// `success`, or why we are not let in.
    pub status: Option<String>,
    /// When a message came to the server, as Python prints a moment.
    pub time: Option<String>,
    /// Who wrote it.
    pub nickname: Option<String>,
    /// What.
    pub text: Option<String>,
    /// The name, as the sender gave it, of the file that the next frame holds.
    pub attachment: Option<String>,
}

/// Reads a control frame.
///
/// # Errors
/// Where it is no object in seed 004's form.
pub fn read(frame: &[u8], limits: &Limits) -> Result<Heard, Fault> {
    let value = load(frame, limits)?;
    let text = |key| value.text(key).map(str::to_owned);
    Ok(Heard {
        status: text("status"),
        time: text("time"),
        nickname: text("nickname"),
        text: text("text"),
        attachment: text("attachment"),
    })
}

/// Writes the first frame: who we are.
pub fn write_nickname(out: &mut Vec<u8>, nickname: &str) {
    write_frame(out, |out| members(out, &[("nickname", nickname)]));
}

/// Writes a message's frame. With an attachment the file's frame has to follow at once.
pub fn write_text(out: &mut Vec<u8>, text: &str, attachment: Option<&str>) {
    let mut said = vec![("text", text)];
    said.extend(attachment.map(|name| ("attachment", name)));
    write_frame(out, |out| members(out, &said));
}

#[cfg(test)]
mod tests {
    use super::super::{Decoded, Decoder, Said, read as read_said, write_message};
    use super::{Heard, file_length, read, write_nickname, write_text};
    use crate::limits::Limits;

    fn said(out: &[u8]) -> Said {
        let Decoded::Frame { frame, consumed } = Decoder::default().decode(out) else {
            panic!("no frame")
        };
        assert_eq!(consumed, out.len());
        read_said(frame, &Limits::default()).unwrap()
    }

    #[test]
    fn frames_are_written_as_seed_004s_client_does() {
        let mut out = Vec::new();
        write_nickname(&mut out, "Ivan");
        assert_eq!(out, b"\0\0\0\x13{\"nickname\":\"Ivan\"}");
        assert_eq!(said(&out), Said::Nickname("Ivan".into()));
        for attachment in [None, Some("1.jpg")] {
            let mut out = Vec::new();
            write_text(&mut out, "a \"b\" \\ \n", attachment);
            let text = "a \"b\" \\ \n".to_owned();
            assert_eq!(said(&out), Said::Text { text, attachment: attachment.map(Into::into) });
        }
        assert_eq!(file_length(0x0102_0304), [1, 2, 3, 4]);
    }

    #[test]
    fn what_a_server_says_is_read() {
        let limits = Limits::default();
        let status = read(br#"{"status":"success"}"#, &limits).unwrap();
        assert_eq!(status, Heard { status: Some("success".into()), ..Heard::default() });
        let mut out = Vec::new();
        write_message(&mut out, "a", "b", 0);
        let message = read(&out[4..], &limits).unwrap();
        let expected = Heard {
            time: Some("1970-01-01 00:00:00.000000+00:00".into()),
            nickname: Some("a".into()),
            text: Some("b".into()),
            ..Heard::default()
        };
        assert_eq!(message, expected);
        let lists = read(br#"{"text":["x"],"attachment":"1.jpg"}"#, &limits).unwrap();
        assert_eq!(lists, Heard { attachment: Some("1.jpg".into()), ..Heard::default() });
        assert!(read(b"{", &limits).is_err());
    }

    #[test]
    fn a_decoder_takes_frames_as_long_as_it_is_told() {
        let mut out = Vec::new();
        write_text(&mut out, &"x".repeat(10_000), None);
        assert!(matches!(Decoder::default().decode(&out), Decoded::Refused { .. }));
        let longest = out.len() - 4;
        let mut decoder = Decoder::with_longest(longest);
        assert!(matches!(decoder.decode(&out), Decoded::Frame { .. }));
        let mut decoder = Decoder::with_longest(longest - 1);
        assert_eq!(decoder.decode(&out), Decoded::Refused { length: longest as u32 });
    }
}
