//! From what was typed and written to one resolved [`Config`].
//!
//! Settings come from built-in defaults, then a TOML file, then `JIMD_*` variables, then the command
//! line; a later one wins. One table says which settings there are: it drives the file's keys, the
//! variables, the checks and the text of `jimd config default`. The process's environment is an
//! argument, so that nothing here depends on where it runs.

mod args;
mod args_cert;
mod args_control;
mod args_db;
mod banner;
mod commands;
mod completions;
mod control_texts;
mod default_file;
mod environment;
mod exit;
mod fault;
mod file;
mod layers;
mod listen;
mod manual;
mod nearest;
mod normalise;
mod password;
mod reload;
mod setting;
mod table;
mod unit;
mod word;

pub use args::{
    AddCommand, Args, BlockCommand, CheckCommand, Command, CompletionsCommand, ConfigCommand,
    ConfigVerb, DefaultCommand, InviteCommand, InviteVerb, JIMD, JIMD_MANUAL, ListCommand,
    ListInvitesCommand, NewInviteCommand, PasswdCommand, RemoveCommand, RevokeCommand,
    UnblockCommand, UserCommand, UserVerb,
};
pub use args_cert::{CertCommand, CertVerb, NewCertCommand, ShowCertCommand};
pub use args_control::{
    BanCommand, BansCommand, KickCommand, ReloadCommand, StatsCommand, StopCommand, UnbanCommand,
    WhoCommand,
};
pub use args_db::{
    BackupCommand, DbCheckCommand, DbCommand, DbVerb, ExportCommand, ImportCommand, RestoreCommand,
};
pub use banner::{Programs, banner, listening, started};
pub use commands::{
    InviteRow, UserRow, VERSION, config_text, db_remarks, db_summary, invite_table, print,
    print_error, user_done, user_table,
};
pub use completions::{Shell, UnknownShell, Word, completions};
pub use control_texts::{banned_text, bans_text, closed_text, reloaded_text, stats_text, who_text};
pub use default_file::default_file;
pub use environment::Environment;
pub use exit::Exit;
pub use fault::{Complaint, ConfigError, Fault, Place, Warning};
pub use manual::{
    ManualOfFile, ManualPage, Section, manual_of_file, manual_of_settings, manual_page,
};
pub use nearest::nearest;
pub use normalise::{Leave, Opt, Program, UsageFault, normalise, parse};
pub use password::{PasswordError, new_password};
pub use reload::{Changes, Settled, settings_and_whether_live};

use crate::certificate::{CertificateFault, IdentityFiles};
use crate::message::{Durability, Language};
use crate::server::Settings;
use crate::small_file;
use layers::Layers;
use std::path::PathBuf;

/// Everything that `jimd` is told at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What the event loop is told.
    pub server: Settings,
    /// The folder of the store.
    pub data: PathBuf,
    /// The folder of the log files.
    pub logs: PathBuf,
    /// The log's configuration, where one was named.
    pub log_config: Option<PathBuf>,
    /// The certificate for TLS, where one was named.
    pub tls_cert: Option<PathBuf>,
    /// Its key.
    pub tls_key: Option<PathBuf>,
    /// Whether the log is at level `debug`.
    pub verbose: bool,
    /// What a stored thing waits for.
    pub durability: Durability,
}

impl Config {
    /// The language of all texts.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.server.language
    }

    /// Where the certificate for TLS is, and its key: where the settings say, else in the data
    /// folder, if they are there. This looks at the disk.
    ///
    /// # Errors
    /// One is there without the other.
    pub fn identity_files(&self) -> Result<Option<IdentityFiles>, CertificateFault> {
        let (certificate, key) = (self.tls_cert.as_deref(), self.tls_key.as_deref());
        IdentityFiles::find(certificate, key, &self.data)
    }
}

/// A configuration, and what was odd on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The configuration.
    pub config: Config,
    /// The same as it was given, to be compared with later ones.
    pub settled: Settled,
    /// What the operator should hear of.
    pub warnings: Vec<Warning>,
}

/// Settles all settings and looks the addresses up, which may block.
///
/// # Errors
/// All settings that are wrong, or the first address that is none.
pub fn resolve(args: &Args, environment: &Environment) -> Result<Resolved, ConfigError> {
    let (draft, warnings) = settle(args, environment, true)?;
    let listen = listen::addresses(&draft.hosts, draft.port, listen::system)?;
    let settled = Settled(draft.clone());
    Ok(Resolved { config: draft.into_config(listen), settled, warnings })
}

/// Settles all settings for a command that only needs the folders: no address is looked up, and
/// `server.listen` is empty.
///
/// # Errors
/// All settings that are wrong.
pub fn resolve_offline(args: &Args, environment: &Environment) -> Result<Resolved, ConfigError> {
    let (draft, warnings) = settle(args, environment, true)?;
    let settled = Settled(draft.clone());
    Ok(Resolved { config: draft.into_config(Vec::new()), settled, warnings })
}

/// `is_start`: what the command line names may be a pipe, which nobody reads a second time.
fn settle(
    args: &Args,
    environment: &Environment,
    is_start: bool,
) -> Result<(Draft, Vec<Warning>), ConfigError> {
    let mut layers = Layers::new(Draft::of(environment));
    if let Some(path) = args.config.as_ref().map(PathBuf::from) {
        if !is_start && small_file::is_pipe(&path) {
            return Err(ConfigError::Spent { file: path });
        }
        file::read_into(&mut layers, &path, is_start)?;
    } else if let Some(path) = environment.path(environment::CONFIG_VARIABLE) {
        file::read_into(&mut layers, &path, false)?;
    }
    let warnings = environment.read_into(&mut layers);
    args.read_into(&mut layers);
    Ok((layers.finish()?, warnings))
}

/// The settings while they are gathered: as typed, nothing looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    hosts: Vec<String>,
    port: u16,
    data: PathBuf,
    logs: PathBuf,
    log_config: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    verbose: bool,
    durability: Durability,
    server: Settings,
}

/// The data folder where nothing says otherwise.
const DATA: &str = "./jim-data";

/// The log folder where nothing says otherwise.
const LOGS: &str = "./logs";

/// The port where nothing says otherwise.
const PORT: u16 = 7777;

impl Default for Draft {
    fn default() -> Self {
        Self {
            hosts: vec!["::".to_owned()],
            port: PORT,
            data: DATA.into(),
            logs: LOGS.into(),
            log_config: None,
            tls_cert: None,
            tls_key: None,
            verbose: false,
            durability: Durability::default(),
            server: Settings::default(),
        }
    }
}

impl Draft {
    /// The defaults on this system.
    fn of(environment: &Environment) -> Self {
        let mut draft = Self::default();
        draft.server.language = environment.language();
        if let Some(data) = environment.folder("STATE_DIRECTORY") {
            draft.data = data;
        }
        if let Some(logs) = environment.folder("LOGS_DIRECTORY") {
            draft.logs = logs;
        }
        draft
    }

    fn into_config(self, listen: Vec<std::net::SocketAddr>) -> Config {
        Config {
            server: Settings { listen, ..self.server },
            data: self.data,
            logs: self.logs,
            log_config: self.log_config,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            verbose: self.verbose,
            durability: self.durability,
        }
    }
}

#[cfg(test)]
mod tests;
