//! The commands that speak to a running server.

use argh::{ArgsInfo, FromArgs};

/// list who is connected to the running server
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "who", help_triggers("--help"))]
pub struct WhoCommand {
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// show how the running server does: connections, queues, memory
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "stats", help_triggers("--help"))]
pub struct StatsCommand {
    /// print JSON
    #[argh(switch)]
    pub json: bool,
}

/// close all connections of a user or guest, who may come back
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "kick", help_triggers("--help"))]
pub struct KickCommand {
    /// the name
    #[argh(positional)]
    pub user: String,
}

/// keep an address, a range or an account out, also after a restart
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "ban",
    help_triggers("--help"),
    note = "An address is 192.0.2.7 or 2001:db8::7 (which bans its /64), a range 192.0.2.0/24;\n  \
        anything else is an account, which is blocked as by 'jimd user block'. Who comes through a\n  \
        balancer of the setting proxy_from has the address that the balancer names."
)]
pub struct BanCommand {
    /// an address, a range or an account
    #[argh(positional)]
    pub target: String,
}

/// let an address, a range or an account in again
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "unban", help_triggers("--help"))]
pub struct UnbanCommand {
    /// an address or a range as 'jimd bans' shows it, or an account
    #[argh(positional)]
    pub target: String,
}

/// list the addresses and ranges that are banned
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "bans", help_triggers("--help"))]
pub struct BansCommand {}

/// let the running server read its settings, log files and certificates anew
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "reload",
    help_triggers("--help"),
    note = "Nobody is disconnected. Where a setting is wrong all stay as they were. SIGHUP does the same."
)]
pub struct ReloadCommand {}

/// end the running server in peace, and wait until it has ended
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "stop", help_triggers("--help"))]
pub struct StopCommand {}
