//! The command's side: one order, one answer, within a time.

use super::order::{ANSWER_BYTES, Answer, Order, Refusal};
use super::place;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a server may take to an answer: a reload may have to look names up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No server runs on the folder.
    #[error("no jimd runs on the data folder {0}")]
    NoServer(String),
    /// The server is there and does not answer.
    #[error("the running jimd does not answer: {0}")]
    Silent(io::Error),
    /// What it answers is none of ours.
    #[error("the running jimd answers something else than this one understands: {0}")]
    Strange(serde_json::Error),
    /// It refused.
    #[error("{text}")]
    Refused {
        /// Why, for a program.
        why: Refusal,
        /// Why, in a sentence without its end.
        text: String,
    },
}

impl AskError {
    /// Whether this is what a server's end looks like, or the time before it listens.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        match self {
            Self::NoServer(_) => true,
            Self::Silent(error) => matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof
            ),
            Self::Strange(_) | Self::Refused { .. } => false,
        }
    }
}

/// An answer, and the connection that it came on.
#[derive(Debug)]
pub struct Asked {
    /// The answer, which is no refusal.
    pub answer: Answer,
    line: BufReader<io::Take<UnixStream>>,
}

/// Gives an order to the server that runs on a data folder, and waits for the answer.
///
/// # Errors
/// [`AskError`], [`AskError::NoServer`] where none runs.
pub fn ask(folder: &Path, order: &Order) -> Result<Asked, AskError> {
    let stream = place::connect(folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory => {
            AskError::NoServer(folder.display().to_string())
        }
        _ => AskError::Silent(error),
    })?;
    let exchanged = exchange(stream, order, PATIENCE);
    let (line, line_reader) = exchanged.map_err(|error| AskError::Silent(told(error, PATIENCE)))?;
    match serde_json::from_slice(&line).map_err(AskError::Strange)? {
        Answer::Refused { why, text } => Err(AskError::Refused { why, text }),
        answer => Ok(Asked { answer, line: line_reader }),
    }
}

type Line = BufReader<io::Take<UnixStream>>;

/// A time that ran out, in words of our own: the system calls it a lack of resources.
fn told(error: io::Error, patience: Duration) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            let text = format!("no answer within {} s", patience.as_secs());
            io::Error::new(ErrorKind::TimedOut, text)
        }
        _ => error,
    }
}

fn exchange(
    mut stream: UnixStream,
    order: &Order,
    patience: Duration,
) -> io::Result<(Vec<u8>, Line)> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    // Who takes no order may have said why.
    let sent = stream.write_all(&line);
    let mut reader = BufReader::new(stream.take(ANSWER_BYTES as u64));
    line.clear();
    match reader.read_until(b'\n', &mut line)? {
        0 => Err(sent.err().unwrap_or_else(|| {
            io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection without an answer")
        })),
        _ => Ok((line, reader)),
    }
}

impl Asked {
    /// Waits until the server's process has ended; says whether it did.
    #[must_use]
    pub fn wait_for_end(mut self, within: Duration) -> bool {
        let stream = self.line.get_mut().get_mut();
        let within = within.max(Duration::from_millis(1));
        if stream.set_read_timeout(Some(within)).is_err() {
            return false;
        }
        let mut rest = [0; 1];
        loop {
            match self.line.read(&mut rest) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn no_server_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let error = ask(temp.path(), &Order::Who {}).unwrap_err();
        assert!(matches!(error, AskError::NoServer(_)), "{error:?}");
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for_without_end() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let error = exchange(ours, &Order::Who {}, Duration::from_millis(1)).unwrap_err();
        let error = AskError::Silent(told(error, PATIENCE)).to_string();
        assert_eq!(error, "the running jimd does not answer: no answer within 30 s");
    }

    #[test]
    fn an_answer_is_read_and_the_end_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let listener = place::open(temp.path()).unwrap();
        listener.set_nonblocking(false).unwrap();
        let lines = ["{\"answer\":\"stopping\",\"within_seconds\":3}\n", "what?\n", ""];
        let server = thread::spawn(move || {
            for line in lines {
                let (mut stream, _) = listener.accept().unwrap();
                let mut order = String::new();
                BufReader::new(&stream).read_line(&mut order).unwrap();
                assert_eq!(order, "{\"order\":\"stop\"}\n");
                stream.write_all(line.as_bytes()).unwrap();
            }
        });
        let asked = ask(temp.path(), &Order::Stop {}).unwrap();
        assert_eq!(asked.answer, Answer::Stopping { within_seconds: 3 });
        assert!(asked.wait_for_end(Duration::from_secs(20)));
        let strange = ask(temp.path(), &Order::Stop {}).unwrap_err();
        assert!(matches!(strange, AskError::Strange(_)), "{strange:?}");
        let silent = ask(temp.path(), &Order::Stop {}).unwrap_err();
        assert!(matches!(silent, AskError::Silent(_)), "{silent:?}");
        server.join().unwrap();
    }
}
