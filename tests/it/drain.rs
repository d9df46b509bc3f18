//! The end under load, and what a service manager hears and hands over.

use super::crowd::{MANY, guest, message, stuck, tell};
use super::support::{Client, DEADLINE, Folder, Server, jimd};
use super::tls_peer::{self, End, TlsClient, config_for};
use rustix::process::Signal;
use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A server whose log says that it stops.
fn begin_stop(server: &Server) {
    server.signal(Signal::TERM);
    server.wait_for_log(|line| line.contains("stopping: nothing is accepted any more"));
}

/// The last line says how much was not written, of what the kernels did not take; of TLS's records
/// only how much it was at most.
#[track_caller]
fn assert_one_was_cut(server: &Server, up_to: &str) {
    let line = server.wait_for_log(|line| line.contains("stopped: "));
    let bytes = line
        .split_once(&format!("stopped: 1 connection ended with {up_to}"))
        .and_then(|(_, rest)| {
            rest.strip_suffix(" bytes unwritten, all else that was owed was written")
        })
        .unwrap_or_else(|| panic!("{line}"));
    let all = MANY * message("writer", MANY).len();
    assert!((1..=all).contains(&bytes.parse().unwrap()), "{line}");
}

#[test]
fn a_reader_that_takes_nothing_holds_up_the_end_for_two_seconds() {
    let mut server = Server::with_settings("grace = \"1h\"\n");
    let mut hears = server.connect();
    let asked = hears.ask(r#"{"action":"presence","time":1,"features":["notices"]}"#);
    assert_eq!(asked["response"], 200);
    let _debtor = guest(stuck(&server), "debtor");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut [&mut hears]);
    let start = Instant::now();
    begin_stop(&server);
    assert_eq!(hears.object()["event"], "shutdown");
    hears.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    server.wait_for_log(|line| line.contains("it took nothing for 2 s while the server stopped"));
    assert_one_was_cut(&server, "");
}

#[test]
fn a_reader_that_takes_a_little_now_and_then_gets_all() {
    let mut server = Server::with_settings("grace = \"1h\"\n");
    let mut debtor = guest(stuck(&server), "debtor");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut []);
    begin_stop(&server);
    for number in 0..MANY {
        assert_eq!(debtor.line(), message("writer", number));
    }
    debtor.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
}

/// The kernel says that it has room for more only when a third of what it holds is gone.
#[test]
fn a_reader_that_takes_less_than_the_kernel_holds_is_waited_for() {
    let mut server = Server::with_settings("grace = \"1h\"\n");
    let mut debtor = guest(stuck(&server), "debtor");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut []);
    begin_stop(&server);
    let start = Instant::now();
    let mut lines = 0..MANY;
    while start.elapsed() < Duration::from_secs(4) {
        for number in lines.by_ref().take(15) {
            assert_eq!(debtor.line(), message("writer", number));
        }
        // The reader's pace: nothing is waited for.
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!lines.is_empty(), "the kernels have held less than all");
    for number in lines {
        assert_eq!(debtor.line(), message("writer", number));
    }
    debtor.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
}

/// One that speaks TLS, for which the kernel takes little.
fn stuck_in_tls(server: &Server, name: &str) -> TlsClient {
    let config = config_for(server, rustls::ALL_VERSIONS);
    let mut client = TlsClient::over(stuck(server).stream, config);
    client.shake().unwrap();
    client.presence(name);
    client
}

#[test]
fn readers_in_tls_are_waited_for_and_cut_alike() {
    let mut server = tls_peer::server("grace = \"1h\"\n");
    let _debtor = stuck_in_tls(&server, "debtor");
    let mut slow = stuck_in_tls(&server, "slow");
    let mut writer = guest(server.connect(), "writer");
    tell((&mut writer, "writer"), 0..MANY, &mut []);
    begin_stop(&server);
    for number in 0..MANY {
        assert_eq!(slow.read_line(), Ok(message("writer", number)));
    }
    assert_eq!(slow.read_line(), Err(End::Notified));
    assert_eq!(server.wait().code(), Some(0));
    server.wait_for_log(|line| line.contains("it took nothing for 2 s while the server stopped"));
    assert_one_was_cut(&server, "up to ");
}

/// A server that is started as systemd does: the socket is its descriptor 3.
fn activated(folder: Folder, socket: &TcpListener) -> Server {
    let program = jimd(&folder);
    let mut command = Command::new("sh");
    let script = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" -p 1 3<&0 </dev/null";
    command.args(["-c", script]).arg(program.get_program()).current_dir(folder.path());
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
    let socket = OwnedFd::from(socket.try_clone().unwrap());
    let mut server = Server::spawn_with(folder, command, Stdio::from(socket));
    assert_ne!(server.address.port(), 1, "the setting has no effect");
    server.address.set_ip([127, 0, 0, 1].into());
    server
}

#[test]
fn a_restart_refuses_nobody_who_comes_to_a_socket_that_was_handed_over() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = activated(Folder::new(), &socket);
    assert_eq!(server.address, socket.local_addr().unwrap());
    let mut here = guest(server.connect(), "bob");
    server.signal(Signal::TERM);
    here.assert_closed();
    assert_eq!(server.wait().code(), Some(0));
    // Nobody serves now.
    let mut waiting = Client::connect(socket.local_addr().unwrap());
    waiting.send(r#"{"action":"presence","time":1,"user":{"account_name":"bob"}}"#);
    let server = activated(server.kill(), &socket);
    assert_eq!(waiting.object()["response"], 200);
    guest(server.connect(), "carl").assert_nothing_came();
}

#[test]
fn what_is_handed_over_and_is_no_listening_socket_is_refused() {
    let folder = Folder::new();
    let mut command = Command::new("sh");
    let script = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" -p 0 3</dev/null";
    command.args(["-c", script]).arg(jimd(&folder).get_program()).current_dir(folder.path());
    let ended = super::process::run(&mut command, b"");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("is not a"), "{ended:?}");
    // Those that are for another process are not ours.
    let mut command = jimd(&folder);
    command.args(["-a", "127.0.0.1", "-p", "0"]).env("LISTEN_FDS", "1").env("LISTEN_PID", "1");
    guest(Server::spawn(folder, command).connect(), "bob").assert_nothing_came();
}

/// All that a service manager was told so far.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn hear(&mut self) -> String {
        let mut text = [0; 512];
        let length = self.socket.recv(&mut text).unwrap();
        let text = String::from_utf8(text[..length].to_vec()).unwrap();
        self.heard.push(text.clone());
        text
    }

    fn wait_for(&mut self, wanted: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let text = self.hear();
            if text.lines().any(|line| line == wanted) {
                return text;
            }
            assert!(Instant::now() < deadline, "{wanted}: {:?}", self.heard);
        }
    }
}

#[test]
fn a_service_manager_hears_what_the_server_does() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    hears_what_the_server_does(folder, socket, path.as_os_str());
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_manager_may_have_an_address_that_is_in_no_file_system() {
    let name = format!("jim-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    hears_what_the_server_does(Folder::new(), socket, format!("@{name}").as_ref());
}

fn hears_what_the_server_does(folder: Folder, socket: UnixDatagram, address: &OsStr) {
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut manager = Manager { socket, heard: Vec::new() };
    let mut command = jimd(&folder);
    command.args(["-a", "127.0.0.1", "-p", "0"]);
    command.env("NOTIFY_SOCKET", address).env("WATCHDOG_USEC", "200000");
    let mut server = Server::spawn(folder, command);
    assert_eq!(manager.hear().trim_end(), "READY=1");
    for _ in 0..3 {
        manager.wait_for("WATCHDOG=1");
    }
    server.signal(Signal::HUP);
    let reloading = manager.wait_for("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.wait_for("READY=1");
    server.signal(Signal::TERM);
    manager.wait_for("STOPPING=1");
    assert_eq!(server.wait().code(), Some(0));
    assert!(manager.heard.len() >= 7, "{:?}", manager.heard);
}

#[test]
fn a_manager_that_does_not_listen_holds_nobody_up_and_hears_what_counts_later() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let others = UnixDatagram::unbound().unwrap();
    others.set_nonblocking(true).unwrap();
    while others.send_to(b"X=1\n", &path).is_ok() {}
    let mut manager = Manager { socket, heard: Vec::new() };
    let mut command = jimd(&folder);
    command.args(["-a", "127.0.0.1", "-p", "0"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000");
    let mut server = Server::spawn(folder, command);
    guest(server.connect(), "bob").assert_nothing_came();
    server.signal(Signal::HUP);
    server.wait_for_log(|line| line.contains("the configuration was read anew"));
    for told in ["READY=1", "RELOADING=1", "READY=1", "WATCHDOG=1"] {
        manager.wait_for(told);
    }
    server.signal(Signal::TERM);
    manager.wait_for("STOPPING=1");
    assert_eq!(server.wait().code(), Some(0));
}

/// The unit files name what the program takes: signals, folders and the notifications.
#[test]
fn the_unit_files_fit_the_program() {
    let unit = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let service = unit("jimd.service");
    for line in
        ["Type=notify-reload", "WatchdogSec=30", "Requires=jimd.socket", "StateDirectory=jimd"]
    {
        assert!(service.lines().any(|other| other == line), "{line}");
    }
    assert!(unit("jimd.socket").contains("ListenStream=7777"));
}
