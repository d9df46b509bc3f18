//! Reading the configuration anew beside the running server: all of it is good, or the old one stays.

use crate::cert;
use jim::config::{Args, Config, Environment, Settled};
use jim::logging::{LogHandle, LogOptions};
use jim::server::{Fresh, ServerTls, Settings, Shown};
use std::net::SocketAddr;
use std::sync::Arc;

/// The setting whose file is the certificate.
const TLS_CERT: &str = "tls_cert";

/// What is read anew, and what it is compared with.
pub(crate) struct Reading {
    pub(crate) args: Args,
    pub(crate) environment: Environment,
    pub(crate) settled: Settled,
    pub(crate) listen: Vec<SocketAddr>,
    /// The certificate that is shown, and those behind it.
    pub(crate) shown: Option<Shown>,
    pub(crate) log: Arc<LogHandle>,
}

impl Reading {
    /// Everything that can be refused comes before anything that takes effect; the log's files come
    /// last, since they are opened in the same step that refuses them.
    pub(crate) fn read(&mut self) -> Result<Fresh, String> {
        let mut settled = self.settled.clone();
        let mut changes =
            settled.reload(&self.args, &self.environment).map_err(|error| error.to_string())?;
        let tls = cert::load(&changes.config, |oddity| log::warn!("{oddity}"))
            .map_err(|error| error.to_string())?;
        let shown = tls.as_ref().map(ServerTls::shown);
        // The setting may be the same, and its file another.
        if shown != self.shown && !changes.applied.iter().any(|key| key == TLS_CERT) {
            changes.applied.push(TLS_CERT.to_owned());
        }
        self.log.reload(&log_options(&changes.config)).map_err(|error| error.to_string())?;
        self.settled = settled;
        self.shown = shown;
        let settings = Settings { listen: self.listen.clone(), ..changes.config.server };
        Ok(Fresh { settings, tls, applied: changes.applied, restart: changes.restart })
    }
}

pub(crate) fn log_options(config: &Config) -> LogOptions {
    LogOptions {
        config: config.log_config.clone(),
        logs: config.logs.clone(),
        verbose: config.verbose,
    }
}
