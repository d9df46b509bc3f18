//! Course clients read one object per `recv(1024)` and die of two: beginners get theirs apart in
//! time. Only lower bounds are asserted, and those from before the first object was asked for: how
//! late a busy machine reads is nobody's fault, and what came too late to tell is tried again.

use super::process::wait_until;
use super::support::{Client, Server};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const GAP: Duration = Duration::from_millis(5);

/// What one `recv(1024)` brought.
fn recv(client: &mut Client) -> String {
    let mut buffer = [0; 1024];
    let count = client.stream.read(&mut buffer).unwrap();
    assert_ne!(count, 0, "the server closed");
    String::from_utf8(buffer[..count].to_vec()).unwrap()
}

fn objects(text: &str) -> usize {
    text.matches('\n').count()
}

/// Reads so many objects, one `recv` after the other: how many each brought.
fn recv_objects(client: &mut Client, count: usize) -> Vec<usize> {
    let mut reads = Vec::new();
    let mut text = String::new();
    while objects(&text) < count {
        let before = objects(&text);
        text.push_str(&recv(client));
        reads.push(objects(&text) - before);
    }
    assert_eq!(objects(&text), count, "{text}");
    reads
}

/// A client of the kind that the course makes: nothing between or behind its objects.
fn beginner(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    write!(client.stream, r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#)
        .unwrap();
    assert!(recv(&mut client).starts_with(r#"{"response":200,"#));
    client
}

fn to_all(from: &str) -> String {
    format!(r##"{{"action":"msg","time":1,"to":"#all","from":"{from}","message":"m"}}"##)
}

/// Lets a writer send so many messages at once; how long after that the reader had the last, and
/// how they came.
fn exchange(writer: &mut Client, reader: &mut Client, count: usize) -> (Duration, Vec<usize>) {
    let start = Instant::now();
    writer.send(format!("{}\n", to_all("w")).repeat(count));
    let reads = recv_objects(reader, count);
    let took = start.elapsed();
    for _ in 0..count {
        assert_eq!(writer.object()["response"], 200);
    }
    (took, reads)
}

fn ordinary_writer(server: &Server) -> Client {
    let mut writer = server.connect();
    writer.presence("w");
    writer
}

/// Whether the client's objects are kept apart. Two that are not are in one write, and so in one
/// read.
fn is_paced(server: &Server, reader: &mut Client) -> bool {
    let mut writer = ordinary_writer(server);
    let mut is_paced = None;
    wait_until("objects apart, or together and soon", || {
        let (took, reads) = exchange(&mut writer, reader, 2);
        // Two that are apart may still come in one read, but never so soon.
        if reads == [1, 1] {
            assert!(took >= GAP, "{took:?}");
            is_paced = Some(true);
        } else if took < GAP {
            is_paced = Some(false);
        }
        is_paced.is_some()
    });
    is_paced.unwrap()
}

#[test]
fn two_objects_to_a_beginner_are_five_milliseconds_apart_and_never_in_one_read() {
    let server = Server::start(&[]);
    let mut writer = ordinary_writer(&server);
    let mut reader = beginner(&server, "r");
    let mut whole = 0;
    wait_until("each in a read of its own", || {
        let (took, reads) = exchange(&mut writer, &mut reader, 2);
        assert!(took >= GAP, "{took:?}");
        whole += usize::from(reads == [1, 1]);
        whole == 3
    });
}

#[test]
fn the_gaps_seen_by_a_client_that_looks_every_millisecond() {
    let server = Server::start(&[]);
    let mut writer = ordinary_writer(&server);
    let mut reader = beginner(&server, "r");
    reader.stream.set_nonblocking(true).unwrap();
    let poll = |reader: &mut Client| {
        let mut arrivals = Vec::new();
        let mut buffer = [0; 1024];
        let mut seen = 0;
        while seen < 4 {
            match reader.stream.read(&mut buffer) {
                Ok(count) => {
                    seen += buffer[..count].iter().filter(|byte| **byte == b'\n').count();
                    arrivals.push(Instant::now());
                }
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
            // The habit under test: read, work a little, read again.
            std::thread::sleep(Duration::from_millis(1));
        }
        arrivals
    };
    wait_until("gaps of four milliseconds", || {
        writer.send(format!("{}\n", to_all("w")).repeat(4));
        let arrivals = poll(&mut reader);
        for _ in 0..4 {
            writer.object();
        }
        let gaps: Vec<Duration> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.len() == 3 && gaps.into_iter().all(|gap| gap >= Duration::from_millis(4))
    });
}

#[test]
fn an_answer_and_a_delivery_are_kept_apart_too() {
    let server = Server::start(&[]);
    let mut client = beginner(&server, "w");
    wait_until("each in a read of its own", || {
        let start = Instant::now();
        client.send(r#"{"action":"msg","time":1,"to":"w","from":"w","message":"to myself"}"#);
        let reads = recv_objects(&mut client, 2);
        assert!(start.elapsed() >= GAP, "{:?}", start.elapsed());
        reads == [1, 1]
    });
}

#[test]
fn what_is_no_trait_leaves_a_beginner_one() {
    let server = Server::start(&[]);
    // White space before the first object, and eight requests under way.
    let mut client = server.connect();
    client.send("\n ");
    client.send(r#"{"action":"presence","time":1}"#.repeat(8));
    recv_objects(&mut client, 8);
    assert!(is_paced(&server, &mut client));
    // White space inside an object is Python's.
    let mut client = server.connect();
    client.send(r#"{"action": "presence", "time": 1, "user": {"account_name": "b"} }"#);
    recv_objects(&mut client, 1);
    assert!(is_paced(&server, &mut client));
    // Many requests one after the other, each after its answer.
    for _ in 0..20 {
        client.send(r#"{"action":"presence","time":1}"#);
        recv_objects(&mut client, 1);
    }
    assert!(is_paced(&server, &mut client));
}

#[test]
fn each_trait_makes_an_ordinary_client_for_good() {
    let server = Server::start(&[]);
    let presence = r#"{"action":"presence","time":1}"#;
    let traits = [
        (format!("{presence}\n"), 1),
        (format!("{presence} {presence}"), 2),
        (r#"{"action":"presence","time":1,"features":[]}"#.to_owned(), 1),
        (presence.repeat(9), 9),
    ];
    for (sent, answers) in traits {
        let mut client = server.connect();
        client.send(&sent);
        recv_objects(&mut client, answers);
        assert!(!is_paced(&server, &mut client), "{sent:?}");
        // Going on as a beginner would does not make it one again.
        client.send(presence);
        recv_objects(&mut client, 1);
        assert!(!is_paced(&server, &mut client), "{sent:?}, later");
    }
}

#[test]
fn pacing_is_a_setting() {
    let server = Server::with_settings("pacing = \"off\"\n");
    assert!(!is_paced(&server, &mut beginner(&server, "r")));
    let server = Server::with_settings("pacing = \"on\"\n");
    let mut ordinary = server.connect();
    ordinary.presence("r");
    assert!(is_paced(&server, &mut ordinary));
}

#[test]
fn a_hundred_that_wait_all_come_in_order_and_one_by_one() {
    const COUNT: usize = 100;
    let server = Server::start(&[]);
    let mut writer = ordinary_writer(&server);
    let mut reader = beginner(&server, "r");
    let all: String = (0..COUNT)
        .map(|n| {
            format!(
                r##"{{"action":"msg","time":{n},"to":"#all","from":"w","message":"m"}}{}"##,
                "\n"
            )
        })
        .collect();
    wait_until("most of them in a read of their own", || {
        let start = Instant::now();
        writer.send(&all);
        let mut text = String::new();
        let mut reads = 0;
        while objects(&text) < COUNT {
            text.push_str(&recv(&mut reader));
            reads += 1;
        }
        // A gap is a hundred milliseconds by the number that still waits, at most five.
        assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
        for (n, line) in text.lines().enumerate() {
            assert!(line.contains(&format!(r#""time":{n},"#)), "{n}: {line}");
        }
        for _ in 0..COUNT {
            assert_eq!(writer.object()["response"], 200);
        }
        reads >= COUNT / 4
    });
}

#[test]
fn a_paced_client_holds_nobody_up() {
    let server = Server::start(&[]);
    let mut writer = ordinary_writer(&server);
    wait_until("the other has all before", || {
        let mut slow = beginner(&server, "slow");
        let mut fast = server.connect();
        fast.presence("fast");
        writer.send(format!("{}\n", to_all("w")).repeat(50));
        let seen = std::thread::spawn(move || {
            recv_objects(&mut slow, 50);
            Instant::now()
        });
        for _ in 0..50 {
            fast.line();
        }
        let fast_had_all = Instant::now();
        for _ in 0..50 {
            assert_eq!(writer.object()["response"], 200);
        }
        let slow_had_all = seen.join().unwrap();
        slow_had_all > fast_had_all + Duration::from_millis(50)
    });
}
