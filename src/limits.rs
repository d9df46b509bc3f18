//! Every bound in the product, its unit in its name.
//!
//! [`Limits`] holds the bounds of the protocol, which an operator may set; the constants are fixed,
//! since other code relies on how they relate to one another.

use std::time::Duration;

/// The most that [`Limits::name_chars`] may be set to.
pub const MOST_NAME_CHARS: usize = 32;

/// The protocol's bounds (PROTOCOL.md, "Limits"), counted in characters as seed 001 does: an
/// escape such as `\u043f` counts as the one character that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest `action`.
    pub action_chars: usize,
    /// The longest account name, and room name without its `#`.
    pub name_chars: usize,
    /// The longest `message`.
    pub message_chars: usize,
    /// The longest whole object, white space inside it included.
    pub object_chars: usize,
    /// The longest `msg` that has only seed 001's fields and `user`, each within its own limit.
    pub msg_object_chars: usize,
    /// The longest `encoding` and `id`.
    pub tag_chars: usize,
    /// The longest `status` and `topic`.
    pub status_chars: usize,
    /// The longest password.
    pub password_chars: usize,
    /// The longest `time` that is a text.
    pub time_text_chars: usize,
    /// The most members that one object may have.
    pub object_members: usize,
    /// How deep objects and arrays may nest.
    pub object_depth: usize,
    /// How many requests in a row may be answered 400 before the connection is closed.
    pub bad_requests: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            action_chars: 15,
            name_chars: 25,
            message_chars: 500,
            object_chars: 640,
            msg_object_chars: 720,
            tag_chars: 64,
            status_chars: 100,
            password_chars: 128,
            time_text_chars: 64,
            object_members: 64,
            object_depth: 32,
            bad_requests: 10,
        }
    }
}

/// The longest object that is held in memory to be looked at: 640 escaped emoji are 7.7 KiB. A
/// longer one is only counted to its closing brace.
pub const OBJECT_HELD_BYTES: usize = 9 * 1024;

/// An object that has not closed after this many bytes is answered 400 and the connection closed.
pub const OBJECT_OPEN_BYTES: usize = 64 * 1024;

/// The same as [`OBJECT_HELD_BYTES`] for a connection with `files`, whose `put` has a piece in it.
pub const PUT_HELD_BYTES: usize = 72 * 1024;

/// The same as [`OBJECT_OPEN_BYTES`] for a connection with `files`.
pub const PUT_OPEN_BYTES: usize = PUT_HELD_BYTES + OBJECT_OPEN_BYTES;

/// The size that the read buffer of a connection with `files` grows to while it holds half a `put`.
pub const PUT_BUFFER_BYTES: usize = PUT_HELD_BYTES + READ_BUFFER_BYTES;

/// A plain client's answer stays under this many bytes, since some clients call `recv(640)`.
pub const ANSWER_BYTES: usize = 640;

/// The size of a read buffer, and so the most that one `read` brings.
pub const READ_BUFFER_BYTES: usize = 16 * 1024;

/// The most that is read from one connection in one turn of the loop.
pub const READ_TURN_BYTES: usize = 64 * 1024;

/// The most requests that are handled for one connection in one turn of the loop.
pub const REQUESTS_PER_TURN: usize = 256;

/// The most that is written to one connection in one turn of the loop.
pub const WRITE_TURN_BYTES: usize = 256 * 1024;

/// The most parts that one `writev` is given.
pub const WRITE_PARTS: usize = 64;

/// The most that a TLS session holds for writing, in bytes of what it was given.
pub const TLS_OUTPUT_BYTES: usize = 32 * 1024;

/// The most bytes that a client may take for its part of a TLS handshake.
pub const HANDSHAKE_BYTES: usize = 16 * 1024;

/// The most connections whose TLS handshake is gone on with in one turn of the loop: each may cost
/// a signature.
pub const HANDSHAKES_PER_TURN: usize = 16;

/// The most connections that are accepted in one turn of the loop.
pub const ACCEPTS_PER_TURN: usize = 64;

/// The most events that one `poll` reports.
pub const EVENTS_PER_POLL: usize = 1024;

/// Reading from a connection pauses while this many bytes of answers are unread by it.
pub const UNREAD_ANSWER_BYTES: usize = 64 * 1024;

/// How long a closing connection's input is read and dropped, so that no reset eats the answer.
pub const LINGER: Duration = Duration::from_secs(2);

/// How much of a closing connection's input is read and dropped.
pub const LINGER_BYTES: u32 = 1024 * 1024;

/// The gap between two objects to a beginner.
pub const PACE_GAP: Duration = Duration::from_millis(5);

/// The time between two objects to a client of console chat, which looks every 0.2 s and dies of
/// two in one look.
pub const CONSOLE_GAP: Duration = Duration::from_millis(250);

/// With many objects waiting, the gap is this divided by their number, if that is less.
pub const PACE_BACKLOG: Duration = Duration::from_millis(100);

/// How long a busy room's messages are held back at most, where nothing else is set.
pub const HOLD: Duration = Duration::from_millis(2);

/// More requests under way than this make a beginner an ordinary client.
pub const BEGINNER_REQUESTS: usize = 8;

/// TCP keepalive: the first probe after this long without traffic.
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// `TCP_USER_TIMEOUT`: how long sent data may stay unacknowledged.
pub const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Rows in one storage transaction: more only adds latency.
pub const STORAGE_BATCH_ROWS: usize = 1024;

/// How many entries a listing has at most.
pub const LISTING_ENTRIES: usize = 200;

/// How many contacts a list may have.
pub const CONTACTS: usize = 1000;

/// How many messages of the past are answered where no `limit` says it.
pub const HISTORY_USUAL: usize = 50;

/// The most bytes of messages of the past in one answer.
pub const HISTORY_BYTES: usize = 256 * 1024;

/// The most bytes of one piece of a file in JIM, which carries it in base64.
pub const PIECE_BYTES: usize = 48 * 1024;

/// The longest `data`: that many bytes in base64.
pub const PIECE_CHARS: usize = PIECE_BYTES / 3 * 4;

/// The same in an answer to a client that asked for no feature, which must stay short.
pub const BRIEF_PIECE_BYTES: usize = 96;

/// The most bytes of one piece of a file as it is, in the exchange and from the disk.
pub const RAW_PIECE_BYTES: usize = 64 * 1024;

/// A file that a client of the exchange sends must come at this rate on the average, in bytes a
/// second, after half an object's time: meanwhile it holds room in the quotas.
pub const EXCHANGE_FILE_BYTES_PER_SECOND: u64 = 16 * 1024;

/// How long an upload may take; what there is of it then is removed.
pub const UPLOAD_TIME: Duration = Duration::from_secs(24 * 3600);

/// What a file counts for at least in the quotas, in bytes: a block of a disk, and its row.
pub const ATTACHMENT_COUNTED_BYTES: u64 = 4096;

/// argon2id memory in KiB (OWASP's 19 MiB).
pub const ARGON2_MEMORY_KIB: u32 = 19_456;

/// argon2id passes over the memory.
pub const ARGON2_PASSES: u32 = 2;

/// argon2id lanes.
pub const ARGON2_LANES: u32 = 1;

/// Password hashes that may wait, all addresses together.
pub const HASHES_WAITING: usize = 1024;

/// Password hashes that may wait for one address.
pub const HASHES_WAITING_PER_ADDRESS: usize = 64;

// What one bound relies on in another.
const _: () = assert!(OBJECT_HELD_BYTES < READ_BUFFER_BYTES);
const _: () = assert!(OBJECT_HELD_BYTES < OBJECT_OPEN_BYTES);
const _: () = assert!(PIECE_CHARS < PUT_HELD_BYTES);
const _: () = assert!(READ_BUFFER_BYTES <= READ_TURN_BYTES);
