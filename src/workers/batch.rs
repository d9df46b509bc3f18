//! A batch of jobs on the store: one transaction for all that write, then those that read.

use super::{account_table, change_table, invitation_table, message_table, room_table};
use crate::message::{AccountRecord, Done, Job, Name, Secret, StoredMessage};
use rusqlite::{Connection, ErrorCode, Savepoint, Transaction, TransactionBehavior};
use std::sync::Arc;

/// Does the jobs: first all that write, in their order, then all that read, so that a full disk
/// stops no log-in. What became of each stands at its place; the last error, if any, is for the log.
pub(super) fn perform(
    connection: &mut Connection,
    jobs: &[Job],
    now_unix_micros: u64,
) -> (Vec<Done>, Option<rusqlite::Error>) {
    let mut batch =
        Batch { jobs, done: jobs.iter().map(undone).collect(), now_unix_micros, refused: None };
    let written = batch.write(connection);
    if written.is_err() {
        batch.done = jobs.iter().map(undone).collect();
    }
    let read = batch.read(connection);
    let error = written.err().or(read.err()).or(batch.refused);
    (batch.done, error)
}

/// Whether a job changes accounts.
pub(super) const fn is_account_change(job: &Job) -> bool {
    matches!(job, Job::Register { .. } | Job::SetPassword { .. })
}

/// Whether a job changes the store.
pub(super) const fn is_write(job: &Job) -> bool {
    match job {
        Job::Join { .. } | Job::Leave { .. } => true,
        Job::Register { .. } | Job::SetPassword { .. } => true,
        Job::Store(_) | Job::Change { .. } => true,
        Job::Acknowledge { .. } | Job::RaiseCeiling { .. } => true,
        Job::FindAccount { .. } => false,
        // The other workers' jobs have no answer here: they stay failed.
        Job::VerifyPassword { .. } | Job::HashPassword { .. } => false,
        Job::History(_) | Job::Search(_) | Job::Waiting { .. } => false,
    }
}

/// What becomes of a job that changed nothing.
fn undone(job: &Job) -> Done {
    match job {
        Job::Store(message) => Done::NotStored(Some(Arc::clone(message))),
        _ => Done::Failed,
    }
}

/// A batch under way.
struct Batch<'a> {
    jobs: &'a [Job],
    done: Vec<Done>,
    now_unix_micros: u64,
    /// Why one job was refused alone.
    refused: Option<rusqlite::Error>,
}

impl Batch<'_> {
    fn write(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        if !self.jobs.iter().any(is_write) {
            return Ok(());
        }
        let mut tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (job, done) in self.jobs.iter().zip(self.done.iter_mut()) {
            if !is_write(job) {
                continue;
            }
            match write_one(&mut tx, job, self.now_unix_micros) {
                Ok(outcome) => *done = outcome,
                // What the tables' rules forbid fails alone; anything else fails the batch.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    self.refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        tx.commit()
    }

    fn read(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        for (job, done) in self.jobs.iter().zip(self.done.iter_mut()) {
            if let Job::FindAccount { name } = job {
                *done = Done::Account(account_table::find(connection, name)?);
            }
        }
        Ok(())
    }
}

fn write_one(tx: &mut Transaction<'_>, job: &Job, now_unix_micros: u64) -> rusqlite::Result<Done> {
    match job {
        Job::Store(message) => store(tx, message),
        _ => write_rows(tx.savepoint()?, job, now_unix_micros),
    }
}

/// Stores a message, unless the account is gone that it is to wait for. This takes no savepoint,
/// which would cost more than the rest: behind a new message's row, nothing keeps out the one that
/// lets it wait for an account that is there.
fn store(tx: &Transaction<'_>, message: &Arc<StoredMessage>) -> rusqlite::Result<Done> {
    if let Some(account) = message.waits_for
        && !account_table::exists(tx, account)?
    {
        return Ok(Done::NotStored(Some(Arc::clone(message))));
    }
    message_table::insert(tx, message)?;
    Ok(Done::Stored(Arc::clone(message)))
}

/// A job that changes several rows: all of them or none.
fn write_rows(savepoint: Savepoint<'_>, job: &Job, now_unix_micros: u64) -> rusqlite::Result<Done> {
    let done = match job {
        Job::Join { account, .. }
        | Job::Leave { account, .. }
        | Job::SetPassword { account, .. }
        | Job::Change { by: account, .. }
            if !account_table::exists(&savepoint, *account)? =>
        {
            Done::AccountGone
        }
        Job::Join { account, room, position } => {
            if room_table::may_join(&savepoint, *account, room)? {
                let entry = room_table::Entry { position: *position, now_unix_micros };
                let (room, membership) = room_table::join(&savepoint, *account, room, entry)?;
                Done::Joined { account: *account, room, membership }
            } else {
                Done::MayNotJoin
            }
        }
        Job::Leave { account, room } => {
            let heir = room_table::leave(&savepoint, *account, *room)?;
            Done::Left { account: *account, room: *room, heir }
        }
        Job::Register { name, phc, invite } => {
            register(&savepoint, name, phc, invite.as_ref(), now_unix_micros)?
        }
        Job::SetPassword { account, old_phc, phc } => {
            if account_table::replace_phc(&savepoint, *account, old_phc, phc)? {
                Done::PasswordSet { account: *account, phc: phc.clone() }
            } else {
                Done::PasswordStale
            }
        }
        Job::Change { by, change } => {
            change_table::apply(&savepoint, change)?;
            Done::Changed { by: *by, change: change.clone() }
        }
        Job::Acknowledge { account, up_to } => {
            let waiting = message_table::acknowledge(&savepoint, *account, *up_to)?;
            Done::Acknowledged { account: *account, waiting }
        }
        Job::RaiseCeiling { ceiling } => {
            message_table::raise_ceiling(&savepoint, *ceiling)?;
            Done::CeilingRaised { ceiling: *ceiling }
        }
        _ => undone(job),
    };
    savepoint.commit()?;
    Ok(done)
}

/// A new account, one use of its invitation, and the room that it leads to: all or nothing.
fn register(
    savepoint: &Connection,
    name: &Name,
    phc: &Arc<str>,
    invite: Option<&Secret>,
    now_unix_micros: u64,
) -> rusqlite::Result<Done> {
    if let Some(by) = account_table::look_alike(savepoint, name)? {
        return Ok(Done::NameTaken { by });
    }
    let room = match invite.map(|code| invitation_table::take(savepoint, code, now_unix_micros)) {
        None => None,
        Some(taken) => match taken? {
            None => return Ok(Done::InviteRefused),
            Some(invitation) => invitation.room,
        },
    };
    let id = account_table::insert(savepoint, name, phc, now_unix_micros)?;
    // All that is stored in this room was numbered before.
    let entry = room_table::Entry { position: message_table::newest(savepoint)?, now_unix_micros };
    let joined = room.map(|room| room_table::join(savepoint, id, &room, entry)).transpose()?;
    let account = AccountRecord {
        id,
        name: name.clone(),
        phc: Arc::clone(phc),
        blocked: false,
        created_unix_micros: now_unix_micros,
    };
    Ok(Done::Registered { account, joined })
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
