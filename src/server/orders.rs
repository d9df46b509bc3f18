//! What the operator's orders do to the running server.

use super::connection::{Connection, Entry, Phase};
use super::control::{Asker, Control};
use super::event_loop::{Observer, Running};
use crate::chat::{About, CloseReason, Standing};
use crate::control::{Answer, Order, Parting, Refusal, Stats, WHO_ROWS, WhoRow};
use crate::message::{BadNetwork, Dialect, Network};
use crate::workers::MOST_BANS;
use std::fs;

/// What has happened since the start, for the operator.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Connections that were accepted.
    pub(super) accepted: u64,
    /// Connections that were refused.
    pub(super) refused: u64,
    /// Requests of connections that are gone.
    pub(super) requests: u64,
    /// Times that somebody was slowed down or told to come back later.
    pub(super) throttled: u64,
}

impl<O: Observer> Running<O> {
    /// Does what came over the control socket.
    pub(super) fn hear_orders(&mut self) {
        let Some(control) = &mut self.server.control else { return };
        for (asker, order) in control.orders(self.server.poll.registry(), self.now.uptime) {
            log::debug!("an operator's order: {order:?}");
            self.obey(asker, order);
        }
    }

    fn obey(&mut self, asker: Asker, order: Order) {
        let answer = match order {
            Order::Who {} => self.who(),
            Order::Stats {} => Answer::Stats(Box::new(self.stats())),
            Order::Kick { user } => self.kick(&user),
            Order::Part { user, why } => self.part_account(&user, why),
            Order::Stop {} => return self.stop_by_order(asker),
            Order::Ban { network } => self.ban(&network),
            Order::Unban { network } => self.unban(&network),
            Order::Reload {} => return self.begin_reload(Some(asker)),
        };
        self.answer_order(asker, &answer, false);
    }

    pub(super) fn answer_order(&mut self, asker: Asker, answer: &Answer, holds: bool) {
        if let Some(control) = &mut self.server.control {
            Control::answer(control, asker, answer, holds);
        }
    }

    fn kick(&mut self, user: &str) -> Answer {
        let connections = self.chat.handle_kick(self.now, user, CloseReason::Kicked);
        self.carry_out(&[]);
        if connections == 0 {
            return refused(Refusal::NotConnected, &format!("nobody is connected as {user:?}"));
        }
        log::info!("an operator closed {connections} connections of {user:?}");
        Answer::Closed { connections }
    }

    /// The storage worker is told to look: what it finds closes the connections of who was removed
    /// or blocked, together with all else that follows. Another password could come with somebody's
    /// log-in first, which closes nobody.
    fn part_account(&mut self, user: &str, why: Parting) -> Answer {
        self.workers.storage.look();
        if why == Parting::Password {
            self.chat.handle_changed(self.now, user, CloseReason::PasswordChanged);
            self.carry_out(&[]);
        }
        Answer::Done {}
    }

    /// The list on the disk is changed by who gives the order.
    fn ban(&mut self, network: &str) -> Answer {
        let network: Network = match network.parse() {
            Ok(network) => network,
            Err(error) => return bad_network(&error),
        };
        let banned = &mut self.server.banned;
        if !banned.contains(&network) && banned.len() < MOST_BANS {
            banned.push(network);
        }
        let is_from_there = |one: &&Connection| network.contains(one.peer.ip());
        // A balancer's address says nothing of those for whom it has not said yet whom they are.
        let open = self.connections.iter();
        let open = open.filter(|one| one.phase == Phase::Open && one.entry != Entry::Unannounced);
        let ends: Vec<_> = open.filter(is_from_there).map(|one| one.id).collect();
        for id in &ends {
            self.close(*id, "an operator banned its address");
        }
        log::info!("an operator banned {network}");
        let proxies = self.server.settings.throttle.proxies_in(&network);
        Answer::Banned { connections: ends.len(), proxies }
    }

    fn unban(&mut self, network: &str) -> Answer {
        match network.parse::<Network>() {
            Ok(network) => {
                self.server.banned.retain(|banned| *banned != network);
                log::info!("an operator banned {network} no longer");
                Answer::Done {}
            }
            Err(error) => bad_network(&error),
        }
    }

    fn stop_by_order(&mut self, asker: Asker) {
        log::info!("an operator's order: stop");
        let within_seconds = self.server.settings.grace.as_secs() + 1;
        self.answer_order(asker, &Answer::Stopping { within_seconds }, true);
        self.begin_stop();
    }

    fn who(&self) -> Answer {
        let here = self.connections.iter().filter(|one| one.phase == Phase::Open);
        let mut rows: Vec<WhoRow> = here
            .filter_map(|one| Some(who_row(one, &self.chat.about(one.id, self.now)?)))
            .collect();
        // Who has a name first.
        let key = |row: &WhoRow| (row.name.is_none(), row.name.clone(), row.since_unix_micros);
        rows.sort_by_cached_key(key);
        let more = rows.len().saturating_sub(WHO_ROWS);
        rows.truncate(WHO_ROWS);
        Answer::Who { rows, more }
    }

    fn stats(&self) -> Stats {
        let census = self.chat.census();
        let requests: u64 = self.connections.iter().map(|one| one.requests).sum();
        let longest = self.connections.iter().map(|one| one.output.bytes()).max();
        Stats {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_seconds: self.now.uptime.as_secs(),
            connections: self.connections.len(),
            users: census.users,
            guests: census.guests,
            accounts: census.accounts,
            rooms: census.rooms,
            accepted: self.counts.accepted,
            refused: self.counts.refused,
            requests: self.counts.requests + requests,
            deliveries: self.audiences.delivered(),
            throttled: self.counts.throttled,
            unread_bytes: self.connections.iter().map(|one| one.output.bytes()).sum(),
            longest_queue_bytes: longest.unwrap_or_default(),
            jobs: self.backlog.stores(),
            banned: self.server.banned.len(),
            memory_bytes: memory_bytes(),
        }
    }
}

pub(super) fn refused(why: Refusal, text: &str) -> Answer {
    Answer::Refused { why, text: text.to_owned() }
}

fn bad_network(error: &BadNetwork) -> Answer {
    refused(Refusal::BadOrder, &error.to_string())
}

fn who_row(connection: &Connection, about: &About<'_>) -> WhoRow {
    let kind = match about.standing {
        Standing::Stranger => "-",
        Standing::Guest => "guest",
        Standing::Account => "account",
    };
    let speaks = match connection.dialect {
        _ if connection.wire.is_none() => "-",
        Dialect::Jim => "JIM",
        Dialect::Console => "console chat",
        Dialect::Exchange => "exchange",
    };
    WhoRow {
        name: about.name.map(ToString::to_string),
        kind: kind.to_owned(),
        address: connection.peer.to_string(),
        speaks: speaks.to_owned(),
        tls: connection.stream.version().map(str::to_owned),
        since_unix_micros: about.since_unix_micros,
        idle_seconds: about.idle.as_secs(),
        requests: connection.requests,
        unread_bytes: connection.output.bytes(),
    }
}

/// What of the process is in memory, where the system has it in a file that no disk is read for.
fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}
