//! `client.toml`: what somebody would otherwise type each time. A profile is a server and who one is
//! there; what is typed wins over it.

use super::options::Args;
use crate::config::nearest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The profile that is taken where none is named.
const DEFAULT: &str = "default";

/// The longest file.
const FILE_BYTES: u64 = 256 * 1024;

/// Why there is no profile.
#[derive(Debug, Error)]
pub enum ProfileFault {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is too long to be one.
    #[error("{path} has over {FILE_BYTES} bytes, which no settings have")]
    TooLong {
        /// Where it is.
        path: PathBuf,
    },
    /// It is no TOML, or has a key or value that means nothing.
    #[error("{path}, line {line}: {what}")]
    Wrong {
        /// Where it is.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong. The line itself is not shown: it may hold somebody's password.
        what: String,
    },
    /// There is none of that name.
    #[error("{path} has no [profile.{name}]{}", hint(*.is_empty, .nearest.as_deref()))]
    Unknown {
        /// Where the file is.
        path: PathBuf,
        /// The name that was typed.
        name: String,
        /// Whether it has none at all.
        is_empty: bool,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// There is no place for such a file: neither variable is set.
    #[error("--profile needs $XDG_CONFIG_HOME or $HOME, where jim/client.toml is looked for")]
    Nowhere,
}

fn hint(is_empty: bool, nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name}?"),
        None if is_empty => "; it has no profile at all".to_owned(),
        None => String::new(),
    }
}

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: BTreeMap<String, Profile>,
}

/// A server, and who one is there. The keys are those of the command line.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Profile {
    address: Option<String>,
    port: Option<u16>,
    #[serde(default)]
    tls: bool,
    /// From the folder of the settings.
    ca: Option<PathBuf>,
    pin: Option<String>,
    user: Option<String>,
    name: Option<String>,
    /// From the folder of the settings.
    password_file: Option<PathBuf>,
    to: Option<String>,
    lang: Option<String>,
}

/// Where the file is looked for, by the variables of the XDG base directories.
#[must_use]
pub fn path(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("jim").join("client.toml"))
}

impl Args {
    /// Takes in what the file at `path` says and was not typed. Without `--profile` that is the one
    /// called `default`, if there is a file and it has one.
    ///
    /// # Errors
    /// The file is wrong, or the profile that was named is not there.
    pub fn take_profile(&mut self, path: Option<&Path>) -> Result<(), ProfileFault> {
        let Some(path) = path else {
            return if self.profile.is_some() { Err(ProfileFault::Nowhere) } else { Ok(()) };
        };
        let text = match read(path) {
            Err(ProfileFault::Unreadable { error, .. })
                if self.profile.is_none() && error.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(());
            }
            text => text?,
        };
        let profile = choose(&text, path, self.profile.as_deref())?;
        self.fill_in(profile, path.parent().unwrap_or(path));
        Ok(())
    }

    /// An address that was typed is another server: nobody's password goes there by mistake.
    fn fill_in(&mut self, profile: Profile, folder: &Path) {
        let begins_with_word = self.server.first().is_some_and(|word| is_word(word));
        let words = if begins_with_word { 2 } else { 0 };
        let is_elsewhere = self.address.is_some() || self.server.len() > words;
        let is_other = self.user.is_some() || self.name.is_some();
        self.lang = self.lang.take().or(profile.lang);
        if is_elsewhere {
            return;
        }
        self.address = profile.address;
        self.port = self.port.take().or_else(|| profile.port.map(|port| port.to_string()));
        self.to = self.to.take().or(profile.to);
        let in_folder = |file: PathBuf| folder.join(file).to_string_lossy().into_owned();
        if !self.tls && self.ca.is_none() && self.pin.is_none() {
            self.tls = profile.tls || profile.ca.is_some() || profile.pin.is_some();
            (self.ca, self.pin) = (profile.ca.map(in_folder), profile.pin);
        }
        if !is_other && self.script.is_none() {
            (self.user, self.name) = (profile.user, profile.name);
            let file = profile.password_file.map(in_folder);
            self.password_file = self.password_file.take().or(file);
        }
    }
}

/// Whether a word stands before the address, with one of its own behind it.
fn is_word(first: &str) -> bool {
    super::shell::WORDS.iter().any(|word| word.name == first)
}

fn read(path: &Path) -> Result<String, ProfileFault> {
    let unreadable = |error| ProfileFault::Unreadable { path: path.to_owned(), error };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES {
        return Err(ProfileFault::TooLong { path: path.to_owned() });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn wrong(text: &str, path: &Path, error: &toml::de::Error) -> ProfileFault {
    let at = error.span().map_or(text.len(), |span| span.start);
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    ProfileFault::Wrong { path: path.to_owned(), line, what: error.message().to_owned() }
}

fn choose(text: &str, path: &Path, name: Option<&str>) -> Result<Profile, ProfileFault> {
    let file: File = toml::from_str(text).map_err(|error| wrong(text, path, &error))?;
    let mut profiles = file.profile;
    match (profiles.remove(name.unwrap_or(DEFAULT)), name) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Ok(Profile::default()),
        (None, Some(name)) => Err(ProfileFault::Unknown {
            path: path.to_owned(),
            name: name.to_owned(),
            is_empty: profiles.is_empty(),
            nearest: nearest(name, profiles.keys().map(String::as_str)).map(str::to_owned),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    const FILE: &str = r##"
        [profile.default]
        lang = "ru"
        name = "Иван"

        [profile.work]
        address = "chat.example.org"
        port = 7000
        tls = true
        ca = "work.pem"
        user = "ivan"
        password-file = "work.password"
        to = "#team"
    "##;

    fn args(line: &str) -> Args {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap()
    }

    fn filled(line: &str) -> Args {
        let mut args = args(line);
        let profile = choose(FILE, Path::new("/c/client.toml"), args.profile.as_deref()).unwrap();
        args.fill_in(profile, Path::new("/c"));
        args
    }

    #[test]
    fn what_was_not_typed_comes_from_the_profile() {
        let work = filled("--profile work");
        let expected = args(
            "--profile work --address chat.example.org --port 7000 --user ivan --to #team \
             --password-file /c/work.password --tls --ca /c/work.pem",
        );
        assert_eq!(work, expected);
        assert_eq!(filled(""), args("--lang ru --name Иван"));
        assert_eq!(filled("--lang en --name bob"), args("--lang en --name bob"));
        let other = filled("--profile work --user ann --port 1");
        let expected = args(
            "--profile work --address chat.example.org --port 1 --user ann --to #team \
                  --tls --ca /c/work.pem",
        );
        assert_eq!(other, expected, "another's password is not for her");
    }

    #[test]
    fn another_server_gets_no_password() {
        assert_eq!(filled("--profile work other.org"), args("--profile work other.org"));
        let at = "--profile work --address other.org";
        assert_eq!(filled(at), args(at));
        let spawn = filled("--profile work spawn 2");
        assert_eq!(spawn.address.as_deref(), Some("chat.example.org"));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let path = Path::new("client.toml");
        let fault = |text: &str, name| choose(text, path, name).unwrap_err().to_string();
        let unknown = fault("[profile.a]\nport = 1\nprot = 2\n", None);
        assert!(unknown.contains("line 3") && unknown.contains("prot"), "{unknown}");
        let wrong = fault("[profile.a]\nport = 70000\n", None);
        assert!(wrong.contains("line 2"), "{wrong}");
        assert_eq!(
            fault(FILE, Some("wrok")),
            "client.toml has no [profile.wrok]; did you mean work?"
        );
        assert_eq!(
            fault("", Some("x")),
            "client.toml has no [profile.x]; it has no profile at all"
        );
    }

    #[test]
    fn the_file_lies_where_the_desktop_says() {
        let of = |set: &'static [(&'static str, &'static str)]| {
            path(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let some = |path: &str| Some(PathBuf::from(path));
        assert_eq!(of(&[("HOME", "/h")]), some("/h/.config/jim/client.toml"));
        assert_eq!(of(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), some("/x/jim/client.toml"));
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "x")];
        assert_eq!(of(Box::leak(Box::new(relative))), some("/h/.config/jim/client.toml"));
        assert_eq!(of(&[]), None);
    }
}
