//! What the operator's commands and a running server say to each other: an order and its answer,
//! a line of JSON each, over a socket in the data folder that only its owner reaches.

mod ask;
mod order;
mod place;

pub use ask::{AskError, Asked, ask};
pub use order::{
    ANSWER_BYTES, Answer, ORDER_BYTES, Order, Parting, Refusal, Stats, WHO_ROWS, WhoRow,
    read_order, write_answer,
};
pub use place::{SocketError, open, remove};
