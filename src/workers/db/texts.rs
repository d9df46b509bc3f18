//! Whether what is stored as text is UTF-8: SQLite takes and keeps any bytes, and what reads them
//! as text fails.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// From which version on which table has texts; its row's number comes first. What is spelled in one
/// of a few words, and messages, whose checksums say more, are looked at elsewhere.
const TEXTS: [(i64, &str, &str); 4] = [
    (1, "accounts", "SELECT id, name, phc FROM accounts ORDER BY id"),
    (1, "rooms", "SELECT id, name, topic FROM rooms ORDER BY id"),
    (2, "invitations", "SELECT id, room FROM invitations ORDER BY id"),
    (4, "attachments", "SELECT id, name, text FROM attachments ORDER BY id"),
];

/// Says which are none, so many at most.
pub(super) fn no_utf_8(
    connection: &Connection,
    version: i64,
    most: usize,
) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for (_, table, sql) in TEXTS.iter().filter(|(since, ..)| version >= *since) {
        look(connection, table, sql, &mut found, most)?;
    }
    Ok(found)
}

fn look(
    connection: &Connection,
    table: &str,
    sql: &str,
    found: &mut Vec<String>,
    most: usize,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (at, column) in columns.iter().enumerate() {
            let ValueRef::Text(text) = row.get_ref(at)? else { continue };
            if std::str::from_utf8(text).is_err() && found.len() < most {
                let id: i64 = row.get(0)?;
                found.push(format!("the {column} in row {id} of {table} is no UTF-8"));
            }
        }
    }
    Ok(())
}
