//! Whole measures over real sockets, against the floor in a thread.

use super::Failure;
use super::crowd::CrowdPlan;
use super::entrance::Identity;
use super::fanout::{self, FanOutPlan, Load};
use super::figure::{Kind, Sample};
use super::floor::Floor;
use super::idle::{self, IdlePlan};
use super::latency::{self, Hold, LatencyPlan};
use super::logins::{self, LoginsPlan};
use super::pingpong::{self, PingPongPlan};
use super::progress::Progress;
use super::stage::Running;
use super::stored::{self, Keeping, StoredPlan};
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const TIME: Duration = Duration::from_millis(100);

/// A floor of its own for each test; it ends with the process.
fn floor() -> SocketAddr {
    floor_that(false)
}

fn floor_that(answers_wait: bool) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut floor = Floor::bind(([127, 0, 0, 1], 0).into(), answers_wait).unwrap();
        sender.send(floor.address().unwrap()).unwrap();
        floor.run()
    });
    receiver.recv_timeout(Duration::from_secs(10)).unwrap()
}

fn running(address: SocketAddr) -> Running {
    Running::elsewhere(address, Some(std::process::id()))
}

fn value(samples: &[Sample], kind: Kind) -> f64 {
    samples.iter().find(|sample| sample.kind == kind).unwrap().value
}

fn crowd(members: usize, senders: usize, identity: Identity) -> CrowdPlan {
    CrowdPlan::of_one_room(members, senders, 50, identity)
}

fn fan_out(members: usize, senders: usize, window: usize, identity: Identity) -> FanOutPlan {
    let crowd = crowd(members, senders, identity);
    FanOutPlan { crowd, window, time: TIME, load: Load::Plain, kept: false }
}

#[test]
fn fan_out_counts_every_delivery() {
    for (members, senders, window, waiting) in
        [(20, 4, 8, false), (2, 2, 1, true), (5, 5, 100, false), (5, 5, 100, true)]
    {
        let plan = fan_out(members, senders, window, Identity::Guests);
        let server = running(floor_that(waiting));
        let samples = fanout::run(&plan, &server, &mut Progress::hidden()).unwrap();
        assert!(value(&samples, Kind::DELIVERIES) > 0.0);
        // The process is this one, whose other tests' threads take their times with them.
        assert!(value(&samples, Kind::CPU) >= 0.0);
    }
}

#[test]
fn fan_out_works_with_accounts() {
    let plan = fan_out(3, 2, 2, Identity::Accounts);
    let samples = fanout::run(&plan, &running(floor()), &mut Progress::hidden()).unwrap();
    assert!(value(&samples, Kind::DELIVERIES) > 0.0);
}

#[test]
fn every_other_measure_works_too() {
    every_other_measure(&running(floor()));
}

#[test]
fn every_other_measure_works_where_answers_wait() {
    every_other_measure(&running(floor_that(true)));
}

fn every_other_measure(server: &Running) {
    let mut progress = Progress::hidden();
    let plan = PingPongPlan { pairs: 10, text_bytes: 17, time: TIME };
    let samples = pingpong::run(&plan, server, &mut progress).unwrap();
    assert!(value(&samples, Kind::ROUND_TRIPS) > 0.0);
    let plan = LatencyPlan {
        crowd: crowd(10, 3, Identity::Guests),
        rate: 300.0,
        time: TIME,
        hold: Hold::Off,
    };
    let samples = latency::run(&plan, server, &mut progress).unwrap();
    assert!(value(&samples, Kind::P999) >= value(&samples, Kind::P50));
    let (crowd, window) = (crowd(3, 3, Identity::Accounts), 20);
    let plan = StoredPlan { crowd, window, time: TIME, keeping: Keeping::Os, nats_can_sync: true };
    let samples = stored::run(&plan, server, &mut progress).unwrap();
    assert!(value(&samples, Kind::ACKNOWLEDGED) > 0.0);
    assert!(value(&samples, Kind::ANSWER_P99) >= value(&samples, Kind::ANSWER_P50));
    let plan = LoginsPlan { accounts: 3, time: TIME };
    let samples = logins::run(&plan, server, &mut progress).unwrap();
    assert!(value(&samples, Kind::LOGINS) > 0.0);
    let samples = idle::run(&idle_plan(100), server, &mut progress).unwrap();
    assert!(value(&samples, Kind::MEMORY) >= 0.0);
    assert!(value(&samples, Kind::PRESENCE) > 0.0);
}

fn idle_plan(connections: usize) -> IdlePlan {
    IdlePlan { connections, identity: Identity::Guests }
}

/// What a bad server makes of a message.
type Relay = fn(&str) -> String;

/// Answers each line with success, and then does to a `msg` what `relay` makes of it.
fn bad_server(relay: Relay) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let accept = || listener.accept().unwrap().0;
        // Which of the two it is that sends, the order in which they are accepted does not say.
        let (one, two) = (accept(), accept());
        let others = (one.try_clone().unwrap(), two.try_clone().unwrap());
        thread::spawn(move || serve(&two, &others.0, relay));
        serve(&one, &others.1, relay);
    });
    address
}

fn serve(client: &TcpStream, mut other: &TcpStream, relay: Relay) {
    let mut answers = client;
    for line in BufReader::new(client).lines() {
        let Ok(line) = line else { return };
        if line.contains(r#""msg""#) {
            let _ = other.write_all(relay(&line).as_bytes());
        }
        let _ = answers.write_all(b"{\"response\":200,\"time\":1,\"alert\":\"ok\"}\n");
    }
}

fn run_against(relay: Relay) -> Result<Vec<Sample>, Failure> {
    let plan = fan_out(2, 1, 4, Identity::Guests);
    fanout::run(&plan, &running(bad_server(relay)), &mut Progress::hidden())
}

#[test]
fn a_doubled_delivery_is_found() {
    let failure = run_against(|line| format!("{line}\n{line}\n")).unwrap_err();
    assert!(matches!(failure, Failure::Order { receiver: 1, sender: 0, .. }), "{failure}");
    assert_eq!(failure.exit_code(), 4);
}

#[test]
fn a_lost_delivery_is_found_by_the_next() {
    let lose_one = |line: &str| {
        if line.contains(" 0000000001 ") { String::new() } else { format!("{line}\n") }
    };
    let failure = run_against(lose_one).unwrap_err();
    assert!(matches!(failure, Failure::Order { got: 2, expected: 1, .. }), "{failure}");
}

#[test]
fn a_changed_delivery_is_found() {
    let failure = run_against(|line| line.replace("xxx", "xXx") + "\n").unwrap_err();
    assert!(matches!(failure, Failure::Strange { receiver: 1, .. }), "{failure}");
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    // Held, that nobody else takes it, and not listened on.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let failure = idle::run(&idle_plan(1), &running(address), &mut Progress::hidden());
    assert_eq!(failure.unwrap_err().exit_code(), 3);
}
