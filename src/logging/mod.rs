//! The log of the server and what its operator sees.
//!
//! - [`init`] reads `log4rs.yaml` and starts the log; its own appender kind `daily_file` hands the
//!   lines to a thread that writes them, a file for each local day.
//! - [`Console`] shows the server's lines on standard error.
//! - [`trace`] is behind the `#[log]` attribute.
//!
//! Nobody who logs or shows a line waits for a disk or a terminal: lines go through bounded
//! queues, and those that find one full are counted, and the count told.

#[cfg(test)]
pub(crate) mod capture;
mod clock;
mod console;
mod daily_file;
mod daily_writer;
mod line;
mod log_file;
mod queue;
mod rotate;
mod setup;
pub mod trace;

pub use console::{Console, LINES_PER_SECOND};
/// Records the calls of a function; see [`trace`].
pub use jim_macros::log;

use ::log::LevelFilter;
use log4rs::Config;
use log4rs::config::Root;
use std::io;
use std::path::PathBuf;

/// How the log is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The configuration. `None` is `log4rs.yaml` in the current folder, or where there is none,
    /// the one that is built in.
    pub config: Option<PathBuf>,
    /// The folder of the log files: relative paths in the configuration start from it.
    pub logs: PathBuf,
    /// Whether our own crates log at level `debug`, whatever the configuration says.
    pub verbose: bool,
}

/// Why there is no log, or no new one.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The configuration cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Read {
        /// The configuration.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is wrong.
    #[error("{}: {what}", file.display())]
    Wrong {
        /// The configuration.
        file: PathBuf,
        /// What is wrong and what would be right, in one line.
        what: String,
    },
    /// A log file cannot be opened, or its folder not be made.
    #[error("cannot write the log {}: {source}", path.display())]
    Open {
        /// The log file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The process has a logger already.
    #[error("the log is set up already")]
    AlreadySet,
}

/// The running log.
#[derive(Debug)]
pub struct LogHandle {
    handle: log4rs::Handle,
}

/// Starts the log of the process.
///
/// # Errors
///
/// The configuration cannot be read or is wrong in any way, a log file cannot be opened, or there
/// is a logger already.
pub fn init(options: &LogOptions) -> Result<LogHandle, LogError> {
    let config = setup::load(options)?;
    let handle = log4rs::init_config(config).map_err(|_| LogError::AlreadySet)?;
    Ok(LogHandle { handle })
}

impl LogHandle {
    /// Reads the configuration anew. It reads files, and closing the old ones may take 2 seconds
    /// each: not for the event loop's thread.
    ///
    /// # Errors
    ///
    /// As [`init`]; the log then goes on as it was.
    pub fn reload(&self, options: &LogOptions) -> Result<(), LogError> {
        self.handle.set_config(setup::load(options)?);
        Ok(())
    }

    /// Waits until what was logged is in its file, 2 seconds at most.
    pub fn flush(&self) {
        ::log::logger().flush();
    }

    /// Ends the log: what was logged is written, and what comes now is not. It takes 2 seconds
    /// at most for each file that cannot be written.
    pub fn shutdown(&self) {
        let (nothing, _) = Config::builder().build_lossy(Root::builder().build(LevelFilter::Off));
        // The old appenders are dropped, and each waits for its thread.
        self.handle.set_config(nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::log::{Level, Log, Record};
    use std::fs;

    fn log(logger: &log4rs::Logger, message: &str) {
        let mut record = Record::builder();
        record.target("jim").level(Level::Info);
        logger.log(&record.args(format_args!("{message}")).build());
    }

    fn yaml(file: &str) -> String {
        format!(
            "appenders: {{ file: {{ kind: daily_file, path: {file} }} }}\n\
             root: {{ level: info, appenders: [file] }}"
        )
    }

    #[test]
    fn a_log_is_reloaded_and_ended() {
        let _held = capture::hold_max_level();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("log4rs.yaml");
        let logs = folder.path().to_owned();
        let options = LogOptions { config: Some(config.clone()), logs, verbose: false };
        fs::write(&config, yaml("a.log")).unwrap();
        let logger = log4rs::Logger::new(setup::load(&options).unwrap());
        let handle = LogHandle { handle: logger.handle() };
        log(&logger, "one");
        fs::write(&config, yaml("b.log")).unwrap();
        handle.reload(&options).unwrap();
        log(&logger, "two");
        fs::write(&config, "wrong").unwrap();
        handle.reload(&options).unwrap_err();
        log(&logger, "three");
        handle.shutdown();
        log(&logger, "four");
        let lines = |file| {
            let text = fs::read_to_string(folder.path().join(file)).unwrap();
            let lines = text.lines().map(|line| line.rsplit(' ').next().unwrap().to_owned());
            lines.collect::<Vec<_>>()
        };
        assert_eq!(lines("a.log"), ["one"]);
        assert_eq!(lines("b.log"), ["two", "three"]);
    }
}
