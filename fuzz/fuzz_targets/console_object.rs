//! Any bytes as what a console client sends: read without panic, and what is read becomes a JIM
//! object that says the same.
#![no_main]

use jim::limits::Limits;
use jim::wire::console::{parts, read, write_as_jim, write_message};
use jim::wire::detect::detect;
use jim::wire::{Decoded, Decoder};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Once it is known what a connection speaks, no further byte changes that.
    if let Some(wire) = (0..data.len()).find_map(|end| detect(&data[..end])) {
        assert_eq!(detect(data), Some(wire));
    }
    let limits = Limits::default();
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
    let text = String::from_utf8_lossy(data);
    let mut whole = String::new();
    for part in parts("somebody", &text) {
        let mut out = Vec::new();
        write_message(&mut out, "somebody", part);
        assert!(out.len() <= 1000);
        whole.push_str(part);
    }
    assert_eq!(whole, text);
});
