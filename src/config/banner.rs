//! What `jimd` says at its start: what is open to whom, in plain words.

use super::{Config, DATA, Environment, PORT};
use crate::chat::Guests;
use crate::message::Language;
use crate::server::Plaintext;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

/// How the two programs are called in a command that works when it is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The server.
    pub jimd: String,
    /// The client.
    pub client: String,
}

impl Default for Programs {
    /// As where they are installed.
    fn default() -> Self {
        Self { jimd: "jimd".to_owned(), client: "jim-client".to_owned() }
    }
}

impl Programs {
    /// As where this program was called from: `called` is its own first argument. A client beside
    /// it is called the same way; in a fresh clone there may be none yet, and cargo builds it.
    #[must_use]
    pub fn found(called: &Path, environment: &Environment) -> Self {
        let Some(folder) = called.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
            return Self::default();
        };
        let beside = folder.join("jim-client");
        let client = if beside.is_file() {
            quoted(&beside)
        } else if environment.path("CARGO_MANIFEST_DIR").is_some() {
            "cargo run --release --bin jim-client --".to_owned()
        } else {
            Self::default().client
        };
        Self { jimd: quoted(called), client }
    }
}

/// The lines before the first log line, each with its line end. The fingerprint is that of the
/// certificate, where TLS is served.
#[must_use]
pub fn banner(
    config: &Config,
    bound: &[SocketAddr],
    programs: &Programs,
    fingerprint: Option<&str>,
) -> String {
    let join = join_command(config, bound, programs, fingerprint);
    let lines = match config.language() {
        Language::Russian => russian(config, bound, programs, fingerprint.is_some(), join),
        Language::English => english(config, bound, programs, fingerprint.is_some(), join),
    };
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Seed 000's first line, without its time.
#[must_use]
pub fn started(config: &Config, bound: &[SocketAddr]) -> String {
    let at = endpoints(bound);
    match config.language() {
        Language::Russian => format!("Сервер запущен по адресу {at}"),
        Language::English => format!("The server runs at {at}"),
    }
}

/// Seed 003's first line, for who starts the server as that seed does: with `--host`.
#[must_use]
pub fn listening(
    typed: impl IntoIterator<Item = OsString>,
    bound: &[SocketAddr],
) -> Option<String> {
    let is_host = |arg: OsString| {
        arg.to_str().is_some_and(|arg| arg == "--host" || arg.starts_with("--host="))
    };
    let is_typed = typed.into_iter().any(is_host);
    is_typed.then(|| format!("Listening for connections on {}...\n", endpoints(bound)))
}

fn english(
    config: &Config,
    bound: &[SocketAddr],
    programs: &Programs,
    has_tls: bool,
    join: String,
) -> [String; 7] {
    let guests = match config.server.policy.guests {
        Guests::Write => "may read and write the common chat",
        Guests::Read => "may read the common chat, not write it",
        Guests::None => "are not let in: everyone needs an account",
    };
    let reach = match Reach::of(bound) {
        Reach::All => format!("all addresses, IPv6 and IPv4, {}", endpoints(bound)),
        Reach::AllOf(family) => format!("all {family} addresses, {}", endpoints(bound)),
        Reach::Machine => format!("{} (this machine only)", endpoints(bound)),
        Reach::Some => endpoints(bound),
    };
    let traffic = match config.server.plaintext {
        _ if !has_tls => "NOT encrypted (plain TCP): anyone on the way can read it, passwords too",
        Plaintext::Allow => {
            "encrypted (TLS) for who asks for it: jim-client --tls; plain TCP is allowed too"
        }
        Plaintext::Local => "encrypted (TLS); plain TCP is allowed on this machine only",
        Plaintext::Refuse => "encrypted (TLS), always",
    };
    [
        format!("Listening: {reach}"),
        format!("Guests:    {guests}"),
        format!("Traffic:   {traffic}"),
        format!("Data:      {}", config.data.display()),
        format!("Logs:      {}", config.logs.display()),
        format!("Add a user: {}", add_user(config, programs, "NAME")),
        format!("Join:       {join}"),
    ]
}

fn russian(
    config: &Config,
    bound: &[SocketAddr],
    programs: &Programs,
    has_tls: bool,
    join: String,
) -> [String; 7] {
    let guests = match config.server.policy.guests {
        Guests::Write => "могут читать общий чат и писать в него",
        Guests::Read => "могут читать общий чат, но не писать в него",
        Guests::None => "не допускаются: каждому нужна учётная запись",
    };
    let reach = match Reach::of(bound) {
        Reach::All => format!("все адреса, IPv6 и IPv4, {}", endpoints(bound)),
        Reach::AllOf(family) => format!("все адреса {family}, {}", endpoints(bound)),
        Reach::Machine => format!("{} (только этот компьютер)", endpoints(bound)),
        Reach::Some => endpoints(bound),
    };
    let traffic = match config.server.plaintext {
        _ if !has_tls => {
            "НЕ шифруется (обычный TCP): его может прочесть любой на пути, и пароли тоже"
        }
        Plaintext::Allow => {
            "шифруется (TLS), если клиент просит: jim-client --tls; можно и обычным TCP"
        }
        Plaintext::Local => "шифруется (TLS); обычным TCP можно только с этого компьютера",
        Plaintext::Refuse => "шифруется (TLS), всегда",
    };
    [
        format!("Слушаем: {reach}"),
        format!("Гости:   {guests}"),
        format!("Трафик:  {traffic}"),
        format!("Данные:  {}", config.data.display()),
        format!("Журналы: {}", config.logs.display()),
        format!("Добавить пользователя: {}", add_user(config, programs, "ИМЯ")),
        format!("Войти в чат:           {join}"),
    ]
}

/// Who can reach the server.
enum Reach {
    All,
    /// All addresses of one family.
    AllOf(&'static str),
    /// This machine alone.
    Machine,
    Some,
}

impl Reach {
    fn of(bound: &[SocketAddr]) -> Self {
        let unspecified = |v6: bool| {
            bound.iter().any(|address| address.ip().is_unspecified() && address.is_ipv6() == v6)
        };
        if unspecified(true) {
            Self::All
        } else if unspecified(false) {
            Self::AllOf("IPv4")
        } else if bound.iter().all(|address| address.ip().is_loopback()) {
            Self::Machine
        } else {
            Self::Some
        }
    }
}

/// `127.0.0.1:7777`, or `:7777` for all addresses.
fn endpoints(bound: &[SocketAddr]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for address in bound {
        let one = if address.ip().is_unspecified() {
            format!(":{}", address.port())
        } else {
            address.to_string()
        };
        if !shown.contains(&one) {
            shown.push(one);
        }
    }
    shown.join(", ")
}

/// The command works in the folder that the server was started in, and a relative folder is only
/// found from there.
fn add_user(config: &Config, programs: &Programs, name: &str) -> String {
    let jimd = &programs.jimd;
    if config.data == Path::new(DATA) {
        return format!("{jimd} user add {name}");
    }
    format!("{jimd} --data {} user add {name}", quoted(&config.data))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The one command to join from this machine; what `jim-client` does by itself is left out.
fn join_command(
    config: &Config,
    bound: &[SocketAddr],
    programs: &Programs,
    fingerprint: Option<&str>,
) -> String {
    const LOCAL: &str = "127.0.0.1";
    let reached = |address: &SocketAddr| match address {
        address if address.ip().is_unspecified() => LOCAL.to_owned(),
        address => address.ip().to_string(),
    };
    let best = bound.iter().find(|address| reached(address) == LOCAL).or_else(|| bound.first());
    let mut command = programs.client.clone();
    if let Some(address) = best {
        if reached(address) != LOCAL {
            command.push_str(&format!(" -a {}", reached(address)));
        }
        if address.port() != PORT {
            command.push_str(&format!(" -p {}", address.port()));
        }
        let ip = address.ip();
        let is_plain = config.server.plaintext.allows(ip)
            || (config.server.plaintext == Plaintext::Local && ip.is_unspecified());
        if let Some(fingerprint) = fingerprint.filter(|_| !is_plain) {
            command.push_str(&format!(" --tls --pin {fingerprint}"));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::super::Draft;
    use super::*;

    fn config(language: Language, data: &str, guests: Guests) -> Config {
        let mut draft = Draft { data: data.into(), ..Draft::default() };
        draft.server.language = language;
        draft.server.policy.guests = guests;
        draft.into_config(Vec::new())
    }

    fn bound(addresses: &[&str]) -> Vec<SocketAddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    fn shown(config: &Config, bound: &[SocketAddr]) -> String {
        banner(config, bound, &Programs::default(), None)
    }

    #[test]
    fn the_whole_banner_in_english() {
        let config = config(Language::English, "./jim-data", Guests::Write);
        let text = "\
Listening: all addresses, IPv6 and IPv4, :7777
Guests:    may read and write the common chat
Traffic:   NOT encrypted (plain TCP): anyone on the way can read it, passwords too
Data:      ./jim-data
Logs:      ./logs
Add a user: jimd user add NAME
Join:       jim-client
";
        assert_eq!(shown(&config, &bound(&["[::]:7777"])), text);
    }

    #[test]
    fn the_whole_banner_in_russian() {
        let config = config(Language::Russian, "/var/lib/my jim", Guests::Read);
        let text = "\
Слушаем: 127.0.0.1:8888 (только этот компьютер)
Гости:   могут читать общий чат, но не писать в него
Трафик:  НЕ шифруется (обычный TCP): его может прочесть любой на пути, и пароли тоже
Данные:  /var/lib/my jim
Журналы: ./logs
Добавить пользователя: jimd --data '/var/lib/my jim' user add ИМЯ
Войти в чат:           jim-client -p 8888
";
        assert_eq!(shown(&config, &bound(&["127.0.0.1:8888"])), text);
    }

    #[test]
    fn where_it_listens_and_how_to_join() {
        let rows: [(&[&str], &str, &str); 7] = [
            (&["[::]:7777"], "all addresses, IPv6 and IPv4, :7777", "jim-client"),
            (&["0.0.0.0:80"], "all IPv4 addresses, :80", "jim-client -p 80"),
            (&["0.0.0.0:80", "[::]:80"], "all addresses, IPv6 and IPv4, :80", "jim-client -p 80"),
            (
                &["[::1]:7777", "127.0.0.1:7777"],
                "[::1]:7777, 127.0.0.1:7777 (this machine only)",
                "jim-client",
            ),
            (&["[::1]:7777"], "[::1]:7777 (this machine only)", "jim-client -a ::1"),
            (&["10.0.0.5:7777"], "10.0.0.5:7777", "jim-client -a 10.0.0.5"),
            (&["10.0.0.5:1"], "10.0.0.5:1", "jim-client -a 10.0.0.5 -p 1"),
        ];
        let config = config(Language::English, "./jim-data", Guests::Write);
        for (addresses, reach, join) in rows {
            let text = shown(&config, &bound(addresses));
            assert!(text.starts_with(&format!("Listening: {reach}\n")), "{text}");
            assert!(text.ends_with(&format!("Join:       {join}\n")), "{text}");
        }
    }

    #[test]
    fn what_is_encrypted_and_how_to_join_then() {
        let mut config = config(Language::English, "d", Guests::Write);
        let pin = " --tls --pin abc";
        let rows = [
            (Plaintext::Allow, "[::]:7777", "plain TCP is allowed too", ""),
            (Plaintext::Local, "[::]:7777", "on this machine only", ""),
            (
                Plaintext::Local,
                "10.0.0.5:7777",
                "on this machine only",
                " -a 10.0.0.5 --tls --pin abc",
            ),
            (Plaintext::Refuse, "[::]:7777", "encrypted (TLS), always", pin),
        ];
        for (plaintext, address, said, join) in rows {
            config.server.plaintext = plaintext;
            let programs = Programs::default();
            let text = banner(&config, &bound(&[address]), &programs, Some("abc"));
            assert!(text.contains(said), "{text}");
            assert!(text.ends_with(&format!("Join:       jim-client{join}\n")), "{text}");
        }
        config.server.language = Language::Russian;
        let text = banner(&config, &[], &Programs::default(), Some("abc"));
        assert!(text.contains("Трафик:  шифруется (TLS), всегда"), "{text}");
    }

    #[test]
    fn guests_are_named_in_both_languages() {
        let rows = [
            (Guests::Write, "may read and write", "могут читать общий чат и писать"),
            (Guests::Read, "may read the common chat, not", "но не писать"),
            (Guests::None, "are not let in", "не допускаются"),
        ];
        for (guests, english, russian) in rows {
            for (language, part) in [(Language::English, english), (Language::Russian, russian)] {
                let text = shown(&config(language, "d", guests), &bound(&["[::]:7777"]));
                assert!(text.contains(part), "{text}");
            }
        }
    }

    #[test]
    fn the_first_line_of_seed_000() {
        let rows: [(&[&str], &str); 3] = [
            (&["127.0.0.1:7777"], "Сервер запущен по адресу 127.0.0.1:7777"),
            (&["[::]:7777"], "Сервер запущен по адресу :7777"),
            (&["0.0.0.0:7777", "[::]:7777"], "Сервер запущен по адресу :7777"),
        ];
        for (addresses, line) in rows {
            let config = config(Language::Russian, "d", Guests::Write);
            assert_eq!(started(&config, &bound(addresses)), line);
        }
        let config = config(Language::English, "d", Guests::Write);
        assert_eq!(started(&config, &bound(&["[::]:7777"])), "The server runs at :7777");
    }

    #[test]
    fn commands_work_when_they_are_copied() {
        let cargo: Environment = [("CARGO_MANIFEST_DIR", "/src")].into_iter().collect();
        let built = "cargo run --release --bin jim-client --";
        let rows = [
            ("jimd", Environment::default(), "jimd", "jim-client"),
            ("/no/such/jimd", Environment::default(), "/no/such/jimd", "jim-client"),
            ("no such/jimd", cargo, "'no such/jimd'", built),
        ];
        for (called, environment, jimd, client) in rows {
            let programs = Programs { jimd: jimd.to_owned(), client: client.to_owned() };
            assert_eq!(Programs::found(Path::new(called), &environment), programs, "{called}");
        }
        let config = config(Language::English, "./jim-data", Guests::Write);
        let programs = Programs { jimd: "bin/jimd".to_owned(), client: "bin/client".to_owned() };
        let text = banner(&config, &bound(&["[::1]:7777"]), &programs, None);
        assert!(text.contains("Add a user: bin/jimd user add NAME\n"), "{text}");
        assert!(text.contains("Join:       bin/client -a ::1\n"), "{text}");
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        let rows = [
            ("/srv/jim", "/srv/jim"),
            ("./данные", "./данные"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
        ];
        for (path, word) in rows {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
