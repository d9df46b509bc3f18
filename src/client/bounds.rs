//! The client's own bounds, each with its unit in its name or type.

use std::time::Duration;

/// The longest object that is taken from a server. The plain protocol's are under 1 KiB.
pub const SERVER_OBJECT_BYTES: usize = 1024 * 1024;

/// The most that one `read` brings, from the server or from standard input.
pub const READ_BYTES: usize = 16 * 1024;

/// How many reads one turn of the loop makes before it looks at the keyboard again.
pub const READS_PER_TURN: usize = 4;

/// The longest line of input that is looked at; a longer one is refused and only counted.
pub const INPUT_LINE_BYTES: usize = 1024 * 1024;

/// The longest script.
pub const SCRIPT_BYTES: u64 = 1024 * 1024;

/// How long one address is tried.
pub const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long a TLS handshake may take.
pub const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);

/// How long a request may stay unanswered.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// The same for a log-in, since password hashes may have to queue.
pub const LOGIN_WAIT: Duration = Duration::from_secs(30);

/// A client that looks so much too late for an answer was itself stopped or starved.
pub const OVERDUE_LATE: Duration = Duration::from_millis(100);

/// How long the server may then send nothing at all: the answer may be on its way behind all that
/// was not read.
pub const OVERDUE_QUIET: Duration = Duration::from_secs(2);

/// How long an overdue answer is looked for in what still comes.
pub const OVERDUE_WAIT: Duration = Duration::from_secs(10);

/// How long a server's object may stay half.
pub const HALF_OBJECT_WAIT: Duration = Duration::from_secs(60);

/// How long the answer to `quit` is waited for.
pub const QUIT_WAIT: Duration = Duration::from_secs(2);

/// The first pause before a lost connection is made again; each further one is twice as long.
pub const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// The longest such pause.
pub const RECONNECT_WAIT_MOST: Duration = Duration::from_secs(30);

/// A connection that lasted this long was a good one: the next pause is the first again.
pub const GOOD_CONNECTION: Duration = Duration::from_secs(60);

/// The longest pause that an answer 429 may ask for; a longer one is cut to this.
pub const RETRY_WAIT: Duration = Duration::from_secs(30);

/// How often one request is sent again after a 429.
pub const RETRIES: u32 = 20;

/// How many guest names are tried.
pub const GUEST_NAMES: u32 = 5;

/// How many requests the interactive client may have under way before it reads on.
pub const REQUESTS_UNDER_WAY: usize = 16;

/// How many characters of a server's nonsense are shown.
pub const SAMPLE_CHARS: usize = 60;

/// The most messages of one page of the past; servers grant no more.
pub const PAGE_MESSAGES: u64 = 200;

/// The most messages that `--history` may ask for; they are held until the oldest is there.
pub const HISTORY_MESSAGES: u64 = HELD_MESSAGES as u64;

/// How many messages are held until it is their turn. What does not fit is asked for later.
pub const HELD_MESSAGES: usize = 10_000;

/// How many bytes of such messages are held.
pub const HELD_BYTES: usize = 16 * 1024 * 1024;

/// Of how many messages shown last the numbers are known, to show none twice.
pub const SEEN_MESSAGES: usize = 20_000;

/// After so long what waited for us was surely handed over.
pub const HANDED_OVER_WAIT: Duration = Duration::from_secs(5);

/// How many messages `/history` asks for where no number is given.
pub const HISTORY_USUAL: u64 = 20;

/// How many conversations the interactive client reads on after a lost connection.
pub const FOLLOWED_CONVERSATIONS: usize = 512;

/// How many messages are held of each of them until it is their turn.
pub const FOLLOWED_HELD_MESSAGES: usize = 200;

/// How many bytes of such messages are held of each.
pub const FOLLOWED_HELD_BYTES: usize = 256 * 1024;

/// Of how many messages shown last of each the numbers are known.
pub const FOLLOWED_SEEN_MESSAGES: usize = 2_000;

/// How many rooms are named where one should be chosen.
pub const ROOMS_NAMED: usize = 10;

/// How many pages of the server's rooms are looked through for those that we are in.
pub const ROOM_PAGES: u32 = 10;

/// How many unsent bytes there may be before the modes on other wires read on.
pub const OUTPUT_HELD_BYTES: usize = 64 * 1024;

/// How long a server may take nothing of what is still to be sent before the client leaves.
pub const FAREWELL_WAIT: Duration = Duration::from_secs(10);

/// The longest file that is sent to the exchange or taken from it: what a server takes by default.
pub const ATTACHMENT_BYTES: u32 = 16 * 1024 * 1024;

/// How many bytes of a file are read at once.
pub const FILE_PIECE_BYTES: usize = 64 * 1024;

/// The longest name under which a file is saved, in bytes; `_new` may make it a little longer.
pub const FILE_NAME_BYTES: usize = 200;

/// The longest name that common file systems take, in bytes.
pub const FILE_NAME_MOST_BYTES: usize = 255;

/// How many bytes of a file one request of JIM carries, before base64.
pub const PIECE_BYTES: u64 = 48 * 1024;

/// How long the answer to such a request is waited for: the line may be slow.
pub const PIECE_WAIT: Duration = Duration::from_secs(60);

/// How many pieces are under way before one is answered. Beside a chat it is few, since what is
/// typed goes behind them.
pub const PIECES_UNDER_WAY: usize = 4;

/// The same beside a chat.
pub const PIECES_BESIDE_A_CHAT: usize = 2;

/// How many pieces of a file are read and hashed in one turn of the loop, to catch up with what is
/// there already.
pub const HASHED_PIECES_PER_TURN: usize = 32;

/// How often in a row a file's request may fail before the file is given up.
pub const SETBACKS: u32 = 8;

/// The pause after a failure of the server's own.
pub const SETBACK_WAIT: Duration = Duration::from_secs(2);

/// How long a lost connection is tried again for a file that makes no progress.
pub const GIVE_UP_WAIT: Duration = Duration::from_secs(600);

/// How many files may wait for their turn.
pub const FILES_WAITING: usize = 100;

/// How long a server keeps an upload that is not whole.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(24 * 3600);

/// The longest record of an interrupted upload.
pub const RECORD_BYTES: u64 = 64 * 1024;

/// How many such records are looked at for those that are too old.
pub const RECORDS_LOOKED_AT: usize = 1000;

/// How many names are tried for a file before one is free.
pub const NAMES_TRIED: u32 = 1000;

/// How often a bar of progress is drawn, at most.
pub const BAR_WAIT: Duration = Duration::from_millis(100);

/// How often progress is told beside a chat without a bar.
pub const PROGRESS_WAIT: Duration = Duration::from_secs(10);

/// How often it is looked anew how fast a file goes, where that is seen all the time.
pub const STATUS_WAIT: Duration = Duration::from_secs(1);

/// How many lines of the conversation that is looked at are kept on the screen.
pub const CONVERSATION_LINES: usize = 10_000;

/// The same for the other ones.
pub const QUIET_CONVERSATION_LINES: usize = 500;

/// How many bytes of them, about.
pub const CONVERSATION_BYTES: usize = 16 * 1024 * 1024;

/// The same for the other ones.
pub const QUIET_CONVERSATION_BYTES: usize = 256 * 1024;

/// How many rooms that were heard of are known by name.
pub const ROOMS_KNOWN: usize = 10_000;

/// The longest of such names, in bytes.
pub const ROOM_NAME_BYTES: usize = 256;

/// How many conversations the full screen has; messages of more are counted only.
pub const CONVERSATIONS: usize = 500;

/// How many messages the full screen asks for when a conversation is opened or scrolled back.
pub const SCREEN_PAGE_MESSAGES: u64 = 100;

/// How many requests of the full screen's own are under way at a time.
pub const SCREEN_ASKS: usize = 4;

/// How many lines typed may wait to be sent.
pub const OUTBOX_MESSAGES: usize = 1000;

/// How many names of the people of a room are kept.
pub const PEOPLE: usize = 2000;

/// How old what is known of who is in the common chat may be while it is looked at.
pub const COMMON_PEOPLE_STALE: Duration = Duration::from_secs(60);

/// The longest text that may be pasted, in bytes.
pub const PASTE_BYTES: usize = 256 * 1024;

/// From how many lines on it is asked whether they are to be sent.
pub const LINES_UNASKED: usize = 5;

/// How many entries of a folder are looked at for names that begin as what is typed.
pub const PATHS_READ: usize = 20_000;

/// How many of such names are kept.
pub const PATHS_FOUND: usize = 200;

/// How long a folder is waited for.
pub const PATHS_WAIT: Duration = Duration::from_millis(200);

/// How many lines typed are kept for the arrow keys, now and at the next start.
pub const INPUT_HISTORY_LINES: usize = 1000;

/// How much of the file that they are kept in is read, in bytes. It never has over twice as many for
/// long.
pub const TYPED_FILE_BYTES: u64 = 512 * 1024;

/// The longest line typed that is kept for the next start, in bytes.
pub const TYPED_LINE_BYTES: usize = 4096;

/// Of how many conversations is kept how far they are read.
pub const MARKS: usize = 1000;

/// The longest file of that.
pub const MARKS_BYTES: u64 = 256 * 1024;

/// How long after something happened it is saved.
pub const MARKS_WAIT: Duration = Duration::from_secs(5);

/// Of how many conversations is asked at the start what is new.
pub const UNREAD_ASKED: usize = 100;
