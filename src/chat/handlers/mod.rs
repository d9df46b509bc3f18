//! A file per action, or per family of them: what it asks for beyond the table's checks, and what
//! it does.

pub(super) mod ack;
pub(super) mod authenticate;
pub(super) mod command;
pub(super) mod contacts;
pub(super) mod fetch;
pub(super) mod history;
pub(super) mod join;
pub(super) mod leave;
pub(super) mod members;
pub(super) mod moderate;
pub(super) mod msg;
pub(super) mod offer;
pub(super) mod owner;
pub(super) mod passwd;
pub(super) mod presence;
pub(super) mod put;
pub(super) mod quit;
pub(super) mod register;
pub(super) mod rooms;
pub(super) mod topic;
pub(super) mod upload;
pub(super) mod who;
