//! The faults that there are.

use super::attack::{Attack, Missed, Outcome};
use super::{crowds, machine, traffic};
use crate::bench::stage::Settings;
use std::path::Path;

/// How a fault's server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// As always.
    Plain,
    /// With its data on a disk of a few megabytes.
    SmallDisk,
    /// In a time zone in which the day ends during the fault.
    BeforeMidnight,
}

/// What is done before a server starts, with its program and its folder.
type Prepare = fn(&Path, &Path) -> Result<(), Missed>;

/// Something that may happen to a server.
#[derive(Debug)]
pub(super) struct Fault {
    /// For `--only`.
    pub(super) name: &'static str,
    /// For the table.
    pub(super) title: &'static str,
    /// What the server is told.
    pub(super) settings: Settings<'static>,
    /// Whether others than the members write to the room.
    pub(super) intrudes: bool,
    /// Whether a password costs what it does by default.
    pub(super) full_hash: bool,
    pub(super) start: Start,
    pub(super) prepare: Option<Prepare>,
    pub(super) attack: fn(&Attack) -> Outcome,
}

/// The members' messages are not kept: disks are slow for reasons of their own.
const NOT_KEPT: (&str, &str) = ("JIMD_HISTORY_ROOMS", "false");
/// Their names may connect twice.
const MANY: (&str, &str) = ("JIMD_SESSIONS", "many");
/// Limits by address hold for all but the members.
const ONE_EXEMPT: (&str, &str) = ("JIMD_EXEMPT", "127.0.0.1/32");

const fn fault(name: &'static str, title: &'static str, attack: fn(&Attack) -> Outcome) -> Fault {
    Fault {
        name,
        title,
        settings: &[NOT_KEPT, MANY],
        intrudes: false,
        full_hash: false,
        start: Start::Plain,
        prepare: None,
        attack,
    }
}

/// All of them, in the order of the table.
pub(super) static FAULTS: &[Fault] = &[
    Fault {
        settings: &[
            NOT_KEPT,
            ("JIMD_OUTPUT_SOFT_BYTES", "64KiB"),
            ("JIMD_OUTPUT_SOFT_FOR", "200ms"),
            ("JIMD_OUTPUT_HARD_BYTES", "1MiB"),
        ],
        ..fault("slow-readers", "eight readers at a time stop reading", traffic::slow_readers)
    },
    fault("flood", "four guests write to each other as fast as they can", traffic::flood_elsewhere),
    fault("flood-by-many", "two hundred guests do", traffic::flood_by_many),
    Fault {
        intrudes: true,
        ..fault(
            "flood-room",
            "four members write to the room as fast as they can",
            traffic::flood_room,
        )
    },
    Fault {
        intrudes: true,
        settings: &[
            NOT_KEPT,
            ("JIMD_THROTTLE_MESSAGES_PER_SECOND", "100"),
            ("JIMD_THROTTLE_MESSAGES_BURST", "100"),
        ],
        ..fault(
            "flood-throttled",
            "the same, with a limit of 100 messages a second",
            traffic::flood_throttled,
        )
    },
    fault("pipeline", "100,000 requests, no answer read", traffic::pipeline),
    fault("half-close", "200 half-closed connections a second", traffic::half_close),
    fault("resets", "200 resets a second, in the middle of output", traffic::resets),
    fault("idle", "10,000 silent connections come, stay and go", crowds::idle),
    Fault {
        settings: &[NOT_KEPT, ONE_EXEMPT, ("JIMD_MAX_CONNECTIONS_PER_ADDRESS", "100")],
        ..fault(
            "one-address",
            "2,000 connections a second over an address's limit",
            crowds::one_address,
        )
    },
    fault("reconnects", "500 guests a second come and go", crowds::reconnects),
    fault("stampede", "2,000 guests come in the same moment", crowds::stampede),
    Fault {
        settings: &[NOT_KEPT, ("JIMD_HALF_OBJECT", "1s")],
        ..fault("trickle", "1,000 clients send a byte now and then", crowds::trickle)
    },
    fault("garbage", "500 connections a second send what is no JIM", crowds::garbage),
    Fault {
        prepare: Some(machine::prepare_certificate),
        ..fault("handshakes", "1,000 TLS handshakes a second, left half-way", crowds::handshakes)
    },
    Fault {
        settings: &[NOT_KEPT, MANY, ONE_EXEMPT],
        full_hash: true,
        ..fault("guesses", "an address guesses passwords as fast as it can", traffic::guesses)
    },
    Fault {
        full_hash: true,
        ..fault("hashing", "sixteen log-ins at a time, for which no limit holds", traffic::hashing)
    },
    fault("uploads", "eight accounts send files as fast as they can", machine::uploads),
    fault("descriptors", "no file descriptor is left", machine::descriptors),
    Fault {
        prepare: Some(machine::prepare_reloads),
        ..fault("reloads", "50 reloads a second, each fifth of a wrong file", machine::reloads)
    },
    Fault {
        start: Start::SmallDisk,
        ..fault("disk-full", "the disk is full, and has room again", machine::disk_full)
    },
    fault("log-deleted", "the log is removed ten times a second", machine::log_deleted),
    Fault {
        start: Start::BeforeMidnight,
        ..fault("midnight", "the day ends while much is logged", machine::midnight)
    },
];
