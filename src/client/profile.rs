//! What `client.toml` changes of the command line. A profile is a server and who one is there; what
//! is typed wins over it.

use super::options::Args;
use super::screen::Preferences;
use super::settings::{Settings, SettingsFault, Values};
use crate::config::nearest;
use crate::small_file;
use std::io;
use std::path::{Path, PathBuf};

/// The profile that is taken where none is named.
const DEFAULT: &str = "default";

/// The longest file: settings are a few kilobytes.
const FILE_BYTES: u64 = 1 << 20;

/// Where the file is looked for, by the variables of the XDG base directories.
#[must_use]
pub fn path(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("jim").join("client.toml"))
}

impl Args {
    /// Takes in what the file at `path` says and was not typed, and gives the looks and keys.
    /// Without `--profile` the profile called `default` counts, if there is a file and it has one.
    ///
    /// # Errors
    /// The file or `--set` is wrong, or the profile that was named is not there.
    pub fn take_profile(&mut self, path: Option<&Path>) -> Result<Preferences, SettingsFault> {
        if path.is_none() && self.profile.is_some() {
            return Err(SettingsFault::Nowhere);
        }
        let path = path.unwrap_or(Path::new(""));
        let file = match small_file::read(path, FILE_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.profile.is_none() => {
                Vec::new()
            }
            Err(error) => {
                return Err(SettingsFault::Unreadable { path: path.to_owned(), error });
            }
            Ok(file) => file,
        };
        let mut settings = Settings::read(path, &file, &self.set)?;
        let profile = choose(&mut settings, path, self.profile.as_deref())?;
        self.fill_in(&settings, profile, path.parent().unwrap_or(path));
        Ok(settings.preferences)
    }

    fn fill_in(&mut self, settings: &Settings, profile: Values, folder: &Path) {
        let likes = settings.typed.clone().or(profile.clone()).or(settings.common.clone());
        self.fill_in_server(profile, folder);
        self.fill_in_likes(likes);
    }

    /// An address that was typed is another server: nobody's password goes there by mistake.
    fn fill_in_server(&mut self, profile: Values, folder: &Path) {
        let words = if self.word().is_some() { 2 } else { 0 };
        if self.address.is_some() || self.server.len() > words {
            return;
        }
        self.address = profile.address;
        self.port = self.port.take().or_else(|| profile.port.map(|port| port.to_string()));
        let in_folder = |file: String| folder.join(file).to_string_lossy().into_owned();
        if !self.tls && self.ca.is_none() && self.pin.is_none() {
            let is_checked = profile.ca.is_some() || profile.pin.is_some();
            self.tls = profile.tls.unwrap_or_default() || is_checked;
            (self.ca, self.pin) = (profile.ca.map(in_folder), profile.pin);
        }
        if !self.says_who_itself() && self.user.is_none() && self.name.is_none() {
            (self.user, self.name) = (profile.user, profile.name);
            let file = profile.password_file.map(in_folder);
            self.password_file = self.password_file.take().or(file);
        }
        if !self.says_who_itself() && self.word() != Some("get") {
            self.to = self.to.take().or(profile.to);
        }
    }

    /// What counts at every server, where it could have been typed.
    fn fill_in_likes(&mut self, likes: Values) {
        self.lang = self.lang.take().or(likes.lang);
        let talks = !self.read && !self.write && self.script.is_none() && !self.is_dialect();
        let talks = talks && self.word().is_none();
        if talks {
            // Who types one of them wants the screen.
            let is_wanted = self.bell || self.notify.is_some() || self.no_memory;
            self.plain |= !is_wanted && likes.plain.unwrap_or_default();
        }
        if talks && !self.plain {
            self.bell |= likes.bell.unwrap_or_default();
            self.no_memory |= likes.no_memory.unwrap_or_default();
            self.notify = self.notify.take().or(likes.notify);
        }
        if talks || self.write {
            self.split |= likes.split.unwrap_or_default();
        }
        if self.read && self.user.is_some() {
            self.follow |= likes.follow.unwrap_or_default();
            if self.since.is_none() {
                let history = likes.history.map(|count| count.to_string());
                self.history = self.history.take().or(history);
            }
        }
    }

    const fn is_dialect(&self) -> bool {
        self.console_chat || self.exchange.is_some()
    }

    /// Whether the mode has its own way to say who one is, and where lines go.
    fn says_who_itself(&self) -> bool {
        self.script.is_some() || self.is_dialect() || self.word() == Some("register")
    }

    /// The word before the address, which has one of its own behind it.
    fn word(&self) -> Option<&'static str> {
        let first = self.server.first()?;
        super::shell::WORDS.iter().map(|word| word.name).find(|name| name == first)
    }
}

fn choose(
    settings: &mut Settings,
    path: &Path,
    name: Option<&str>,
) -> Result<Values, SettingsFault> {
    let profiles = &mut settings.profiles;
    match (profiles.remove(name.unwrap_or(DEFAULT)), name) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Ok(Values::default()),
        (None, Some(name)) => Err(SettingsFault::Unknown {
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
        filled_by(FILE, line)
    }

    fn filled_by(file: &str, line: &str) -> Args {
        let mut args = args(line);
        let path = Path::new("/c/client.toml");
        let mut settings = Settings::read(path, file.as_bytes(), &args.set).unwrap();
        let profile = choose(&mut settings, path, args.profile.as_deref()).unwrap();
        args.fill_in(&settings, profile, Path::new("/c"));
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
    fn a_profile_that_is_not_there_is_named() {
        let fault = |text: &str, name| {
            let path = Path::new("client.toml");
            let mut settings = Settings::read(path, text.as_bytes(), &[]).unwrap();
            choose(&mut settings, path, Some(name)).unwrap_err().to_string()
        };
        assert_eq!(fault(FILE, "wrok"), "client.toml has no [profile.wrok]; did you mean work?");
        assert_eq!(fault("", "x"), "client.toml has no [profile.x]; it has no profile at all");
    }

    #[test]
    fn what_counts_everywhere_counts_where_it_could_be_typed() {
        let file = "bell = true\nno-memory = true\nnotify = 777\nsplit = true\nhistory = 9\nfollow = true\n\
            [profile.quiet]\nbell = false\nnotify = \"off\"\n[profile.lines]\nplain = true\n";
        for (line, expected) in [
            ("", "--bell --no-memory --notify 777 --split"),
            ("--notify 9", "--bell --no-memory --notify 9 --split"),
            ("--plain", "--plain --split"),
            ("--profile quiet", "--profile quiet --no-memory --notify off --split"),
            ("--profile quiet --bell", "--profile quiet --no-memory --bell --notify off --split"),
            ("--profile lines", "--profile lines --plain --split"),
            ("--profile lines --bell", "--profile lines --no-memory --bell --notify 777 --split"),
            ("-w", "-w --split"),
            ("-r", "-r"),
            ("-r -u a", "-r -u a --history 9 --follow"),
            ("-r -u a --since 2h", "-r -u a --since 2h --follow"),
            ("send x -u a --to b", "send x -u a --to b"),
            ("other.org -r -u a", "other.org -r -u a --history 9 --follow"),
        ] {
            assert_eq!(filled_by(file, line), args(expected), "{line}");
            assert!(filled_by(file, line).understand().is_ok(), "{line}");
        }
        let set = "--set bell=false --set notify=off --set split=false";
        assert_eq!(filled_by(file, set), args(&format!("{set} --no-memory --notify off")));
    }

    #[test]
    fn who_one_is_counts_where_it_could_be_typed() {
        let file = "[profile.default]\naddress = \"a\"\nname = \"b\"\nto = \"#c\"\n";
        for line in ["--script x", "--console-chat", "--exchange x", "register x"] {
            let args = filled_by(file, line);
            assert_eq!((args.address.as_deref(), &args.name, &args.to), (Some("a"), &None, &None));
            assert!(args.understand().is_ok(), "{line}");
        }
        assert_eq!(filled_by(file, "get 0123456789abcdef").to, None);
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
