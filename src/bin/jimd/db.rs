//! `jimd db …`: the whole store.

use crate::Failure;
use crate::user::store_failure;
use jim::config::{Config, DbVerb, Exit, db_remarks, db_summary, print};
use jim::workers::db::{self, DbError, FileFaults, Restored, Summary};
use std::io::{self, ErrorKind};
use std::path::Path;

pub(crate) fn run(verb: &DbVerb, force: bool, config: &Config) -> Result<Exit, Failure> {
    let data = &config.data;
    let done = match verb {
        DbVerb::Check(_) => db::check(data).map(|found| db_summary(&found)),
        DbVerb::Backup(backup) => db::backup(data, Path::new(&backup.file), force)
            .map(|copied| backup_text(&copied, &backup.file, data)),
        DbVerb::Restore(restore) => {
            let date = jiff::Zoned::now().strftime("%Y-%m-%d").to_string();
            db::restore(data, Path::new(&restore.file), force, &date)
                .map(|restored| restored_text(&restored, &restore.file, data))
        }
        DbVerb::Export(export) => match &export.file {
            None => to_stdout(data),
            Some(file) => db::export_file(data, Path::new(file), force)
                .map(|()| format!("The store was exported to {file}.\n")),
        },
        DbVerb::Import(import) => db::import(data, Path::new(&import.file), &config.server.limits)
            .map(|imported| imported_text(imported, data)),
    };
    print(&done.map_err(|error| failure(&error))?)?;
    Ok(Exit::Done)
}

fn restored_text(restored: &Restored, file: &str, data: &Path) -> String {
    let store = restored.summary.path.display();
    let kept = restored.kept.as_ref();
    let kept = kept.map(|kept| format!("The old store is kept as {}.\n", kept.display()));
    let files = missing_files(&restored.files, data);
    let (kept, remarks) = (kept.unwrap_or_default(), db_remarks(&restored.summary));
    format!("The store {store} was restored from {file}.\n{kept}{files}{remarks}")
}

/// A file of a few words, and where the files are that were sent.
fn backup_text(copied: &Summary, file: &str, data: &Path) -> String {
    let remarks = db_remarks(copied);
    let done = format!("The store was backed up to {file} and checked.\n{remarks}");
    match copied.attachments {
        0 => done,
        count => format!(
            "{done}The content of {count} sent {} is not in it: copy the folder {} too.\n",
            if count == 1 { "file" } else { "files" },
            data.join("attachments").display()
        ),
    }
}

fn missing_files(faults: &FileFaults, data: &Path) -> String {
    let FileFaults { wrong, of, .. } = faults;
    let folder = data.join("attachments");
    match wrong {
        0 => String::new(),
        _ => format!(
            "The content of {wrong} of {of} sent files is missing: copy it to the folder {}.\n",
            folder.display()
        ),
    }
}

fn imported_text(imported: db::Imported, data: &Path) -> String {
    let db::Imported { accounts, rooms, memberships, messages, attachments } = imported;
    let done = format!(
        "{accounts} accounts, {rooms} rooms, {memberships} memberships and {messages} messages \
         were imported.\n"
    );
    match attachments {
        0 => done,
        count => format!(
            "{done}The content of {count} sent {} is to be copied to the folder {}.\n",
            if count == 1 { "file" } else { "files" },
            data.join("attachments").display()
        ),
    }
}

/// A reader that went away early (`| head -1`) is no error.
fn to_stdout(data: &Path) -> Result<String, DbError> {
    match db::export(data, &mut io::stdout().lock()) {
        Err(DbError::File { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {}
        other => other?,
    }
    Ok(String::new())
}

fn failure(error: &DbError) -> Failure {
    let exit = match error {
        DbError::Store(error) => return store_failure(error),
        DbError::Files { .. } => Exit::StoreRefused,
        DbError::Exists { .. } | DbError::StoreExists { .. } | DbError::NotEmpty { .. } => {
            Exit::InTheWay
        }
        DbError::NotAFile { .. } | DbError::OwnFile { .. } | DbError::File { .. } => Exit::Folder,
        DbError::Line { .. } | DbError::Cut { .. } => Exit::ImportRefused,
    };
    Failure::new(error, exit)
}
