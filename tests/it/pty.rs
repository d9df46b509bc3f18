//! `jim-client` in a terminal of its own, whose screen is read as text.

use super::scripted_peer::DEADLINE;
use super::support::JIM_CLIENT;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;
use vt100::Parser;

/// A program in a terminal.
pub struct Terminal {
    parser: Parser,
    master: Box<dyn MasterPty + Send>,
    typed: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<Vec<u8>>,
    /// All that came, as it came.
    pub bytes: Vec<u8>,
    columns: u16,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn not_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

impl Terminal {
    /// The client in a terminal of this size.
    pub fn client(arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start(JIM_CLIENT, arguments, &[], columns, rows)
    }

    /// A program with nothing of the surroundings but the path and these variables.
    pub fn start(
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        Self::start_in(&std::env::temp_dir(), program, arguments, variables, (columns, rows))
    }

    /// The same in a folder.
    pub fn start_in(
        folder: &Path,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.cwd(folder);
        let usual = [
            ("PATH", "/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("USER", "tester"),
            ("JIM_PASSWORD", "secret"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
        ];
        for (name, value) in usual.iter().chain(variables) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        // Only the program holds it now, so that its end is the end of what it shows.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let typed = pair.master.take_writer().unwrap();
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(got @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..got].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = Parser::new(not_zero(rows), not_zero(columns), 0);
        Self { parser, master: pair.master, typed, child, chunks, bytes: Vec::new(), columns }
    }

    /// Types keys as a terminal sends them.
    pub fn keys(&mut self, keys: impl AsRef<[u8]>) {
        self.typed.write_all(keys.as_ref()).unwrap();
        self.typed.flush().unwrap();
    }

    /// Types a line and Enter.
    pub fn line(&mut self, line: &str) {
        self.keys(format!("{line}\r"));
    }

    /// Pastes a text as a terminal does.
    pub fn paste(&mut self, text: &str) {
        self.keys(format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.columns = columns;
        self.parser.screen_mut().set_size(not_zero(rows), not_zero(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// The rows, without blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        let screen = self.parser.screen();
        screen.rows(0, self.columns).map(|row| row.trim_end().to_owned()).collect()
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.rows().join("\n")
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Takes what comes until the screen is so; gives its text then.
    pub fn wait(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        while !is_so(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => {
                    self.parser.process(&chunk);
                    self.bytes.extend(chunk);
                }
                Err(why) => panic!("{what}: {why}:\n{}", self.text()),
            }
        }
        self.text()
    }

    /// Waits until this is on the screen.
    pub fn wait_for(&mut self, wanted: &str) -> String {
        self.wait(wanted, |terminal| terminal.text().contains(wanted))
    }

    /// Waits until this is not on the screen.
    pub fn wait_without(&mut self, unwanted: &str) -> String {
        self.wait(unwanted, |terminal| !terminal.text().contains(unwanted))
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until the program is stopped.
    pub fn wait_until_stopped(&self) {
        let pid = self.pid();
        let (stopped, is_stopped) = channel();
        thread::spawn(move || {
            waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
            stopped.send(()).unwrap();
        });
        is_stopped.recv_timeout(DEADLINE).expect("it stops");
    }

    /// Waits for the program's end; gives its exit code and the text that is left.
    pub fn end(mut self) -> (u32, String) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => {
                    self.parser.process(&chunk);
                    self.bytes.extend(chunk);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on:\n{}", self.text()),
            }
        }
        assert!(!self.screen().alternate_screen(), "the full screen is left");
        assert!(!self.screen().bracketed_paste() && !self.screen().hide_cursor());
        let code = self.child.wait().unwrap().exit_code();
        (code, self.text())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
