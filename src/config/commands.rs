//! What `jimd`'s commands print.

use super::fault::ConfigError;
use super::layers::Layers;
use super::{ConfigVerb, Draft, UserVerb, default_file, file};
use crate::message::visible;
use crate::workers::db::Summary;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// One account, as `jimd user list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The name.
    pub name: String,
    /// Whether an operator blocked it.
    pub blocked: bool,
    /// When it was made, in microseconds since 1970.
    pub created_unix_micros: u64,
}

/// The table of `jimd user list`, each line with its end.
#[must_use]
pub fn user_table(rows: &[UserRow], zone: &TimeZone) -> String {
    if rows.is_empty() {
        return "No users yet. Add one with: jimd user add NAME\n".to_owned();
    }
    // Whatever a store holds that somebody else wrote, it drives no terminal.
    let names: Vec<String> = rows.iter().map(|row| visible(&row.name).to_string()).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0).max("NAME".len());
    let mut text = line("NAME", "STATE", "CREATED", widest);
    for (row, name) in rows.iter().zip(&names) {
        let state = if row.blocked { "blocked" } else { "active" };
        text.push_str(&line(name, state, &moment(row.created_unix_micros, zone), widest));
    }
    text
}

/// Padded by what a terminal shows, which for some letters is two cells.
fn line(name: &str, state: &str, created: &str, widest: usize) -> String {
    let gap = " ".repeat(widest.saturating_sub(name.width()));
    format!("{name}{gap}  {state:<7}  {created}\n")
}

/// One invitation, as `jimd invite list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// Its number.
    pub id: i64,
    /// How often it was used.
    pub used: u32,
    /// How often it can be.
    pub uses: u32,
    /// From when on it is no good, in microseconds since 1970.
    pub expires_unix_micros: u64,
    /// The room that it leads to.
    pub room: Option<String>,
}

/// The table of `jimd invite list`, each line with its end.
#[must_use]
pub fn invite_table(rows: &[InviteRow], zone: &TimeZone) -> String {
    if rows.is_empty() {
        return "No invitations. Make one with: jimd invite new\n".to_owned();
    }
    let mut text = "NUMBER  USED         EXPIRES           ROOM\n".to_owned();
    for row in rows {
        let used = format!("{}/{}", row.used, row.uses);
        let expires = moment(row.expires_unix_micros, zone);
        let room = visible(row.room.as_deref().unwrap_or("-"));
        text += &format!("{:<6}  {used:<11}  {expires:<16}  {room}\n", row.id);
    }
    text
}

pub(super) fn moment(unix_micros: u64, zone: &TimeZone) -> String {
    i64::try_from(unix_micros)
        .ok()
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .map_or_else(
            || "-".to_owned(),
            |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
}

/// What is said once a change of an account is on disk; nothing for `list`.
#[must_use]
pub fn user_done(verb: &UserVerb) -> String {
    match verb {
        UserVerb::Add(add) => format!("User {} was added.\n", add.name),
        UserVerb::List(_) => String::new(),
        UserVerb::Passwd(passwd) => format!("The password of {} was changed.\n", passwd.name),
        UserVerb::Remove(remove) => format!("User {} was removed.\n", remove.name),
        UserVerb::Block(block) => format!("User {} is blocked.\n", block.name),
        UserVerb::Unblock(unblock) => format!("User {} is no longer blocked.\n", unblock.name),
    }
}

/// The report of `jimd db check`.
#[must_use]
pub fn db_summary(found: &Summary) -> String {
    format!(
        "Store:       {}\nVersion:     {}\nAccounts:    {}\nRooms:       {}\nMemberships: {}\n\
         Bans:        {}\nContacts:    {}\nMessages:    {}\nWaiting:     {}\n\
         Files:       {}\nUploads:     {}\n\
         No damage was found.\n{}",
        found.path.display(),
        found.version,
        found.accounts,
        found.rooms,
        found.memberships,
        found.bans,
        found.contacts,
        found.messages,
        found.waiting,
        found.attachments,
        found.uploads,
        db_remarks(found)
    )
}

/// What is worth knowing of a store, a line each.
#[must_use]
pub fn db_remarks(found: &Summary) -> String {
    found.remarks.iter().map(|remark| format!("Remark: {remark}.\n")).collect()
}

/// What `jimd --version` prints.
pub const VERSION: &str = concat!("jimd ", env!("CARGO_PKG_VERSION"), "\n");

/// Does `jimd config …` and gives the text to print.
///
/// # Errors
/// All that is wrong with a file that was to be checked.
pub fn config_text(verb: &ConfigVerb) -> Result<String, ConfigError> {
    match verb {
        ConfigVerb::Default(_) => Ok(default_file()),
        ConfigVerb::Check(check) => check_file(Path::new(&check.file)),
    }
}

/// `jimd config check FILE`: the file alone over the built-in defaults, no variable, no address
/// looked up. Gives the line to print.
///
/// # Errors
/// All that is wrong with the file.
fn check_file(path: &Path) -> Result<String, ConfigError> {
    let mut layers = Layers::new(Draft::default());
    file::read_into(&mut layers, path, true)?;
    layers.finish().map(|_| format!("{}: ok\n", path.display()))
}

/// Writes text on standard output. A reader that went away early (`| head -1`) is no error.
///
/// # Errors
/// What else the system says, a full disk for instance.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes text on standard error; where that is gone there is nobody to tell.
pub fn print_error(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::super::{CheckCommand, DefaultCommand, Exit, RemoveCommand};
    use super::*;

    fn row(name: &str, blocked: bool) -> UserRow {
        UserRow { name: name.to_owned(), blocked, created_unix_micros: 1_632_746_096_789_000 }
    }

    #[test]
    fn users_are_a_table() {
        let rows =
            [row("ivan", false), row("Екатерина", true), row("日本", false), row("a\n", true)];
        let text = "\
NAME       STATE    CREATED
ivan       active   2021-09-27 12:34
Екатерина  blocked  2021-09-27 12:34
日本       active   2021-09-27 12:34
a\\n        blocked  2021-09-27 12:34
";
        assert_eq!(user_table(&rows, &TimeZone::UTC), text);
    }

    #[test]
    fn no_users_say_what_to_do() {
        assert!(user_table(&[], &TimeZone::UTC).contains("jimd user add NAME"));
    }

    #[test]
    fn a_time_beyond_the_calendar_is_a_dash() {
        let rows = [UserRow { created_unix_micros: u64::MAX, ..row("ivan", false) }];
        assert!(user_table(&rows, &TimeZone::UTC).ends_with("active   -\n"));
    }

    #[test]
    fn invitations_are_a_table() {
        let row = InviteRow {
            id: 3,
            used: 1,
            uses: 10_000,
            expires_unix_micros: 1_632_746_096_789_000,
            room: Some("#чай".to_owned()),
        };
        let text = "\
NUMBER  USED         EXPIRES           ROOM
3       1/10000      2021-09-27 12:34  #чай
4       1/10000      2021-09-27 12:34  -
";
        let other = InviteRow { id: 4, room: None, ..row.clone() };
        assert_eq!(invite_table(&[row, other], &TimeZone::UTC), text);
        assert!(invite_table(&[], &TimeZone::UTC).contains("jimd invite new"));
    }

    #[test]
    fn changes_are_confirmed() {
        let remove = UserVerb::Remove(RemoveCommand { name: "bob".to_owned() });
        assert_eq!(user_done(&remove), "User bob was removed.\n");
    }

    #[test]
    fn config_prints_a_file_or_checks_one() {
        let text = config_text(&ConfigVerb::Default(DefaultCommand {})).unwrap();
        assert_eq!(text, default_file());
        let file = "/nonexistent/jim.toml".to_owned();
        let error = config_text(&ConfigVerb::Check(CheckCommand { file })).unwrap_err();
        assert_eq!(error.exit(), Exit::Settings);
        assert!(error.to_string().starts_with("/nonexistent/jim.toml: "), "{error}");
    }
}
