//! The process's environment, as a value.

use super::fault::{Place, Warning};
use super::layers::Layers;
use super::nearest::nearest;
use super::setting::{Given, Setting};
use super::table::SETTINGS;
use crate::message::Language;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Names the settings file, as `--config` does.
pub(super) const CONFIG_VARIABLE: &str = "JIMD_CONFIG";

const PREFIX: &str = "JIMD_";

/// Environment variables. An empty one counts as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// This process's, as it is now.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable's text; what is not UTF-8 in it is replaced.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// A variable as a path.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// The first folder of a variable that may list several with colons, as systemd's do.
    pub(super) fn folder(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.get(name)?).next().filter(|path| !path.as_os_str().is_empty())
    }

    /// Russian where the locale says so.
    #[must_use]
    pub fn language(&self) -> Language {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| self.text(name));
        match locale {
            Some(locale) if locale.starts_with("ru") => Language::Russian,
            _ => Language::English,
        }
    }

    /// Takes the `JIMD_*` variables in.
    pub(super) fn read_into(&self, layers: &mut Layers) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for name in self.0.keys() {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) || name == CONFIG_VARIABLE {
                continue;
            }
            match SETTINGS.iter().find(|setting| setting.variable() == name) {
                Some(setting) => self.setting(layers, setting, &name),
                None => warnings.push(unknown(&name)),
            }
        }
        warnings
    }

    fn setting(&self, layers: &mut Layers, setting: &'static Setting, name: &str) {
        let Some(value) = self.get(name) else { return };
        let given = value
            .to_str()
            .map_or(Given::Other("what is not UTF-8"), |text| setting.given_as_text(text));
        layers.take(setting, given, Place::Variable { name: name.to_owned() });
    }
}

fn unknown(name: &str) -> Warning {
    let mut known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    known.push(CONFIG_VARIABLE.to_owned());
    let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    Warning::UnknownVariable { name: name.to_owned(), nearest }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
