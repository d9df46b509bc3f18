//! Orders and answers as values, and as lines of JSON.

use serde::{Deserialize, Serialize};

/// The longest order, in bytes with its line end.
pub const ORDER_BYTES: usize = 4096;

/// The longest answer that is read, in bytes.
pub const ANSWER_BYTES: usize = 16 << 20;

/// The most connections that one answer lists.
pub const WHO_ROWS: usize = 20_000;

/// What an operator's command wants of the running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Who is connected?
    Who {},
    /// How does it do?
    Stats {},
    /// Close all connections that go by this name.
    Kick {
        /// An account's name, or a guest's.
        user: String,
    },
    /// An account was changed on the disk: its connections are closed as soon as the server sees it.
    Part {
        /// The account's name.
        user: String,
        /// What became of it.
        why: Parting,
    },
    /// Let nobody in from these addresses; the list on the disk has it already.
    Ban {
        /// An address or a range.
        network: String,
    },
    /// Let them in again.
    Unban {
        /// As it was banned.
        network: String,
    },
    /// Read settings, certificates and the log's configuration anew.
    Reload {},
    /// End in peace.
    Stop {},
}

/// What became of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parting {
    /// It is no more.
    Removed,
    /// It may not log in.
    Blocked,
    /// It has another password.
    Password,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It was not done.
    Refused {
        /// Why, for a program.
        why: Refusal,
        /// Why, in a sentence without its end.
        text: String,
    },
    /// To [`Order::Who`].
    Who {
        /// Connections by name, at most [`WHO_ROWS`].
        rows: Vec<WhoRow>,
        /// How many more there are.
        more: usize,
    },
    /// To [`Order::Stats`].
    Stats(Box<Stats>),
    /// To [`Order::Kick`]: so many connections were closed.
    Closed {
        /// How many.
        connections: usize,
    },
    /// To [`Order::Ban`].
    Banned {
        /// How many connections were closed.
        connections: usize,
        /// Those of the setting `proxy_from` that are banned, too: who comes through them is let in
        /// or not by an address of its own.
        proxies: Vec<String>,
    },
    /// To [`Order::Unban`], [`Order::Part`].
    Done {},
    /// To [`Order::Reload`].
    Reloaded {
        /// The settings that are others now.
        applied: Vec<String>,
        /// The settings that wait for a restart.
        restart: Vec<String>,
    },
    /// To [`Order::Stop`]: the socket closes when the process ends.
    Stopping {
        /// By when, in seconds.
        within_seconds: u64,
    },
}

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The order was not understood.
    BadOrder,
    /// Nobody of that name is connected.
    NotConnected,
    /// The settings are wrong: the old ones stay.
    Settings,
    /// It cannot be done now.
    Busy,
}

/// One connection, as `jimd who` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoRow {
    /// The name that it goes by, if it has one.
    pub name: Option<String>,
    /// `account`, `guest`, or `-` for who has said neither.
    pub kind: String,
    /// Where it comes from, with the port.
    pub address: String,
    /// What it speaks.
    pub speaks: String,
    /// The version of TLS that it speaks it in, if it does.
    pub tls: Option<String>,
    /// Since when it is connected under that name, in microseconds since 1970.
    pub since_unix_micros: u64,
    /// For how many seconds it has said nothing.
    pub idle_seconds: u64,
    /// How many requests it made.
    pub requests: u64,
    /// How many bytes it has not read yet.
    pub unread_bytes: usize,
}

/// How the server does, as `jimd stats` shows it. All but the first three are as of now or since
/// the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// How long it has run.
    pub uptime_seconds: u64,
    /// Connections now.
    pub connections: usize,
    /// Accounts that are connected.
    pub users: usize,
    /// Names of guests that are connected.
    pub guests: usize,
    /// Accounts there are.
    pub accounts: usize,
    /// Rooms there are.
    pub rooms: usize,
    /// Connections that were accepted since the start.
    pub accepted: u64,
    /// Connections that were refused.
    pub refused: u64,
    /// Requests that were handled.
    pub requests: u64,
    /// Messages that were put into somebody's queue.
    pub deliveries: u64,
    /// Times that somebody was slowed down or told to come back later.
    pub throttled: u64,
    /// Bytes that wait to be read by clients.
    pub unread_bytes: usize,
    /// The longest queue of one client, in bytes.
    pub longest_queue_bytes: usize,
    /// Messages and changes on their way to the disk.
    pub jobs: usize,
    /// Ranges of addresses that are banned.
    pub banned: usize,
    /// Memory of the process, where the system tells it.
    pub memory_bytes: Option<u64>,
}

/// Reads an order from a line.
///
/// # Errors
/// What is wrong with it, in a sentence without its end.
pub fn read_order(line: &[u8]) -> Result<Order, String> {
    serde_json::from_slice(line).map_err(|error| format!("this is no order: {error}"))
}

/// An answer as a line with its end.
#[must_use]
pub fn write_answer(answer: &Answer) -> Vec<u8> {
    // There is no key that is no text, which is all that could fail.
    let mut line = serde_json::to_vec(answer).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_written_and_read() {
        let orders = [
            Order::Who {},
            Order::Stats {},
            Order::Kick { user: "Вася".to_owned() },
            Order::Part { user: "ann".to_owned(), why: Parting::Blocked },
            Order::Ban { network: "10.0.0.0/8".to_owned() },
            Order::Unban { network: "::/0".to_owned() },
            Order::Reload {},
            Order::Stop {},
        ];
        for order in orders {
            let line = serde_json::to_vec(&order).unwrap();
            assert!(line.len() < ORDER_BYTES);
            assert_eq!(read_order(&line), Ok(order));
        }
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let lines = ["", "{}", "[]", r#"{"order":"dance"}"#, r#"{"order":"kick"}"#];
        let more = [r#"{"order":"who","user":"ann"}"#, r#"{"order":"who"}}"#, "{\"order\":\"who"];
        for line in lines.into_iter().chain(more) {
            assert!(read_order(line.as_bytes()).is_err(), "{line}");
        }
    }
}
