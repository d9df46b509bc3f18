//! What an operator may decide about the server.

use crate::chat::Policy;
use crate::limits::{HOLD, Limits};
use crate::message::{Language, Network};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Whether two objects to one client are kept apart in time (PROTOCOL.md, "Pacing").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// For beginners.
    #[default]
    Auto,
    /// For everyone.
    On,
    /// For nobody.
    Off,
}

/// Whether a busy room's messages are held back for a moment, so that several share a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hold {
    /// Up to 2 ms, while the loop has input left.
    #[default]
    Auto,
    /// Never.
    Off,
    /// So many microseconds from when the room was served last, whatever the loop has to do.
    Micros(u32),
}

impl Hold {
    /// Whether it is held also where the loop has nothing else to do.
    #[must_use]
    pub const fn is_steady(self) -> bool {
        matches!(self, Self::Micros(_))
    }

    /// How long at most.
    #[must_use]
    pub const fn time(self) -> Duration {
        match self {
            Self::Auto => HOLD,
            Self::Off => Duration::ZERO,
            Self::Micros(micros) => Duration::from_micros(micros as u64),
        }
    }
}

/// Who may speak without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plaintext {
    /// Everyone.
    #[default]
    Allow,
    /// Programs on this machine.
    Local,
    /// Nobody.
    Refuse,
}

impl Plaintext {
    /// Whether who is there may.
    #[must_use]
    pub const fn allows(self, peer: IpAddr) -> bool {
        match self {
            Self::Allow => true,
            Self::Local => peer.is_loopback(),
            Self::Refuse => false,
        }
    }
}

/// Bounds on what waits to be read by a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputBounds {
    /// More than this for `soft_for`: the reader is cut.
    pub soft_bytes: usize,
    /// How long the soft bound may be exceeded.
    pub soft_for: Duration,
    /// More than this: the reader is cut at once.
    pub hard_bytes: usize,
    /// All queues together; beyond, the slowest readers are cut first.
    pub total_bytes: usize,
}

/// How many may come from where, and how often. 0 is: no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttling {
    /// Addresses that no limit by address holds for.
    pub exempt: Vec<Network>,
    /// Balancers that say in a PROXY header for whom they connect.
    pub proxy_from: Vec<Network>,
    /// New connections from one place, an IPv4 address or an IPv6 /64.
    pub connections_per_minute: u32,
    /// New connections from everywhere.
    pub connections_per_minute_in_all: u32,
    /// Connections from one place that have not said who they are.
    pub unauthenticated_per_address: usize,
    /// The same from everywhere.
    pub unauthenticated_in_all: usize,
    /// Wrong passwords from one place; behind them it waits, longer each time.
    pub failed_logins_per_minute: u32,
    /// Wrong passwords from everywhere.
    pub failed_logins_per_minute_in_all: u32,
    /// Objects of one user, or of one connection without an account: more are read later.
    pub messages_per_second: u32,
    /// How many of them may come at once.
    pub messages_burst: u32,
    /// Bytes of one user, the same way.
    pub bytes_per_second: usize,
}

impl Throttling {
    /// Whether no limit by address holds for this one.
    #[must_use]
    pub fn exempts(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|network| network.contains(address))
    }

    /// The balancers of which some address is in this range, as they were named.
    #[must_use]
    pub fn proxies_in(&self, network: &Network) -> Vec<String> {
        let proxies = self.proxy_from.iter().filter(|proxy| proxy.overlaps(network));
        proxies.map(ToString::to_string).collect()
    }

    /// The most objects of one connection that are handled at once.
    #[must_use]
    pub const fn at_once(&self) -> usize {
        if self.messages_per_second > 0 { self.messages_burst as usize } else { usize::MAX }
    }

    /// Whether users may be read more slowly than they send.
    #[must_use]
    pub const fn slows_users(&self) -> bool {
        self.messages_per_second > 0 || self.bytes_per_second > 0
    }
}

impl Default for Throttling {
    fn default() -> Self {
        let loopback = [IpAddr::from([127, 0, 0, 0]), Ipv6Addr::LOCALHOST.into()];
        let [ipv4, ipv6] = loopback;
        Self {
            exempt: vec![Network::new(ipv4, 8), Network::host(ipv6)],
            proxy_from: Vec::new(),
            connections_per_minute: 600,
            connections_per_minute_in_all: 0,
            unauthenticated_per_address: 200,
            unauthenticated_in_all: 0,
            failed_logins_per_minute: 30,
            failed_logins_per_minute_in_all: 0,
            messages_per_second: 0,
            messages_burst: 20,
            bytes_per_second: 0,
        }
    }
}

/// Everything that the event loop is told at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The addresses to listen on. An unspecified IPv6 address takes IPv4 too, where the system
    /// has IPv6; else the unspecified IPv4 address is taken.
    pub listen: Vec<SocketAddr>,
    /// The language of the answers.
    pub language: Language,
    /// The protocol's limits.
    pub limits: Limits,
    /// The chat's rules.
    pub policy: Policy,
    /// Keeping objects apart.
    pub pacing: Pacing,
    /// Holding back what a busy room is sent.
    pub hold: Hold,
    /// The most connections at one time.
    pub max_connections: usize,
    /// The most connections at one time from one address, of IPv6 from one /64.
    pub max_connections_per_address: usize,
    /// How many more limits there are for those who come.
    pub throttle: Throttling,
    /// How long a connection may take to its first whole object.
    pub first_object: Duration,
    /// The same, once over 80 % of `max_connections` are taken.
    pub first_object_when_full: Duration,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// Who may speak without TLS.
    pub plaintext: Plaintext,
    /// How long half an object may stay half.
    pub half_object: Duration,
    /// What may wait to be read by clients.
    pub output: OutputBounds,
    /// How long a stop may take.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0_u16; 8], 7777))],
            language: Language::default(),
            limits: Limits::default(),
            policy: Policy::default(),
            pacing: Pacing::default(),
            hold: Hold::default(),
            max_connections: 20_000,
            max_connections_per_address: 1000,
            throttle: Throttling::default(),
            first_object: Duration::from_secs(300),
            first_object_when_full: Duration::from_secs(60),
            handshake: Duration::from_secs(10),
            plaintext: Plaintext::default(),
            half_object: Duration::from_secs(60),
            output: OutputBounds {
                soft_bytes: 8 << 20,
                soft_for: Duration::from_secs(60),
                hard_bytes: 32 << 20,
                total_bytes: 256 << 20,
            },
            grace: Duration::from_secs(10),
        }
    }
}
