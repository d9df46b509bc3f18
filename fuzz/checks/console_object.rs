//! Any bytes as what a console client sends: read without panic, and what is read becomes a JIM
//! object that says the same. And as what a server sends to it.

use jim::limits::Limits;
use jim::wire::console::{client, parts, read, write_as_jim, write_message};
use jim::wire::{Decoded, Decoder};

pub fn check(data: &[u8]) {
    let limits = Limits::default();
    let text = String::from_utf8_lossy(data);
    let _ = client::read(data, &limits);
    let mut line = Vec::new();
    client::write_line(&mut line, &text);
    assert!(read(&line, &limits).is_some());
    let mut whole = String::new();
    for part in parts("somebody", &text) {
        let mut out = Vec::new();
        write_message(&mut out, "somebody", part);
        assert!(out.len() <= 1000);
        whole.push_str(part);
    }
    assert_eq!(whole, text);
    let Some(said) = read(data, &limits) else { return };
    let mut object = Vec::new();
    write_as_jim(&mut object, &said, "somebody", "#all", 1);
    match Decoder::default().decode(&object, &limits) {
        Decoded::Request { request, consumed } => {
            assert_eq!(consumed, object.len());
            assert!(request.action.is_some() && request.time.is_some());
        }
        Decoded::Malformed { .. } => assert!(object.len() > 9 * 1024),
        Decoded::Incomplete { .. } => panic!("half an object"),
    }
}
