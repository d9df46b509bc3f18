//! A file per action: what it asks for beyond the table's checks, and what it does.

pub(super) mod authenticate;
pub(super) mod join;
pub(super) mod leave;
pub(super) mod msg;
pub(super) mod passwd;
pub(super) mod presence;
pub(super) mod quit;
pub(super) mod register;
