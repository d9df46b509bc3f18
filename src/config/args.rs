//! `jimd`'s command line as it is typed: nothing is checked or looked up here.

use super::Exit;
use super::args_cert::{CertCommand, CertVerb};
use super::args_control::{
    BanCommand, BansCommand, KickCommand, ReloadCommand, StatsCommand, StopCommand, UnbanCommand,
    WhoCommand,
};
use super::args_db::{DbCommand, DbVerb};
use super::completions::Shell;
use super::fault::Place;
use super::layers::Layers;
use super::manual::ManualPage;
use super::normalise::{Leave, Opt, Program, parse};
use super::table;
use super::unit::parse_time;
use argh::{ArgsInfo, FromArgs};
use std::ffi::OsString;
use std::time::Duration;

/// What `jimd`'s manual page says besides the options.
pub const JIMD_MANUAL: ManualPage<'_> = ManualPage {
    name: "jimd",
    section: 8,
    purpose: "a chat server that any program can join",
    words: &[],
    see_also: &["jim-client(1)", "jimd.toml(5)"],
};

/// What `jimd`'s command line may hold.
pub const JIMD: Program = Program {
    name: "jimd",
    options: &[
        Opt::value("--host", Some('a')).or(&["--address", "--addr"]),
        Opt::value("--port", Some('p')),
        Opt::value("--data", None),
        Opt::value("--logs", None),
        Opt::value("--config", None),
        Opt::value("--log-config", None),
        Opt::value("--lang", None),
        Opt::switch("--force", None),
        Opt::value("--room", None).of_command(),
        Opt::value("--uses", None).of_command(),
        Opt::value("--expires", None).of_command(),
        Opt::switch("--json", None).of_command(),
        Opt::switch("--verbose", Some('v')),
        Opt::switch("--version", Some('V')),
    ],
    commands: &[
        ("user", &["add", "list", "passwd", "remove", "block", "unblock"]),
        ("db", &["check", "backup", "restore", "export", "import"]),
        ("invite", &["new", "list", "revoke"]),
        ("cert", &["new", "show"]),
        ("who", &[]),
        ("stats", &[]),
        ("kick", &[]),
        ("ban", &[]),
        ("unban", &[]),
        ("bans", &[]),
        ("reload", &[]),
        ("stop", &[]),
        ("config", &["default", "check"]),
        ("completions", &["bash", "zsh", "fish"]),
    ],
};

/// A chat server that any program can join: JSON over TCP.
#[derive(FromArgs, ArgsInfo, Debug, Clone, Default, PartialEq, Eq)]
#[argh(
    help_triggers("--help"),
    description = "A chat server that any program can join: JSON objects over TCP.\n\
        Without a command it serves until Ctrl-C.",
    example = "Serve on all addresses, port 7777:\n    {command_name}",
    example = "Serve on this machine only, port 8888:\n    {command_name} -a localhost -p 8888",
    example = "Add a user, also beside a running server (asks for a password):\n    \
        {command_name} user add ivan",
    example = "The same from a script:\n    echo \"$PASSWORD\" | {command_name} user add ivan",
    example = "Back up accounts and rooms, also beside a running server:\n    \
        {command_name} db backup jim-backup.db",
    example = "Invite five people into a room (with registration = \"invite\" in the file):\n    \
        {command_name} invite new --room '#tea' --uses 5 --expires 30d",
    example = "See who is connected to the running server, and close somebody's connections:\n    \
        {command_name} who\n    {command_name} kick ivan",
    example = "Write a file with all settings, change it, check it, use it:\n    \
        {command_name} config default > jim.toml\n    \
        {command_name} config check jim.toml\n    \
        {command_name} --config jim.toml",
    example = "Join the chat:\n    jim-client",
    note = "Settings come from built-in defaults, then the file of --config (or $JIMD_CONFIG), then\n  \
        variables (JIMD_PORT=8888, JIMD_LIMITS_MESSAGE_CHARS=300), then options; the last one wins.",
    note = "Accounts and rooms lie in --data ($STATE_DIRECTORY, else ./jim-data), log files in\n  \
        --logs ($LOGS_DIRECTORY, else ./logs). Keep the data folder between starts.",
    note = "'completions SHELL' prints what bash, zsh or fish reads to complete this command line, as in\n  \
        source <(jimd completions bash)",
    note = "An option may stand before or after a command, as '-p 80', '-p80', '--port 80' or\n  \
        '--port=80'. -h is --help, -V is --version. After '--' nothing is an option.",
    error_code(0, "done, or stopped by SIGINT or SIGTERM as it should"),
    error_code(1, "anything that has no code of its own"),
    error_code(2, "the command line was not understood"),
    error_code(3, "a setting of the file or of a variable was refused"),
    error_code(4, "another program listens on that port"),
    error_code(5, "the address does not exist, or is not this machine's"),
    error_code(6, "this user may not take that port (below 1024, say)"),
    error_code(
        7,
        "the data or log folder, a file that was named, or the certificate cannot be used"
    ),
    error_code(8, "another jimd uses the data folder"),
    error_code(9, "the store is damaged, or was written by a newer jimd"),
    error_code(10, "there is no such user, or nobody is connected under that name"),
    error_code(11, "the name is taken, looks like a taken one, or cannot be a name"),
    error_code(12, "the password is empty, too long, or was not typed the same twice"),
    error_code(13, "something is there already that would be overwritten"),
    error_code(14, "a line of an import is wrong"),
    error_code(15, "no jimd runs on the data folder that an order was for"),
    error_code(
        130,
        "Ctrl-C while a password was asked for, or a second signal that cut a stop short"
    )
)]
pub struct Args {
    /// address or host name to listen on, or that a certificate is for (cert new); may be given
    /// several times (default: all, IPv6 and IPv4)
    #[argh(option, short = 'a', arg_name = "addr")]
    pub host: Vec<String>,

    /// TCP port (default: 7777)
    #[argh(option, short = 'p', arg_name = "port")]
    pub port: Option<String>,

    /// folder of accounts and rooms (default: $STATE_DIRECTORY, else ./jim-data)
    #[argh(option, arg_name = "dir")]
    pub data: Option<String>,

    /// folder of the log files (default: $LOGS_DIRECTORY, else ./logs)
    #[argh(option, arg_name = "dir")]
    pub logs: Option<String>,

    /// TOML file with settings, or a pipe, which is read once
    #[argh(option, arg_name = "file")]
    pub config: Option<String>,

    /// file that says what is logged (default: ./log4rs.yaml, else a built-in one)
    #[argh(option, arg_name = "file")]
    pub log_config: Option<String>,

    /// language of the server's texts: ru or en (default: by the locale)
    #[argh(option, arg_name = "ru|en")]
    pub lang: Option<String>,

    /// overwrite what exists (db backup, db restore, db export, cert new)
    #[argh(switch)]
    pub force: bool,

    /// log every detail (level debug)
    #[argh(switch, short = 'v')]
    pub verbose: bool,

    /// print the version and end
    #[argh(switch, short = 'V')]
    pub version: bool,

    /// what to do instead of serving
    #[argh(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// Reads a command line without the program's own name.
    ///
    /// # Errors
    /// The help text where it was asked for, or what is wrong with the line.
    pub fn parse(typed: impl IntoIterator<Item = OsString>) -> Result<Self, Leave> {
        let args: Self = parse(&JIMD, typed)?;
        if args.force && !args.may_force() {
            let text = "jimd: --force is for db backup, db restore, db export and cert new\n\
                        Try 'jimd --help'.\n";
            return Err(Leave { text: text.to_owned(), exit: Exit::Usage });
        }
        Ok(args)
    }

    const fn may_force(&self) -> bool {
        matches!(
            &self.command,
            Some(
                Command::Db(DbCommand {
                    verb: DbVerb::Backup(_) | DbVerb::Restore(_) | DbVerb::Export(_)
                }) | Command::Cert(CertCommand { verb: CertVerb::New(_) })
            )
        )
    }

    /// Takes the options that are settings in.
    pub(super) fn read_into(&self, layers: &mut Layers) {
        let hosts = (!self.host.is_empty()).then(|| self.host.join(","));
        let verbose = self.verbose.then(|| "true".to_owned());
        let options: [(&str, &'static str, Option<&str>); 7] = [
            ("host", "--host", hosts.as_deref()),
            ("port", "--port", self.port.as_deref()),
            ("data", "--data", self.data.as_deref()),
            ("logs", "--logs", self.logs.as_deref()),
            ("log_config", "--log-config", self.log_config.as_deref()),
            ("lang", "--lang", self.lang.as_deref()),
            ("verbose", "--verbose", verbose.as_deref()),
        ];
        for (key, flag, value) in options {
            if let (Some(setting), Some(value)) = (table::find(key), value) {
                layers.take(setting, setting.given_as_text(value), Place::Flag { flag });
            }
        }
    }
}

/// What to do instead of serving.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum Command {
    /// Accounts.
    User(UserCommand),
    /// The store.
    Db(DbCommand),
    /// Invitations.
    Invite(InviteCommand),
    /// The certificate for TLS.
    Cert(CertCommand),
    /// Who is connected.
    Who(WhoCommand),
    /// How the server does.
    Stats(StatsCommand),
    /// Close somebody's connections.
    Kick(KickCommand),
    /// Keep somebody out.
    Ban(BanCommand),
    /// Let them in again.
    Unban(UnbanCommand),
    /// Which addresses are kept out.
    Bans(BansCommand),
    /// Read the settings anew.
    Reload(ReloadCommand),
    /// End the server.
    Stop(StopCommand),
    /// Settings files.
    Config(ConfigCommand),
    /// A script for a shell.
    Completions(CompletionsCommand),
}

/// print what a shell reads to complete this command line: bash, zsh or fish
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "completions", help_triggers("--help"))]
pub struct CompletionsCommand {
    /// the shell
    #[argh(positional)]
    pub shell: Shell,
}

/// manage accounts, also beside a running server
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "user",
    help_triggers("--help"),
    note = "A running server closes the connections of who is removed, blocked or given another \
        password.",
    note = "A password is read from a pipe (one line), or asked for twice without being shown."
)]
pub struct UserCommand {
    /// what to do
    #[argh(subcommand)]
    pub verb: UserVerb,
}

/// What to do with accounts.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum UserVerb {
    /// A new account.
    Add(AddCommand),
    /// All accounts.
    List(ListCommand),
    /// Another password.
    Passwd(PasswdCommand),
    /// No account any more.
    Remove(RemoveCommand),
    /// Refuse log-ins.
    Block(BlockCommand),
    /// Allow them again.
    Unblock(UnblockCommand),
}

/// add an account; the password comes from a pipe or is asked for
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "add", help_triggers("--help"))]
pub struct AddCommand {
    /// the account's name
    #[argh(positional)]
    pub name: String,
}

/// list all accounts
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "list", help_triggers("--help"))]
pub struct ListCommand {}

/// change a password; it comes from a pipe or is asked for
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "passwd", help_triggers("--help"))]
pub struct PasswdCommand {
    /// the account's name
    #[argh(positional)]
    pub name: String,
}

/// remove an account with its memberships
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "remove", help_triggers("--help"))]
pub struct RemoveCommand {
    /// the account's name
    #[argh(positional)]
    pub name: String,
}

/// refuse an account's log-ins
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "block", help_triggers("--help"))]
pub struct BlockCommand {
    /// the account's name
    #[argh(positional)]
    pub name: String,
}

/// allow a blocked account's log-ins again
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "unblock", help_triggers("--help"))]
pub struct UnblockCommand {
    /// the account's name
    #[argh(positional)]
    pub name: String,
}

/// manage invitations to register, also beside a running server
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "invite",
    help_triggers("--help"),
    note = "An invitation is good where the setting 'registration' is invite or open."
)]
pub struct InviteCommand {
    /// what to do
    #[argh(subcommand)]
    pub verb: InviteVerb,
}

/// What to do with invitations.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum InviteVerb {
    /// A new one.
    New(NewInviteCommand),
    /// All of them.
    List(ListInvitesCommand),
    /// One no more.
    Revoke(RevokeCommand),
}

/// make an invitation and print its code, which is not shown again
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "new", help_triggers("--help"))]
pub struct NewInviteCommand {
    /// room that who registers with it becomes a member of
    #[argh(option, arg_name = "#room")]
    pub room: Option<String>,

    /// how often it can be used, 1 to 10000 (default: 1)
    #[argh(option, arg_name = "n", default = "1", from_str_fn(uses))]
    pub uses: u32,

    /// how long it is good, up to 3650d (default: 7d)
    #[argh(option, arg_name = "time", default = "WEEK", from_str_fn(lasting))]
    pub expires: Duration,
}

/// list all invitations, without their codes
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "list", help_triggers("--help"))]
pub struct ListInvitesCommand {}

/// take an invitation back
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "revoke", help_triggers("--help"))]
pub struct RevokeCommand {
    /// the code, or the number in the list
    #[argh(positional)]
    pub invitation: String,
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn uses(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| "it must be a number from 1 to 10000".to_owned())
}

fn lasting(text: &str) -> Result<Duration, String> {
    let time = parse_time(text).filter(|time| !time.is_zero() && *time <= 3650 * DAY);
    time.ok_or_else(|| "it must be a time such as 12h or 30d, up to 3650d".to_owned())
}

/// print or check a settings file
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "config", help_triggers("--help"))]
pub struct ConfigCommand {
    /// what to do
    #[argh(subcommand)]
    pub verb: ConfigVerb,
}

/// What to do with settings files.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum ConfigVerb {
    /// Print one.
    Default(DefaultCommand),
    /// Check one.
    Check(CheckCommand),
}

/// print a commented file with every setting
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "default", help_triggers("--help"))]
pub struct DefaultCommand {}

/// check a file: prints 'FILE: ok', or what is wrong (exit code 3)
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "check", help_triggers("--help"))]
pub struct CheckCommand {
    /// the file
    #[argh(positional)]
    pub file: String,
}

#[cfg(test)]
mod tests {
    use super::super::Exit;
    use super::*;

    fn parsed(line: &str) -> Result<Args, Leave> {
        Args::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_option_of_the_program_is_one_of_argh() {
        for option in JIMD.options.iter().filter(|option| !option.of_command) {
            let value = if option.takes_value { " x" } else { "" };
            let names = option.aliases.iter().copied().chain([option.long]);
            for name in names {
                let args = parsed(&format!("{name}{value} db backup f")).unwrap();
                assert_ne!(args, parsed("db backup f").unwrap(), "{name}");
            }
            if let Some(letter) = option.short {
                assert!(parsed(&format!("-{letter}{value}")).is_ok(), "{letter}");
            }
        }
    }

    #[test]
    fn options_of_a_command_may_stand_anywhere() {
        let rows = [
            "invite new --room #a --uses 3 --expires 12h",
            "--uses=3 invite --room #a new --expires=12h",
        ];
        for typed in rows {
            let verb = InviteVerb::New(NewInviteCommand {
                room: Some("#a".to_owned()),
                uses: 3,
                expires: DAY / 2,
            });
            let command = Some(Command::Invite(InviteCommand { verb }));
            assert_eq!(parsed(typed), Ok(Args { command, ..Args::default() }), "{typed}");
        }
        let refused = ["--uses 0", "--uses x", "--expires 0s", "--expires 7", "--expires 3651d"];
        for option in refused {
            let leave = parsed(&format!("invite new {option}")).unwrap_err();
            assert_eq!(leave.exit, Exit::Usage, "{leave}");
            assert!(leave.text.contains("it must be"), "{leave}");
        }
        for typed in ["user add bob --room #a", "--room #a"] {
            assert_eq!(parsed(typed).unwrap_err().exit, Exit::Usage, "{typed}");
        }
    }

    #[test]
    fn every_command_is_one_of_argh() {
        for (command, verbs) in JIMD.commands {
            for verb in verbs.iter().chain(verbs.is_empty().then_some(&"")) {
                let leave = parsed(&format!("{command} {verb} --help")).unwrap_err();
                assert_eq!(leave.exit, Exit::Done, "{leave}");
                let usage = match *command {
                    // A shell's name is no command of its own.
                    "completions" => format!("Usage: jimd {command} "),
                    _ => format!("Usage: jimd {command} {verb}"),
                };
                assert!(leave.text.starts_with(usage.trim_end()), "{leave}");
            }
        }
    }

    #[test]
    fn an_option_after_the_command_counts() {
        let args = parsed("user add bob --data X -p=7").unwrap();
        assert_eq!(args.data.as_deref(), Some("X"));
        assert_eq!(args.port.as_deref(), Some("7"));
        let verb = UserVerb::Add(AddCommand { name: "bob".to_owned() });
        assert_eq!(args.command, Some(Command::User(UserCommand { verb })));
    }

    #[test]
    fn help_teaches() {
        let leave = parsed("-h").unwrap_err();
        assert_eq!(leave.exit, Exit::Done);
        for part in ["jimd -a localhost -p 8888", "./jim-data", "./logs", "jim-client", "--lang"] {
            assert!(leave.text.contains(part), "{part} in {leave}");
        }
        for exit in Exit::ALL {
            let line = format!("\n  {} ", exit.code());
            assert!(leave.text.contains(&line), "{} in {leave}", exit.code());
        }
        for (command, _) in JIMD.commands {
            assert!(leave.text.contains(&format!("\n  {command} ")), "{command} in {leave}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_a_hint() {
        let rows = [
            ("--prot 1", "jimd: there is no option --prot; did you mean --port?"),
            ("-p 1 -p 2", "jimd: Error parsing option '--port' with value '2'"),
            ("user add", "jimd: Required positional arguments not provided:"),
            ("--force", "jimd: --force is for db backup, db restore, db export and cert new"),
            ("db import f --force", "jimd: --force is for db backup,"),
            ("user add a b", "jimd: Unrecognized argument: b"),
            (
                "user",
                "jimd: One of the following subcommands must be present:\n    add\n    list\n",
            ),
        ];
        for (typed, start) in rows {
            let leave = parsed(typed).unwrap_err();
            assert_eq!(leave.exit, Exit::Usage, "{typed}");
            assert!(leave.text.starts_with(start), "{typed}: {leave}");
            assert!(leave.text.ends_with("Try 'jimd --help'.\n"), "{typed}: {leave}");
        }
    }
}
