//! Reading the configuration anew beside the running server: all of it is good, or the old one stays.

use jim::config::{Args, Config, Environment, Settled};
use jim::logging::{LogHandle, LogOptions};
use jim::server::{Fresh, Settings};
use std::net::SocketAddr;
use std::sync::Arc;

/// What is read anew, and what it is compared with.
pub(crate) struct Reading {
    pub(crate) args: Args,
    pub(crate) environment: Environment,
    pub(crate) settled: Settled,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) log: Arc<LogHandle>,
}

impl Reading {
    /// Everything that can be refused comes before anything that takes effect; the log's files come
    /// last, since they are opened in the same step that refuses them.
    pub(crate) fn read(&mut self) -> Result<Fresh, String> {
        let mut settled = self.settled.clone();
        let changes =
            settled.reload(&self.args, &self.environment).map_err(|error| error.to_string())?;
        self.log.reload(&log_options(&changes.config)).map_err(|error| error.to_string())?;
        self.settled = settled;
        let settings = Settings { listen: self.listen.clone(), ..changes.config.server };
        Ok(Fresh { settings, applied: changes.applied, restart: changes.restart })
    }
}

pub(crate) fn log_options(config: &Config) -> LogOptions {
    LogOptions {
        config: config.log_config.clone(),
        logs: config.logs.clone(),
        verbose: config.verbose,
    }
}
