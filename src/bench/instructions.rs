//! How many instructions a server executes for a message, counted by valgrind's callgrind: a figure
//! that does not depend on what else the machine does. The system's part is not in it.
//!
//! Each load is run with fewer and with more messages, one at a time; the difference is what the
//! messages cost, without the start, the clients' coming and going, and the end.

use super::Failure;
use super::crowd::CrowdPlan;
use super::dialect::Dialect;
use super::entrance::{Farewell, Identity};
use super::lockstep::{LockStep, To};
use super::process;
use super::stage::{Settings, Stage};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The length of a message's text.
const TEXT_BYTES: usize = 120;

/// Messages of the run with fewer.
const FEWER: u64 = 100;

/// One load.
struct Load {
    title: &'static str,
    members: usize,
    senders: usize,
    identity: Identity,
    to: To,
    settings: Settings<'static>,
    /// How many more messages the other run has: enough that a start which differs by what the
    /// clock says is no part of a message's figure.
    more: u64,
}

/// Nothing is held, whatever the time that instructions take under valgrind.
const NOT_HELD: Settings<'static> = &[("JIMD_HOLD", "off")];
const KEPT: Settings<'static> = &[("JIMD_HOLD", "off"), ("JIMD_DURABILITY", "os")];

const LOADS: [Load; 5] = [
    room("room of 2 guests", 2, 5_000),
    room("room of 100 guests", 100, 1_000),
    room("room of 1000 guests", 1_000, 500),
    Load { title: "ping-pong of 2 guests", senders: 2, to: To::EachOther, ..room("", 2, 5_000) },
    Load {
        title: "room of 2 users, kept, durability os",
        identity: Identity::Accounts,
        settings: KEPT,
        ..room("", 2, 5_000)
    },
];

const fn room(title: &'static str, members: usize, more: u64) -> Load {
    let (identity, to) = (Identity::Guests, To::Room);
    Load { title, members, senders: 1, identity, to, settings: NOT_HELD, more }
}

/// How many servers are started.
pub(crate) const STEPS: usize = LOADS.len() * 2;

/// Instructions of one server, from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Count {
    /// Of the first thread, the event loop.
    first: u64,
    /// Of all threads.
    all: u64,
}

impl Count {
    /// A message's part of what more messages cost than fewer.
    fn a_message(self, fewer: Self, messages: u64) -> Self {
        let part = |more: u64, fewer: u64| more.saturating_sub(fewer) / messages;
        Self { first: part(self.first, fewer.first), all: part(self.all, fewer.all) }
    }
}

/// Counts, and gives a table in Markdown.
pub(crate) fn run(stage: &mut Stage) -> Result<String, Failure> {
    let absent = || Failure::NotReady {
        program: "valgrind".to_owned(),
        said: "it is not installed, and nothing else counts instructions".to_owned(),
    };
    let valgrind = process::version_of(process::VALGRIND).ok_or_else(absent)?;
    let mut rows = Vec::new();
    for load in &LOADS {
        let fewer = count(load, FEWER, stage)?;
        let more = count(load, FEWER + load.more, stage)?;
        rows.push((load, more.a_message(fewer, load.more)));
    }
    Ok(table(&valgrind, &rows))
}

fn table(valgrind: &str, rows: &[(&Load, Count)]) -> String {
    let mut text = format!(
        "User-level instructions of jimd, counted by {valgrind} (callgrind), one message of \
         {TEXT_BYTES} bytes in flight.\n\n\
         | load | deliveries a message | event loop, a message | event loop, a delivery | \
         other threads, a message |\n|---|--:|--:|--:|--:|\n"
    );
    for (load, count) in rows {
        let (title, deliveries) = (load.title, load.members as u64 - 1);
        let (a_delivery, others) =
            (count.first / deliveries.max(1), count.all.saturating_sub(count.first));
        // Writing to a text never fails.
        let _ = writeln!(
            text,
            "| {title} | {deliveries} | {} | {a_delivery} | {others} |",
            count.first
        );
    }
    text
}

/// Runs a server under callgrind with this load.
fn count(load: &Load, messages: u64, stage: &mut Stage) -> Result<Count, Failure> {
    stage.progress.begin(format!("instructions: {}, {messages} messages", load.title));
    let crowd = CrowdPlan::of_one_room(load.members, load.senders, TEXT_BYTES, load.identity);
    let home = stage.own_home(&crowd.world())?;
    let out = home.path().join("callgrind");
    let server =
        stage.start_by(&home, load.settings, |command| process::counted(&command, &out))?;
    let mut swarm = server.swarm()?;
    swarm.run(&mut crowd.entrance(Dialect::Jim), &mut stage.progress)?;
    swarm.run(&mut LockStep::new(crowd, load.to, messages)?, &mut stage.progress)?;
    swarm.run(&mut Farewell::new(swarm.len()), &mut stage.progress)?;
    drop((swarm, server));
    read_counts(&out)
}

/// Reads what callgrind wrote: a file for each thread, whose names begin alike.
fn read_counts(out: &Path) -> Result<Count, Failure> {
    let reading = Failure::while_doing("reading what callgrind counted");
    let (folder, name) = (out.parent().unwrap_or(out), out.file_name().unwrap_or_default());
    let prefix = format!("{}-", name.to_string_lossy());
    let mut count = Count::default();
    for entry in fs::read_dir(folder).map_err(&reading)? {
        let entry = entry.map_err(&reading)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(thread) = name.strip_prefix(&prefix) else { continue };
        let text = fs::read_to_string(entry.path()).map_err(&reading)?;
        let instructions = total(&text).unwrap_or(0);
        count.all += instructions;
        if thread.trim_start_matches('0') == "1" {
            count.first = instructions;
        }
    }
    if count.first == 0 {
        let (program, said) = ("valgrind".to_owned(), "it wrote no counts".to_owned());
        return Err(Failure::NotReady { program, said });
    }
    Ok(count)
}

/// The instructions that one thread's file adds up to.
fn total(text: &str) -> Option<u64> {
    let mut lines = text.lines().rev();
    let line = lines.find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_counted_from_one() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("callgrind");
        for (thread, total) in [("01", 1_000), ("02", 20), ("10", 3)] {
            let text = format!("events: Ir\nfn=(0)\n0 {total}\n\ntotals: {total}\n");
            fs::write(folder.path().join(format!("callgrind-{thread}")), text).unwrap();
        }
        fs::write(folder.path().join("callgrind"), "events: Ir\n").unwrap();
        assert_eq!(read_counts(&out).unwrap(), Count { first: 1_000, all: 1_023 });
        assert!(read_counts(&folder.path().join("other")).is_err());
    }

    #[test]
    fn the_table_to_the_letter() {
        let fewer = Count { first: 1_000_000, all: 1_200_000 };
        let more = Count { first: 2_000_000, all: 2_700_000 };
        let text = table("valgrind-3.0", &[(&LOADS[1], more.a_message(fewer, 500))]);
        let row = text.lines().last().unwrap();
        assert_eq!(row, "| room of 100 guests | 99 | 2000 | 20 | 1000 |");
        assert!(text.starts_with("User-level instructions of jimd, counted by valgrind-3.0"));
    }
}
