//! A real `jimd` of a test's own, and sockets to talk to it. Every wait has a deadline.

use rustix::fs::{CWD, mkfifoat};
use socket2::{Domain, Socket, Type};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test fails: generous, since machines are busy.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The programs under test.
pub const JIMD: &str = env!("CARGO_BIN_EXE_jimd");
pub const JIM_CLIENT: &str = env!("CARGO_BIN_EXE_jim-client");

/// A folder of a test's own, removed when dropped.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A pipe with this name, which nobody reads or writes.
    pub fn pipe(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        mkfifoat(CWD, &path, 0o600.into()).unwrap();
        path
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// `jimd` with nothing of the surroundings but the path.
pub fn jimd(folder: &Folder) -> Command {
    let mut command = Command::new(JIMD);
    bare(&mut command).current_dir(folder.path());
    command
}

/// `jim-client` with nothing of the surroundings but the path.
pub fn jim_client() -> Command {
    let mut command = Command::new(JIM_CLIENT);
    bare(&mut command);
    command
}

fn bare(command: &mut Command) -> &mut Command {
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default()).env("TZ", "UTC")
}

/// Adds an account the way an operator does.
pub fn add_user(folder: &Folder, name: &str, password: &str) {
    user_command(folder, &["add", name], Some(password));
}

/// `jimd user …`, also beside a running server; the password goes into a pipe.
pub fn user_command(folder: &Folder, args: &[&str], password: Option<&str>) {
    let mut child = jimd(folder)
        .arg("user")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    if let Some(password) = password {
        writeln!(input, "{password}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A socket that holds a port on which nobody listens, and its address.
pub fn deaf() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A place to listen at that nobody takes when it is free for a moment: an address of this
/// process's own, with a port that the system gives nobody who asks for any.
pub fn own_place() -> SocketAddr {
    static PORTS: AtomicU16 = AtomicU16::new(20_000);
    let [_, a, b, c] = std::process::id().to_be_bytes();
    loop {
        let port = PORTS.fetch_add(1, Ordering::Relaxed);
        let place = SocketAddr::from(([127, 128 | a, b, c], port));
        if TcpListener::bind(place).is_ok() {
            return place;
        }
    }
}

/// A running server. Killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    console: Receiver<String>,
    seen: Vec<String>,
    pub folder: Folder,
}

impl Server {
    /// A server with the given extra arguments in a fresh folder.
    pub fn start(args: &[&str]) -> Self {
        Self::start_in(Folder::new(), args)
    }

    /// A server with these lines as its settings file.
    pub fn with_settings(settings: &str) -> Self {
        let folder = Folder::new();
        folder.file("jimd.toml", settings);
        Self::start_in(folder, &["--config", "jimd.toml"])
    }

    /// A server with these accounts (`name`, password `secret`).
    pub fn with_users(users: &[&str], args: &[&str]) -> Self {
        let folder = Folder::new();
        for user in users {
            add_user(&folder, user, "secret");
        }
        Self::start_in(folder, args)
    }

    pub fn start_in(folder: Folder, args: &[&str]) -> Self {
        let mut command = jimd(&folder);
        command.args(["-a", "127.0.0.1", "-p", "0"]).args(args);
        Self::spawn(folder, command)
    }

    /// A server at this place.
    pub fn start_at(place: SocketAddr, folder: Folder, args: &[&str]) -> Self {
        let mut command = jimd(&folder);
        let (ip, port) = (place.ip().to_string(), place.port().to_string());
        command.args(["-a", &ip, "-p", &port]).args(args);
        let mut server = Self::spawn(folder, command);
        server.address = place;
        server
    }

    pub fn spawn(folder: Folder, command: Command) -> Self {
        Self::spawn_with(folder, command, Stdio::null())
    }

    /// A server whose standard input is this.
    pub fn spawn_with(folder: Folder, mut command: Command, stdin: Stdio) -> Self {
        command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let console = lines_of(child.stderr.take().unwrap());
        let mut server =
            Self { child, address: ([127, 0, 0, 1], 0).into(), console, seen: Vec::new(), folder };
        let line = server.wait_for_line(|line| {
            line.contains("Сервер запущен по адресу") || line.contains("The server runs at")
        });
        let address = line.rsplit(' ').next().unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        server.address.set_port(port);
        server
    }

    /// Waits for a line on the console.
    pub fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.console.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("not on the console: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("jimd ended ({:?}): {:#?}", self.child.wait(), self.seen)
                }
            }
        }
    }

    /// All that was on the console until the server ended.
    pub fn console(&mut self) -> Vec<String> {
        while let Ok(line) = self.console.recv_timeout(DEADLINE) {
            self.seen.push(line);
        }
        self.seen.clone()
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends it at once, as a crash does. What is left is its folder.
    pub fn kill(mut self) -> Folder {
        let _ = self.child.kill();
        self.wait();
        std::mem::replace(&mut self.folder, Folder::new())
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "jimd does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it in peace; its console as it was.
    pub fn stop(&mut self) -> Vec<String> {
        self.signal(rustix::process::Signal::TERM);
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{:#?}", self.console());
        self.console()
    }

    /// The log so far, once it has a line that is wanted.
    pub fn wait_for_log(&self, wanted: impl Fn(&str) -> bool) -> String {
        let path = self.folder.path().join("logs/jimd.log");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let log = fs::read_to_string(&path).unwrap_or_default();
            if let Some(line) = log.lines().find(|line| wanted(line)) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "not in the log: {log}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A socket that reads objects by lines, as the server ends them.
pub struct Client {
    pub stream: TcpStream,
    pub held: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, held: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// One line from the server, or `None` at the end.
    pub fn read_line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            if self.fill() == 0 {
                assert!(self.held.is_empty(), "half a line: {:?}", self.held);
                return None;
            }
        }
    }

    /// What one frame of the exchange holds, a text, or `None` at the end.
    pub fn read_frame(&mut self) -> Option<String> {
        self.read_bytes().map(|frame| String::from_utf8(frame).unwrap())
    }

    /// The same of a frame of any bytes.
    pub fn read_bytes(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some((length, rest)) = self.held.split_first_chunk() {
                let length = u32::from_be_bytes(*length) as usize;
                if let Some(frame) = rest.get(..length) {
                    let frame = frame.to_vec();
                    self.held.drain(..4 + length);
                    return Some(frame);
                }
            }
            if self.fill() == 0 {
                assert!(self.held.is_empty(), "half a frame: {} bytes", self.held.len());
                return None;
            }
        }
    }

    /// Reads a frame as the exchange's own client does: its length, then as many bytes.
    pub fn read_just_a_frame(&mut self) -> Vec<u8> {
        assert!(self.held.is_empty());
        let mut length = [0; 4];
        assert_eq!(self.stream.read(&mut length).unwrap(), 4, "one read, the whole length");
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).unwrap();
        frame
    }

    /// Sends text as a frame of the exchange, in two segments as its client does.
    pub fn send_frame(&mut self, frame: impl AsRef<[u8]>) {
        let length = u32::try_from(frame.as_ref().len()).unwrap();
        self.send(length.to_be_bytes());
        self.send(frame);
    }

    /// Reads once; 0 at the end.
    fn fill(&mut self) -> usize {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(count) => {
                    self.held.extend_from_slice(&buffer[..count]);
                    return count;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => panic!("nothing from the server: {error}; held {:?}", self.held),
            }
        }
    }

    pub fn line(&mut self) -> String {
        self.read_line().expect("the server closed")
    }

    pub fn object(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Sends a request and reads its answer, for a client that gets nothing else.
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> serde_json::Value {
        self.send(request);
        self.send("\n");
        self.object()
    }

    pub fn presence(&mut self, name: &str) {
        let answer = self
            .ask(format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#));
        assert_eq!(answer["response"], 200, "{answer}");
    }

    pub fn log_in(&mut self, name: &str, password: &str) -> serde_json::Value {
        self.ask(format!(
            r#"{{"action":"authenticate","time":1,"user":{{"account_name":"{name}","password":"{password}"}}}}"#
        ))
    }

    /// Whether the server has closed, and nothing more came.
    pub fn assert_closed(&mut self) {
        assert_eq!(self.read_line(), None);
    }

    /// Nothing came for this connection: what it asks now is answered first.
    pub fn assert_nothing_came(&mut self) {
        let answer = self.ask(r#"{"action":"presence","time":1}"#);
        assert!(answer["response"].is_number(), "something came: {answer}");
    }
}
