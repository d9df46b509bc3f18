//! Readers that stop reading, writers that do not stop writing: everybody else gets everything.

use super::crowd::{MANY, guest, message, name_of, stuck, tell};
use super::process::{log_of, resident_kib, wait_until};
use super::support::{Client, Server};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

fn wait_until_cut(server: &Server, client: &str) -> String {
    server.wait_for_log(|line| {
        line.contains(&format!(" {client} ended after ")) && line.contains("slow reader: ")
    })
}

#[test]
fn a_reader_that_stops_is_cut_at_the_hard_bound() {
    let server = Server::with_settings(
        "[output]\nsoft_bytes = \"64KiB\"\nsoft_for = \"1h\"\nhard_bytes = \"1MiB\"\n",
    );
    let slow = guest(stuck(&server), "slow");
    let mut reader = guest(server.connect(), "reader");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut [&mut reader]);
    wait_until_cut(&server, &name_of(&slow));
    tell((&mut writer, "writer"), MANY..MANY + 10, &mut [&mut reader]);
    let log = log_of(&server);
    assert_eq!(log.matches("slow reader").count(), 1, "{log}");
}

#[test]
fn a_reader_that_stops_is_cut_when_the_soft_bound_has_been_exceeded_for_its_time() {
    let server = Server::with_settings("[output]\nsoft_bytes = \"64KiB\"\nsoft_for = \"300ms\"\n");
    let slow = guest(stuck(&server), "slow");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut []);
    // Nothing more is written to it: the time alone ends it.
    wait_until_cut(&server, &name_of(&slow));
    writer.assert_nothing_came();
}

#[test]
fn when_all_queues_are_too_long_together_the_slowest_is_cut() {
    let server = Server::with_settings(
        "[output]\nsoft_bytes = \"64KiB\"\nsoft_for = \"1h\"\n\
         hard_bytes = \"2MiB\"\ntotal_bytes = \"2MiB\"\n",
    );
    let slowest = guest(stuck(&server), "slowest");
    let slow = guest(stuck(&server), "slow");
    let mut writer = guest(server.connect(), "writer");
    let mut other = guest(server.connect(), "other");
    let mut told = 0;
    while !log_of(&server).contains("slow reader") {
        assert!(told < 4 * MANY, "nobody was cut");
        tell((&mut writer, "writer"), told..told + 100, &mut [&mut other]);
        // The slowest has twice as much to read, half of it for itself alone.
        for number in 0..100 {
            let to_it = message("writer", number).replace("#all", "slowest");
            let answer = writer.ask(to_it);
            let is_gone = answer["response"] == 404;
            assert!(is_gone || answer["response"] == 200, "{answer}");
        }
        told += 100;
    }
    wait_until_cut(&server, &name_of(&slowest));
    assert!(!log_of(&server).contains(&format!(" {} ended", name_of(&slow))));
}

/// Requests whose answers name their number.
fn numbered(number: usize) -> String {
    format!(r#"{{"action":"msg","time":1,"to":"u{number}","from":"ann","message":""}}"#)
}

#[test]
fn who_pipelines_requests_and_reads_nothing_is_read_no_further() {
    const REQUESTS: usize = 100_000;
    /// What the server may need for one client beyond its bound on unread answers, and its own
    /// fluctuation.
    const GROWTH_KIB: u64 = 4096;
    let server = Server::start(&["--lang", "en"]);
    let mut ann = guest(stuck(&server), "ann");
    let before = resident_kib(server.pid());
    let sent = Arc::new(AtomicUsize::new(0));
    let mut stream = ann.stream.try_clone().unwrap();
    let counter = Arc::clone(&sent);
    let writer = thread::spawn(move || {
        for first in (0..REQUESTS).step_by(100) {
            let batch: String = (first..first + 100).map(numbered).collect();
            stream.write_all(batch.as_bytes()).unwrap();
            counter.store(first + 100, Ordering::Release);
        }
    });
    wait_until_still(&sent);
    let grown = resident_kib(server.pid()).saturating_sub(before);
    assert!(grown < GROWTH_KIB, "{grown} KiB more");
    // Others are served meanwhile.
    guest(server.connect(), "bob").assert_nothing_came();
    for number in 0..REQUESTS {
        let answer = ann.object();
        assert_eq!(answer["response"], 404);
        let text = answer["error"].as_str().unwrap();
        assert!(text.split(' ').any(|word| word == format!("u{number}")), "{number}: {text}");
    }
    writer.join().unwrap();
    let peak = resident_kib(server.pid()).saturating_sub(before);
    assert!(peak < GROWTH_KIB, "{peak} KiB more");
}

/// Waits until a count has not changed over a hundred looks.
fn wait_until_still(count: &AtomicUsize) {
    let (mut last, mut looks) = (0, 0);
    wait_until("the writer is stopped", || {
        let now = count.load(Ordering::Acquire);
        looks = if now == last { looks + 1 } else { 0 };
        last = now;
        now > 0 && looks > 100
    });
}

#[test]
fn unread_deliveries_never_stop_reading() {
    let server = Server::start(&[]);
    let mut ann = guest(stuck(&server), "ann");
    let mut bob = guest(server.connect(), "bob");
    tell((&mut bob, "bob"), 0..MANY, &mut []);
    // ann has read nothing so far, and still writes: what waits for her stays where it is.
    for number in 0..100 {
        ann.send(message("ann", number));
        assert_eq!(bob.line(), message("ann", number));
    }
    for number in 0..MANY {
        assert_eq!(ann.line(), message("bob", number));
    }
    for _ in 0..100 {
        assert_eq!(ann.object()["response"], 200);
    }
}

fn assert_all_come(mut reader: Client, messages: usize) {
    for number in 0..messages {
        assert_eq!(reader.line(), message("writer", number));
    }
}

#[test]
fn a_writer_at_full_speed_loses_nothing() {
    let server = Server::start(&[]);
    let readers: Vec<Client> =
        (0..3).map(|number| guest(server.connect(), &format!("reader{number}"))).collect();
    let mut writer = guest(server.connect(), "writer");
    let mut stream = writer.stream.try_clone().unwrap();
    thread::scope(|scope| {
        for reader in readers {
            scope.spawn(|| assert_all_come(reader, MANY));
        }
        scope.spawn(move || {
            for number in 0..MANY {
                stream.write_all(message("writer", number).as_bytes()).unwrap();
            }
        });
        for _ in 0..MANY {
            assert_eq!(writer.object()["response"], 200);
        }
    });
    assert!(!log_of(&server).contains("slow reader"));
}

#[test]
fn whoever_says_little_does_not_wait_for_all_that_many_have_to_say() {
    const WRITERS: usize = 64;
    const EACH: usize = 256;
    let server = Server::start(&[]);
    let mut reader = guest(server.connect(), "reader");
    let mut writers: Vec<Client> =
        (0..WRITERS).map(|_| guest(server.connect(), "writer")).collect();
    let mut quiet = guest(server.connect(), "quiet");
    let to_reader = |from: &str| {
        format!(r#"{{"action":"msg","time":1,"to":"reader","from":"{from}","message":"m"}}"#) + "\n"
    };
    // All of it is there before the server looks.
    server.signal(rustix::process::Signal::STOP);
    writers.iter_mut().for_each(|writer| writer.send(to_reader("writer").repeat(EACH)));
    quiet.send(to_reader("quiet"));
    server.signal(rustix::process::Signal::CONT);
    let lines = (0..=WRITERS * EACH).map(|_| reader.line());
    let before = lines.take_while(|line| line.contains("writer")).count();
    assert!(before < WRITERS * EACH / 2, "{before} of {} came before", WRITERS * EACH);
}
