//! Reads `log4rs.yaml` and refuses what is wrong in it: log4rs itself would go on without a log.

use super::clock::SystemClock;
use super::daily_file::{DailyFileDeserializer, OpenError};
use super::line::LineDeserializer;
use super::{LogError, LogOptions};
use crate::small_file;
use log::LevelFilter;
use log4rs::Config;
use log4rs::append::{Append, AppenderConfig};
use log4rs::config::runtime::{ConfigError, ConfigErrors};
use log4rs::config::{Appender, Deserializers, Logger, RawConfig};
use log4rs::filter::Filter;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is used when there is no file.
const BUILT_IN: &str = include_str!("../../log4rs.yaml");

/// The file that is looked for in the current folder when none is named.
const FILE: &str = "log4rs.yaml";

/// The longest file that is read, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// The crates whose level `--verbose` changes: the library and the server's own.
const OURS: [&str; 2] = ["jim", "jimd"];

/// A configuration's text and where it is from.
#[derive(Debug)]
struct Source {
    file: PathBuf,
    text: String,
}

/// The part of the file that says where lines go.
#[derive(Debug, serde::Deserialize)]
struct Appenders {
    #[serde(default)]
    appenders: BTreeMap<String, AppenderConfig>,
}

/// Reads and checks the configuration, and opens its log files.
pub(super) fn load(options: &LogOptions) -> Result<Config, LogError> {
    let source = source(options.config.as_deref())?;
    let raw: RawConfig = source.parse()?;
    if raw.refresh_rate().is_some() {
        return Err(source.wrong("refresh_rate has no effect here: leave it out"));
    }
    let loggers = with_levels(raw.loggers(), options.verbose);
    let appenders = source.appenders(&deserializers(options))?;
    let names: Vec<String> =
        appenders.iter().map(|appender| format!("`{}`", appender.name())).collect();
    let config = Config::builder().appenders(appenders).loggers(loggers).build(raw.root());
    let config = config.map_err(|errors| source.wrong(texts(&errors, &names)))?;
    if is_silent(&config) {
        return Err(source.wrong("nothing would be logged: root needs `appenders: [NAME]`"));
    }
    Ok(config)
}

/// Whether no line could come out anywhere.
fn is_silent(config: &Config) -> bool {
    let loggers = config.loggers().iter().map(Logger::appenders);
    loggers.chain([config.root().appenders()]).all(<[String]>::is_empty)
}

fn source(named: Option<&Path>) -> Result<Source, LogError> {
    let file = named.unwrap_or(Path::new(FILE));
    let text = small_file::read(file, FILE_BYTES).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    });
    match text {
        Ok(text) => Ok(Source { file: file.to_owned(), text }),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
            Ok(Source { file: PathBuf::from("built-in log4rs.yaml"), text: BUILT_IN.to_owned() })
        }
        Err(source) => Err(LogError::Read { file: file.to_owned(), source }),
    }
}

fn deserializers(options: &LogOptions) -> Deserializers {
    let mut kinds = Deserializers::new();
    let (logs, clock) = (options.logs.clone(), Arc::new(SystemClock::new()));
    kinds.insert("daily_file", DailyFileDeserializer { logs, clock });
    kinds.insert("line", LineDeserializer);
    kinds
}

impl Source {
    fn wrong(&self, what: impl ToString) -> LogError {
        LogError::Wrong { file: self.file.clone(), what: what.to_string() }
    }

    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, LogError> {
        // As a value first: only there is a key that stands twice refused.
        serde_yaml::from_str::<serde_yaml::Value>(&self.text)
            .and_then(|_| serde_yaml::from_str(&self.text))
            .map_err(|error| self.wrong(error))
    }

    fn appenders(&self, kinds: &Deserializers) -> Result<Vec<Appender>, LogError> {
        let Appenders { appenders } = self.parse()?;
        appenders.into_iter().map(|(name, config)| self.appender(name, config, kinds)).collect()
    }

    fn appender(
        &self,
        name: String,
        config: AppenderConfig,
        kinds: &Deserializers,
    ) -> Result<Appender, LogError> {
        let mut builder = Appender::builder();
        for filter in config.filters {
            let filter = kinds.deserialize::<dyn Filter>(&filter.kind, filter.config);
            let right = "its filters' kind is threshold";
            builder = builder.filter(filter.map_err(|error| self.component(&name, error, right))?);
        }
        let appender = kinds.deserialize::<dyn Append>(&config.kind, config.config);
        let right = "its kind is daily_file or console, its encoder's kind line or pattern";
        let appender = appender.map_err(|error| self.component(&name, error, right))?;
        Ok(builder.build(name, appender))
    }

    /// What is wrong with an appender, and, where its kind is unknown, what would be right.
    fn component(&self, name: &str, error: anyhow::Error, right: &str) -> LogError {
        match error.downcast::<OpenError>() {
            Ok(OpenError { path, source }) => LogError::Open { path, source },
            Err(error) if error.to_string().starts_with("no ") => {
                self.wrong(format_args!("appender `{name}`: {error}; {right}"))
            }
            Err(error) => self.wrong(format_args!("appender `{name}`: {error}")),
        }
    }
}

/// What is wrong with the names, and which appenders there are.
fn texts(errors: &ConfigErrors, appenders: &[String]) -> String {
    let mut text = String::new();
    for error in errors.errors() {
        let there_is = match error {
            ConfigError::NonexistentAppender(_) if appenders.is_empty() => "; there is none".into(),
            ConfigError::NonexistentAppender(_) => format!("; there is {}", appenders.join(", ")),
            _ => String::new(),
        };
        let separator = if text.is_empty() { "" } else { ". " };
        text.push_str(&format!("{separator}{error}{there_is}"));
    }
    text
}

/// The loggers; when `verbose`, none of ours has a level under `debug`.
fn with_levels(loggers: Vec<Logger>, verbose: bool) -> Vec<Logger> {
    if !verbose {
        return loggers;
    }
    let missing: Vec<&str> =
        OURS.into_iter().filter(|name| loggers.iter().all(|has| has.name() != *name)).collect();
    let mut loggers: Vec<Logger> = loggers.into_iter().map(at_debug).collect();
    loggers
        .extend(missing.into_iter().map(|name| Logger::builder().build(name, LevelFilter::Debug)));
    loggers
}

fn at_debug(logger: Logger) -> Logger {
    let name = logger.name();
    let root = name.split("::").next().unwrap_or(name);
    if !OURS.contains(&root) {
        return logger;
    }
    let level = logger.level().max(LevelFilter::Debug);
    Logger::builder()
        .appenders(logger.appenders().iter().cloned())
        .additive(logger.additive())
        .build(name, level)
}

#[cfg(test)]
#[path = "setup_tests.rs"]
mod tests;
