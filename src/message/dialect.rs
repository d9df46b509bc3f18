//! Which of the three languages of the port a connection speaks.

/// What a connection's messages look like on the wire (protocol section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// JIM: seeds 000 to 002.
    #[default]
    Jim,
    /// Console chat: seed 003.
    Console,
    /// The exchange of positive content: seed 004.
    Exchange,
}
