//! What a user sees: the real programs, real sockets, real files.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test fails by panicking, says what it shows in its name, and waits with a deadline"
)]

mod access;
mod attacks;
mod bench;
mod bytes;
mod canary;
mod client_alone;
mod client_commands;
mod client_dialects;
mod client_exchange;
mod client_files;
mod client_files_live;
mod client_history;
mod client_hostile;
mod client_live;
mod client_live_history;
mod client_process;
mod client_profile;
mod client_terminal;
mod client_tls;
mod console;
mod control;
mod corpora;
mod crash;
mod crash_flood;
mod crash_history;
mod crowd;
mod db;
mod dependencies;
mod dialects;
mod disk_full;
mod docs;
mod drain;
mod exchange_files;
mod features;
mod files;
mod golden;
mod history;
mod idle;
mod json_rules;
mod limits;
mod limits_of_connections;
mod log;
mod look_alikes;
mod manual;
mod names;
mod order;
mod pacing;
mod patience;
mod probe;
mod process;
mod protocol_page;
mod pty;
mod python;
mod readme;
mod register;
mod regressions;
mod reload;
mod room_rights;
mod screen;
mod screen_files;
mod screen_memory;
mod screen_settings;
mod screen_tls;
mod scripted_peer;
mod sessions;
mod shown_names;
mod sim;
mod slow_reader;
mod spawn;
mod start;
mod stop;
mod stuck_disk;
mod support;
mod throttle;
mod tidy;
mod tls;
mod tls_peer;
mod transcript;
mod user_command;
