//! The event loop: the course's `select` exercise, grown up.
//!
//! One thread owns all connections and all chat state. [`Server::bind`] opens the sockets,
//! [`Server::run`] turns the loop until a signal ends it.

mod accept;
mod announcer;
mod carry_out;
mod connection;
mod control;
mod dialects;
mod drain;
mod encryption;
mod error;
mod event_loop;
mod exchange_files;
mod fanout;
mod fanout_files;
mod handed;
mod incoming_file;
mod jobs;
mod listener;
mod orders;
mod output;
mod patience;
mod place;
mod reload;
mod serve;
mod settings;
mod signals;
mod slots;
mod throttle;
mod timers;
mod turn;

pub use crate::transport::{ServerTls, Shown};
pub use drain::Unwritten;
pub use error::StartError;
pub use event_loop::{Observer, Server, Stopped, Workers};
pub use reload::Fresh;
pub use settings::{Hold, OutputBounds, Pacing, Plaintext, Settings, Throttling};
