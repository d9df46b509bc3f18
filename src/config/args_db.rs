//! The command line of `jimd db …`.

use argh::{ArgsInfo, FromArgs};

/// check, back up, restore, export or import the store
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(
    subcommand,
    name = "db",
    help_triggers("--help"),
    note = "check, backup and export may be done beside a running server; restore and import may not.",
    note = "Nothing that exists is overwritten without --force; an import needs an empty store, always.",
    note = "Backups and exports hold the hashes of passwords: keep them where others do not read."
)]
pub struct DbCommand {
    /// what to do
    #[argh(subcommand)]
    pub verb: DbVerb,
}

/// What to do with the store.
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand)]
pub enum DbVerb {
    /// Look for damage.
    Check(DbCheckCommand),
    /// Copy it.
    Backup(BackupCommand),
    /// Take a copy back.
    Restore(RestoreCommand),
    /// Write it as text.
    Export(ExportCommand),
    /// Read that text.
    Import(ImportCommand),
}

/// read all of the store, change nothing, and say what it holds or what is damaged (exit code 9)
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "check", help_triggers("--help"))]
pub struct DbCheckCommand {}

/// copy the store as of this moment into one file, and check the copy; --force overwrites the file
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "backup", help_triggers("--help"))]
pub struct BackupCommand {
    /// the file to write
    #[argh(positional)]
    pub file: String,
}

/// make a backup the store, with no server running; with --force also where there is a store, which
/// is kept beside it as jim.db.before-restore-DATE
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "restore", help_triggers("--help"))]
pub struct RestoreCommand {
    /// the backup
    #[argh(positional)]
    pub file: String,
}

/// write all accounts, rooms and memberships, one JSON object a line, times in microseconds since
/// 1970; --force overwrites the file
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "export", help_triggers("--help"))]
pub struct ExportCommand {
    /// the file to write (default: standard output)
    #[argh(positional)]
    pub file: Option<String>,
}

/// read an export into an empty store, with no server running: all of it, or nothing where a line is
/// wrong (exit code 14)
#[derive(FromArgs, ArgsInfo, Debug, Clone, PartialEq, Eq)]
#[argh(subcommand, name = "import", help_triggers("--help"))]
pub struct ImportCommand {
    /// the export
    #[argh(positional)]
    pub file: String,
}
