//! What can be asked for on the command line.

use argh::FromArgs;
use std::path::PathBuf;

/// Measure a chat server: how fast it hands messages out, how late, for how much CPU time and
/// memory. Every delivery is counted and must be the next of its sender, byte for byte.
///
/// A jimd is started for each round, with data and logs in a folder that goes away afterwards.
/// Beside it run two floors: the least server that cuts and checks JIM objects and relays them
/// with one writev a connection and turn, and the same with answers that wait for the next write
/// to their connection while there is input. "x" says how many times worse the server is, in the
/// same run: 2 is twice the cost or half the rate. Figures of different runs or machines say
/// little beside each other; these ratios do.
#[derive(FromArgs, Debug, Clone, Default, PartialEq)]
#[argh(
    example = "jim-bench fanout --members 100 --senders 10",
    example = "jim-bench all --quick --json",
    example = "jim-bench latency --rate 2000 --seconds 10 --rounds 5",
    example = "jim-bench compare --rounds 5",
    example = "jim-bench table --rounds 5 --file BENCHMARKS.md",
    example = "jim-bench idle --connections 10000 --addr 127.0.0.1:7777 --pid 1234",
    note = "fanout: members of one room write as fast as their windows let them, and all others \
            get each message. Options: members, senders, bytes, window, accounts, seconds, redis.",
    note = "pingpong: pairs of guests write to each other by name, each as soon as it has heard. \
            Options: pairs, bytes, seconds, redis.",
    note = "latency: messages at a steady rate. Latency counts from when each was due, so that a \
            stall is charged in full. Options: rate, members, senders, bytes, accounts, seconds, \
            redis.",
    note = "stored: accounts write to their room, and each message is answered once it is kept: not \
            at all, and with each durability; with how many messages a commit had, of the server's \
            whole life, as its log says at the end. Beside it, on wish and where installed, Redis \
            adding to a stream (XADD; appendfsync everysec beside os, always beside fsync) and NATS \
            JetStream with a file (sync_interval: always beside fsync). The same objects, senders \
            and windows, but these only keep and answer, and hand nothing on. Options: senders, \
            bytes, window, seconds, redis, nats.",
    note = "archive: one room with a long history: writing it, starting with it, pages and searches \
            of it. Option: messages.",
    note = "logins: accounts connect, give their password, quit and come again. The floor hashes \
            the password and does no more. Options: parallel, seconds.",
    note = "idle: guests or users who say nothing, what resident memory each costs the server, and \
            how soon new guests are answered meanwhile. Options: connections, accounts, redis.",
    note = "flat: what a delivery costs with ten times the members, with 10,000 rooms, beside \
            idle connections and after many messages, each as a ratio to the plain load. Options: \
            connections, messages, seconds.",
    note = "transfers: the latency of a room of 100 at a steady rate, alone and while ten accounts send \
            each other files of 1 MiB and get them back. Options: rate, bytes, seconds.",
    note = "faults: a room that writes at a steady rate, before, during and after each of many faults: readers \
            that stop, floods, 10,000 idle connections, no descriptor left, a full disk and others; how \
            late its members were, and whether the fault had the outcome that it must have. Options: \
            only, members, rate, seconds, file.",
    note = "all: each of these but archive and faults, with the numbers that the aims are set for. Option: seconds.",
    note = "compare: those of all that Redis can do, with Redis publishing and subscribing beside the \
            server and the floors, its limits and disk off. Where it is not installed that is said, \
            and the rest is measured. Option: seconds.",
    note = "table: all, with Redis and NATS, as a table in Markdown; with --file it replaces the one in that \
            file. Options: file, seconds.",
    note = "instructions: how many instructions jimd executes for a message and a delivery, counted \
            by valgrind's callgrind, in Markdown as well. Option: file.",
    note = "Only stored, archive and one load of flat have a jimd that keeps what is written to rooms.",
    note = "floor: no measure, but the floor itself as a server on 127.0.0.1. Options: port, waiting.",
    note = "Server and load get a core each where there are two; what else runs on the machine \
            takes from both. A floor may be faster than the load: CPU times tell more than rates. \
            Aims are printed beside the figures and are no error when missed.",
    error_code(0, "measured"),
    error_code(1, "the system refused something"),
    error_code(2, "the arguments ask for what cannot be done"),
    error_code(3, "the server could not be started or reached"),
    error_code(
        4,
        "something was lost, doubled, reordered, changed or refused, or a fault's outcome was missed"
    ),
    error_code(5, "the server went away, said nothing, or is slower than --rate"),
    error_code(130, "interrupted")
)]
pub struct Arguments {
    /// clients in the room, senders among them (default 100)
    #[argh(option, arg_name = "n")]
    pub members: Option<usize>,
    /// how many members write (default 10, or all if they are fewer; stored: 4, who are all)
    #[argh(option, arg_name = "n")]
    pub senders: Option<usize>,
    /// length of a message's text, 17 to 500 (default 120)
    #[argh(option, arg_name = "n")]
    pub bytes: Option<usize>,
    /// messages of one sender that may be under way to somebody (default 8), or with stored may be
    /// unanswered (default 256)
    #[argh(option, arg_name = "n")]
    pub window: Option<usize>,
    /// clients log in and write to a room, instead of being guests in the common chat
    #[argh(switch)]
    pub accounts: bool,
    /// pairs of guests (default 100)
    #[argh(option, arg_name = "n")]
    pub pairs: Option<usize>,
    /// messages a second, all senders together (default 500)
    #[argh(option, arg_name = "n")]
    pub rate: Option<f64>,
    /// accounts that log in side by side, at most 64 (default 16)
    #[argh(option, arg_name = "n")]
    pub parallel: Option<usize>,
    /// idle connections (default 10000, with --quick 1000)
    #[argh(option, arg_name = "n")]
    pub connections: Option<usize>,
    /// how many messages the archive has (default 1000000, with --quick 10000)
    #[argh(option, arg_name = "n")]
    pub messages: Option<u64>,
    /// how long a measure runs (default 3, with --quick 0.5)
    #[argh(option, arg_name = "n")]
    pub seconds: Option<f64>,
    /// the floor's port; 0, the default, lets the system choose
    #[argh(option, arg_name = "n")]
    pub port: Option<u16>,
    /// floor: answers wait for the next write to their connection, while there is input
    #[argh(switch)]
    pub waiting: bool,
    /// measure Redis as well
    #[argh(switch)]
    pub redis: bool,
    /// measure NATS JetStream as well
    #[argh(switch)]
    pub nats: bool,
    /// which faults, by their names, with commas (default: all)
    #[argh(option, arg_name = "names")]
    pub only: Option<String>,
    /// the file whose table is replaced, between the lines that mark it
    #[argh(option, arg_name = "path")]
    pub file: Option<PathBuf>,
    /// how often each measure is taken (default 3, with --quick 1)
    #[argh(option, arg_name = "n")]
    pub rounds: Option<usize>,
    /// the jimd to start (default: the one beside this program)
    #[argh(option, arg_name = "path")]
    pub jimd: Option<PathBuf>,
    /// measure the server that listens there instead
    #[argh(option, arg_name = "host:port")]
    pub addr: Option<String>,
    /// with --addr: its process on this machine, for CPU and memory
    #[argh(option)]
    pub pid: Option<u32>,
    /// a first look: short and small
    #[argh(switch)]
    pub quick: bool,
    /// print JSON, with the values of every round
    #[argh(switch)]
    pub json: bool,
    /// print a table in Markdown
    #[argh(switch)]
    pub markdown: bool,
    /// leave the floors out
    #[argh(switch)]
    pub no_floor: bool,
    /// let the system choose cores
    #[argh(switch)]
    pub no_pin: bool,
    /// print the version
    #[argh(switch)]
    pub version: bool,
    /// all, compare, table, fanout, pingpong, latency, stored, archive, logins, idle, flat,
    /// transfers, faults, instructions or floor
    #[argh(positional)]
    pub measure: Option<Measure>,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Everything.
    All,
    /// Everything that Redis can do, with Redis.
    Compare,
    /// Everything, with Redis and NATS, in Markdown.
    Table,
    /// Fan-out.
    FanOut,
    /// Ping-pong.
    PingPong,
    /// Latency at a rate.
    Latency,
    /// Messages that are kept.
    Stored,
    /// A long history.
    Archive,
    /// Logins.
    Logins,
    /// Idle connections.
    Idle,
    /// How the cost of a delivery grows.
    Flat,
    /// Files beside a chat.
    Transfers,
    /// Faults.
    Faults,
    /// Instructions under callgrind.
    Instructions,
    /// No measure: the floor as a server.
    Floor,
}

impl Measure {
    /// All of them, with their names on the command line.
    pub const NAMES: [(&'static str, Self); 15] = [
        ("all", Self::All),
        ("compare", Self::Compare),
        ("table", Self::Table),
        ("fanout", Self::FanOut),
        ("pingpong", Self::PingPong),
        ("latency", Self::Latency),
        ("stored", Self::Stored),
        ("archive", Self::Archive),
        ("logins", Self::Logins),
        ("idle", Self::Idle),
        ("flat", Self::Flat),
        ("transfers", Self::Transfers),
        ("faults", Self::Faults),
        ("instructions", Self::Instructions),
        ("floor", Self::Floor),
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, measure)| *measure == self).map_or("", |(name, _)| name)
    }

    /// The options that are this measure's, of those that not all have.
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::All | Self::Compare => &["--seconds"],
            Self::Table => &["--seconds", "--file"],
            Self::FanOut => &[
                "--members",
                "--senders",
                "--bytes",
                "--window",
                "--accounts",
                "--seconds",
                "--redis",
            ],
            Self::PingPong => &["--pairs", "--bytes", "--seconds", "--redis"],
            Self::Latency => &[
                "--rate",
                "--members",
                "--senders",
                "--bytes",
                "--accounts",
                "--seconds",
                "--redis",
            ],
            Self::Stored => &["--senders", "--bytes", "--window", "--seconds", "--redis", "--nats"],
            Self::Archive => &["--messages"],
            Self::Logins => &["--parallel", "--seconds"],
            Self::Idle => &["--connections", "--accounts", "--redis"],
            Self::Flat => &["--connections", "--messages", "--seconds"],
            Self::Transfers => &["--rate", "--bytes", "--seconds"],
            Self::Faults => &["--only", "--members", "--rate", "--seconds", "--file"],
            Self::Instructions => &["--file"],
            Self::Floor => &["--port", "--waiting"],
        }
    }
}

impl argh::FromArgValue for Measure {
    fn from_arg_value(value: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == value);
        known.map(|(_, measure)| *measure).ok_or_else(|| "no such measure".to_owned())
    }
}

impl Arguments {
    /// An option that was given and is not this measure's.
    #[must_use]
    pub fn misplaced(&self, measure: Measure) -> Option<&'static str> {
        let given = [
            ("--members", self.members.is_some()),
            ("--senders", self.senders.is_some()),
            ("--bytes", self.bytes.is_some()),
            ("--window", self.window.is_some()),
            ("--accounts", self.accounts),
            ("--pairs", self.pairs.is_some()),
            ("--rate", self.rate.is_some()),
            ("--parallel", self.parallel.is_some()),
            ("--connections", self.connections.is_some()),
            ("--messages", self.messages.is_some()),
            ("--seconds", self.seconds.is_some()),
            ("--port", self.port.is_some()),
            ("--waiting", self.waiting),
            ("--redis", self.redis),
            ("--nats", self.nats),
            ("--file", self.file.is_some()),
            ("--only", self.only.is_some()),
        ];
        let mut given = given.iter().filter(|(_, given)| *given).map(|(option, _)| *option);
        given.find(|option| !measure.options().contains(option))
    }
}
