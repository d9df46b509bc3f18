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
    pub fn shutdown(self) {
        let (nothing, _) = Config::builder().build_lossy(Root::builder().build(LevelFilter::Off));
        // The old appenders are dropped, and each waits for its thread.
        self.handle.set_config(nothing);
    }
}
