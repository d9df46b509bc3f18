//! The other end of a client's socket: a thread that expects lines and says what the test tells it
//! to. It has no rules of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long anything may take before a test fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// One accepted connection.
pub struct Conversation {
    reader: BufReader<TcpStream>,
}

impl Conversation {
    /// Reads an object that the client ended with a line end, and checks that it has the parts.
    pub fn expect(&mut self, parts: &[&str]) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("the client sends an object");
        for part in parts {
            assert!(line.contains(part), "no {part} in {line:?}");
        }
        assert!(line.ends_with('\n'), "no whole object: {line:?}");
        line
    }

    /// Reads so many bytes.
    pub fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        self.reader.read_exact(&mut read).expect("the client sends as much");
        read
    }

    /// Sends bytes.
    pub fn say(&mut self, text: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(text.as_ref()).expect("the client reads");
    }

    /// Sends bytes that the client may not want to read any more.
    pub fn try_to_say(&mut self, text: impl AsRef<[u8]>) -> bool {
        self.reader.get_mut().write_all(text.as_ref()).is_ok()
    }

    /// Sends a text again and again until the client reads no more of it for a while.
    pub fn fill(&mut self, text: &str) {
        let stream = self.reader.get_mut();
        let block = text.repeat(1000);
        stream.set_write_timeout(Some(Duration::from_millis(300))).expect("a time-out");
        let mut written = 1;
        while written > 0 {
            written = stream.write(block.as_bytes()).unwrap_or_default();
        }
        stream.set_write_timeout(Some(DEADLINE)).expect("a time-out");
    }

    /// Accepts a request of a kind with 200.
    pub fn accept(&mut self, action: &str) -> String {
        let line = self.expect(&[&format!("\"action\":\"{action}\"")]);
        self.say("{\"response\":200,\"time\":1,\"alert\":\"ok\"}\n");
        line
    }

    /// Accepts any request with 200.
    pub fn accept_any(&mut self) -> String {
        let line = self.expect(&["\"action\":"]);
        self.say("{\"response\":200,\"time\":1,\"alert\":\"ok\"}\n");
        line
    }

    /// Answers a request of a kind with an error.
    pub fn refuse(&mut self, action: &str, code: u16, fields: &str) -> String {
        let line = self.expect(&[&format!("\"action\":\"{action}\"")]);
        self.say(format!("{{\"response\":{code},\"time\":1,\"error\":\"why\"{fields}}}\n"));
        line
    }

    /// Sends a message of someone else's.
    pub fn message(&mut self, from: &str, to: &str, text: &str) {
        self.say(format!(
            "{{\"action\":\"msg\",\"time\":1,\"from\":\"{from}\",\"to\":\"{to}\",\
             \"message\":\"{text}\"}}\n"
        ));
    }

    /// Reads whatever the client still sends.
    pub fn skip_to_end(&mut self) {
        std::io::copy(&mut self.reader, &mut std::io::sink()).expect("the client closes");
    }

    /// Waits for the client's end of the stream.
    pub fn expect_end(&mut self) {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).expect("the client closes");
        assert_eq!(rest, "");
    }
}

/// What is said on one connection.
pub type Talk = Box<dyn FnOnce(&mut Conversation) + Send>;

/// A peer of one connection, or of several in turn.
pub struct Peer {
    /// The port that it listens on.
    pub port: String,
    thread: JoinHandle<()>,
}

impl Peer {
    /// Listens, and lets `talk` have the first connection.
    pub fn new(talk: impl FnOnce(&mut Conversation) + Send + 'static) -> Self {
        Self::in_turn(vec![Box::new(talk)])
    }

    /// Listens, and lets each have one connection after the other.
    pub fn in_turn(talks: Vec<Talk>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let thread = std::thread::spawn(move || {
            for talk in talks {
                let (stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(DEADLINE)).unwrap();
                stream.set_write_timeout(Some(DEADLINE)).unwrap();
                talk(&mut Conversation { reader: BufReader::new(stream) });
            }
        });
        Self { port, thread }
    }

    /// Waits until the conversation is over, and fails where it failed.
    pub fn join(self) {
        // A client that never came must not keep the thread waiting; after it this is not accepted.
        drop(TcpStream::connect(format!("127.0.0.1:{}", self.port)));
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}
