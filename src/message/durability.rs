//! When a stored thing counts as stored.

/// What an answer that promises storage waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The disk itself: survives a power cut.
    #[default]
    Fsync,
    /// The operating system: survives the end of the program, not a power cut.
    Os,
    /// Nothing.
    None,
}
