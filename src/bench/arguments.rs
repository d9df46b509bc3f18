//! What can be asked for on the command line.

use argh::FromArgs;
use std::path::PathBuf;

/// Measure a chat server: how fast it hands messages out, how late, for how much CPU time and
/// memory. Every delivery is counted and must be the next of its sender, byte for byte.
///
/// A jimd is started for each round, with data and logs in a folder that goes away afterwards.
/// Beside it runs the floor: the least server that cuts and checks JIM objects and relays them
/// with one writev a connection and turn. "x floor" says how many times worse than it the server
/// is, in the same run: 2 is twice the cost or half the rate. Figures of different runs or
/// machines say little beside each other; these ratios do.
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(
    example = "jim-bench fanout --members 100 --senders 10",
    example = "jim-bench all --quick --json",
    example = "jim-bench idle --connections 10000 --addr 127.0.0.1:7777 --pid 1234",
    note = "Server and load get a core each where there are two; what else runs on the machine \
            takes from both. Aims are printed beside the figures and are no error when missed.",
    error_code(0, "measured"),
    error_code(1, "the system refused something"),
    error_code(2, "the arguments ask for what cannot be done"),
    error_code(3, "the server could not be started or reached"),
    error_code(4, "something was lost, doubled, reordered, changed or refused"),
    error_code(5, "the server went away, said nothing, or is slower than --rate")
)]
pub struct Arguments {
    /// the jimd to start (default: the one beside this program)
    #[argh(option, arg_name = "path")]
    pub jimd: Option<PathBuf>,
    /// measure the server that listens on HOST:PORT instead
    #[argh(option, arg_name = "host:port")]
    pub addr: Option<String>,
    /// with --addr: its process here, for CPU and memory figures
    #[argh(option)]
    pub pid: Option<u32>,
    /// how often each measure is taken (default 3, with --quick 1)
    #[argh(option)]
    pub rounds: Option<usize>,
    /// a first look: short and small
    #[argh(switch)]
    pub quick: bool,
    /// print JSON, with the values of every round
    #[argh(switch)]
    pub json: bool,
    /// leave the floor out
    #[argh(switch)]
    pub no_floor: bool,
    /// let the system choose cores
    #[argh(switch)]
    pub no_pin: bool,
    /// print the version
    #[argh(switch)]
    pub version: bool,
    /// what to measure
    #[argh(subcommand)]
    pub measure: Option<Measure>,
}

/// What to measure.
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand)]
pub enum Measure {
    /// Everything.
    All(AllArguments),
    /// Fan-out.
    FanOut(FanOutArguments),
    /// Ping-pong.
    PingPong(PingPongArguments),
    /// Latency at a rate.
    Latency(LatencyArguments),
    /// Logins.
    Logins(LoginsArguments),
    /// Idle connections.
    Idle(IdleArguments),
    /// The floor as a server.
    Floor(FloorArguments),
}

/// everything below, with the numbers that the aims are set for
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "all")]
pub struct AllArguments {
    /// how long each measure runs (default 3, with --quick 0.5)
    #[argh(option)]
    pub seconds: Option<f64>,
}

/// members of one room write as fast as their windows let them; all others get each message
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "fanout")]
pub struct FanOutArguments {
    /// clients in the room, senders among them (default 100)
    #[argh(option, default = "100")]
    pub members: usize,
    /// how many of them write (default 10)
    #[argh(option, default = "10")]
    pub senders: usize,
    /// length of a message's text, 17 to 500 (default 120)
    #[argh(option, default = "120")]
    pub bytes: usize,
    /// messages of one sender that may be under way to somebody (default 8)
    #[argh(option, default = "8")]
    pub window: usize,
    /// accounts that log in and join a room, instead of guests in the common chat
    #[argh(switch)]
    pub accounts: bool,
    /// how long it runs (default 3, with --quick 0.5)
    #[argh(option)]
    pub seconds: Option<f64>,
}

/// pairs of guests write to each other by name, each as soon as it has heard
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "pingpong")]
pub struct PingPongArguments {
    /// how many pairs (default 100)
    #[argh(option, default = "100")]
    pub pairs: usize,
    /// length of a message's text, 17 to 500 (default 120)
    #[argh(option, default = "120")]
    pub bytes: usize,
    /// how long it runs (default 3, with --quick 0.5)
    #[argh(option)]
    pub seconds: Option<f64>,
}

/// messages at a steady rate; latency counts from when each was due, so a stall is charged in full
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "latency")]
pub struct LatencyArguments {
    /// messages a second, all senders together (default 500)
    #[argh(option, default = "500.0")]
    pub rate: f64,
    /// clients in the room, senders among them (default 100)
    #[argh(option, default = "100")]
    pub members: usize,
    /// how many of them write (default 10)
    #[argh(option, default = "10")]
    pub senders: usize,
    /// length of a message's text, 17 to 500 (default 120)
    #[argh(option, default = "120")]
    pub bytes: usize,
    /// accounts that log in and join a room, instead of guests in the common chat
    #[argh(switch)]
    pub accounts: bool,
    /// how long it runs (default 3, with --quick 0.5)
    #[argh(option)]
    pub seconds: Option<f64>,
}

/// accounts connect, give their password, quit and come again; the floor hashes and does no more
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "logins")]
pub struct LoginsArguments {
    /// how many log in side by side, at most 64 (default 16)
    #[argh(option, default = "16")]
    pub accounts: usize,
    /// how long it runs (default 3, with --quick 0.5)
    #[argh(option)]
    pub seconds: Option<f64>,
}

/// guests who say nothing: what each costs the server in resident memory
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "idle")]
pub struct IdleArguments {
    /// how many (default 10000, with --quick 1000)
    #[argh(option)]
    pub connections: Option<usize>,
}

/// run the floor as a server, as the measures do
#[derive(FromArgs, Debug, Clone, PartialEq)]
#[argh(subcommand, name = "floor")]
pub struct FloorArguments {
    /// port on 127.0.0.1; 0, the default, lets the system choose
    #[argh(option, default = "0")]
    pub port: u16,
}
