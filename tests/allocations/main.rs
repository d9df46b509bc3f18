//! No memory is taken for a message or a delivery in the steady state, and next to none is held by
//! an idle connection: the real server in this process, over real sockets, and clients that take
//! none themselves.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, says what it shows in its name, and waits with a deadline"
)]

use jim::message::{Durability, Now, Reply, Retention};
use jim::server::{Observer, Server, Settings, Stopped, Workers};
use jim::workers::{
    DataFolder, FileStore, FileWorker, PasswordWorker, ReadWorker, Reader, StorageWorker, Store,
};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// What is allocated is counted for the whole process, and the signal to stop is for all of it too.
static ALONE: Mutex<()> = Mutex::new(());

const GUESTS: usize = 20;

/// Just below a power of two, so that tables which double have little room to spare.
const IDLE_GUESTS: usize = 250;

/// The most that the server may hold for a guest who says nothing, all tables included. A buffer
/// to read into alone would have 16 KiB, the smallest to write from 512 bytes.
const IDLE_BYTES: usize = 1024;

const DEADLINE: Duration = Duration::from_secs(20);

/// So many messages go by for each time that memory may be taken: a turn that brings more than any
/// before it lets a buffer grow, and the other threads do something now and then.
const MESSAGES_A_TIME: u64 = 50;

struct Nobody;

impl Observer for Nobody {
    fn answered(&mut self, _: Now, _: &Reply) {}

    fn renewed(&mut self, _: &Settings) {}
}

/// A server on a thread of its own.
struct Running {
    address: SocketAddr,
    thread: JoinHandle<Stopped>,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path().join("data")).unwrap();
        let mut store = Store::open(&data, Durability::None).unwrap();
        let snapshot = store.start().unwrap();
        let listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let settings = Settings { listen, ..Settings::default() };
        let retention = Retention::from(settings.policy.kept);
        let server = Server::bind(settings, Nobody).unwrap();
        let (reader, beside) = (Reader::open(&data).unwrap(), Reader::open(&data).unwrap());
        let orphans = store.orphans().unwrap();
        let files = FileStore::open(&data, Durability::None).unwrap();
        let workers = Workers {
            storage: StorageWorker::spawn(store, retention, server.wake()).unwrap(),
            reader: ReadWorker::spawn(reader, server.wake()).unwrap(),
            files: FileWorker::spawn(files, beside, orphans, server.wake()).unwrap(),
            passwords: PasswordWorker::spawn(server.wake()).unwrap(),
        };
        let address = server.addresses()[0];
        let thread = std::thread::spawn(move || server.run(snapshot, workers).unwrap().0);
        Self { address, thread, _folder: folder }
    }

    fn stop(self) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)
            .unwrap();
        assert_eq!(self.thread.join().unwrap(), Stopped::Cleanly);
    }
}

/// A client that takes no memory once it is there.
struct Guest {
    stream: TcpStream,
    common: Box<str>,
    direct: Box<str>,
}

impl Guest {
    fn new(address: SocketAddr, number: usize) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let text = "x".repeat(120);
        let message = |to: &str| {
            format!(
                "{{\"action\":\"msg\",\"time\":1,\"to\":\"{to}\",\"from\":\"guest{number}\",\"message\":\"{text}\"}}\n"
            )
        };
        let other = (number + 1) % GUESTS;
        let (common, direct) = (message("#all"), message(&format!("guest{other}")));
        let mut guest = Self { stream, common: common.into(), direct: direct.into() };
        let presence = format!(
            "{{\"action\":\"presence\",\"time\":1,\"user\":{{\"account_name\":\"guest{number}\"}}}}\n"
        );
        guest.stream.write_all(presence.as_bytes()).unwrap();
        guest.read_lines(1);
        guest
    }

    /// Reads so many objects, and nothing behind them.
    fn read_lines(&mut self, count: usize) {
        let (mut lines, mut buffer) = (0, [0; 4096]);
        while lines < count {
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the server closed");
            lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        }
        assert_eq!(lines, count);
    }
}

/// A way to talk: until each guest has all that it is owed.
type Talk = fn(&mut [Guest]);

/// Each guest in turn writes to all, and each waits for everything that it is owed.
fn talk_one_by_one(guests: &mut [Guest]) {
    for sender in 0..guests.len() {
        let Guest { stream, common, .. } = &mut guests[sender];
        stream.write_all(common.as_bytes()).unwrap();
        guests.iter_mut().for_each(|guest| guest.read_lines(1));
    }
}

/// All guests write to all and to one another, and then read.
fn talk_at_once(guests: &mut [Guest]) {
    for Guest { stream, common, direct, .. } in guests.iter_mut() {
        stream.write_all(common.as_bytes()).unwrap();
        stream.write_all(direct.as_bytes()).unwrap();
    }
    // Two answers, one message for it alone, and what all the others wrote.
    guests.iter_mut().for_each(|guest| guest.read_lines(GUESTS + 2));
}

/// How often memory was taken meanwhile, by whichever thread.
fn taken(run: impl FnOnce()) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    run();
    dhat::HeapStats::get().total_blocks - before
}

#[test]
fn messages_and_deliveries_take_no_memory_in_the_steady_state() {
    const ROUNDS: usize = 50;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let _profiler = dhat::Profiler::builder().testing().build();
    let server = Running::start();
    let mut guests: Vec<Guest> =
        (0..GUESTS).map(|number| Guest::new(server.address, number)).collect();
    let ways: [(&str, Talk, usize); 2] =
        [("one by one", talk_one_by_one, GUESTS), ("at once", talk_at_once, 2 * GUESTS)];
    for (way, talk, messages) in ways {
        (0..4 * ROUNDS).for_each(|_| talk(&mut guests));
        let taken = taken(|| (0..ROUNDS).for_each(|_| talk(&mut guests)));
        let messages = (messages * ROUNDS) as u64;
        println!("{way}: {messages} messages, memory was taken {taken} times");
        assert!(taken <= messages / MESSAGES_A_TIME, "{way}: {taken} times, {messages} messages");
    }
    drop(guests);
    server.stop();
}

/// A guest that is no more than a socket.
fn enter(address: SocketAddr, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let presence = format!(
        "{{\"action\":\"presence\",\"time\":1,\"user\":{{\"account_name\":\"guest{number}\"}}}}\n"
    );
    stream.write_all(presence.as_bytes()).unwrap();
    read_line(&mut stream);
    stream
}

/// Reads one object, and nothing behind it.
fn read_line(stream: &mut TcpStream) {
    let (mut buffer, mut held) = ([0; 4096], 0);
    while !buffer[..held].ends_with(b"\n") {
        let count = stream.read(&mut buffer[held..]).unwrap();
        assert!(count > 0, "the server closed");
        held += count;
    }
    assert_eq!(buffer[..held].iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn an_idle_connection_gives_its_buffers_back() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let _profiler = dhat::Profiler::builder().testing().build();
    let server = Running::start();
    let mut guests = Vec::with_capacity(IDLE_GUESTS + 1);
    guests.push(enter(server.address, 0));
    let before = dhat::HeapStats::get().curr_bytes;
    guests.extend((1..=IDLE_GUESTS).map(|number| enter(server.address, number)));
    // Each is written to once more, in one turn: the first one's message, which it is answered.
    guests[0].write_all(b"{\"action\":\"msg\",\"time\":1,\"to\":\"#all\",\"from\":\"guest0\",\"message\":\"hi\"}\n").unwrap();
    guests.iter_mut().for_each(read_line);
    // The answer to a later request says that all that is over.
    guests[0].write_all(b"{\"action\":\"presence\",\"time\":1}\n").unwrap();
    read_line(&mut guests[0]);
    let held = dhat::HeapStats::get().curr_bytes.saturating_sub(before) / IDLE_GUESTS;
    println!("{held} bytes are held for an idle guest");
    assert!(held <= IDLE_BYTES, "{held} bytes");
    drop(guests);
    server.stop();
}
