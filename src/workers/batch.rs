//! A batch of jobs on the store: one transaction for all of them.

use super::{
    account_table, attachment_table, change_table, invitation_table, message_table, room_table,
};
use crate::message::{
    AccountId, AccountRecord, Announced, AttachmentBounds, Change, Conversation, Done, Job, Name,
    Secret, StoredMessage, Upload,
};
use rusqlite::{Connection, ErrorCode, Savepoint, Transaction, TransactionBehavior};
use std::collections::HashSet;
use std::sync::Arc;

/// What a batch is done with besides its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) now_unix_micros: u64,
    pub(super) bounds: AttachmentBounds,
}

/// Does the jobs in their order. What became of each stands at its place; the last error, if any, is
/// for the log.
pub(super) fn perform(
    connection: &mut Connection,
    jobs: &[Job],
    moment: &Moment,
) -> (Vec<Done>, Option<rusqlite::Error>) {
    let done = jobs.iter().map(undone).collect();
    let mut batch = Batch { jobs, done, moment, refused: None, reached: HashSet::new() };
    let written = batch.write(connection);
    if written.is_err() {
        batch.done = jobs.iter().map(undone).collect();
    }
    let error = written.err().or(batch.refused);
    (batch.done, error)
}

/// Whether a job may change accounts or whom a room belongs to.
pub(super) const fn changes_accounts_or_rooms(job: &Job) -> bool {
    is_write(job)
        && !matches!(job, Job::Store(_) | Job::Acknowledge { .. } | Job::RaiseCeiling { .. })
        && !matches!(job, Job::OpenUpload(_) | Job::DropUpload { .. })
}

/// Whether a job changes the store.
pub(super) const fn is_write(job: &Job) -> bool {
    match job {
        Job::Join { .. } | Job::Leave { .. } => true,
        Job::Register { .. } | Job::SetPassword { .. } => true,
        Job::Store(_) | Job::Change { .. } => true,
        Job::Acknowledge { .. } | Job::RaiseCeiling { .. } => true,
        Job::OpenUpload(_) | Job::DropUpload { .. } => true,
        // The other workers' jobs have no answer here: they stay failed.
        Job::VerifyPassword { .. } | Job::HashPassword { .. } | Job::FindAccount { .. } => false,
        Job::History(_) | Job::Search(_) | Job::Waiting { .. } => false,
        Job::FindAttachment { .. } => false,
        Job::Put { .. } | Job::DropPieces { .. } | Job::ReadPiece { .. } => false,
    }
}

/// What becomes of a job that changed nothing.
fn undone(job: &Job) -> Done {
    match job {
        Job::Store(message) => Done::NotStored(Some(Arc::clone(message))),
        Job::Change { change: Change::Await { account, .. }, .. } => {
            Done::NotAwaited { account: *account }
        }
        _ => Done::Failed,
    }
}

/// From whom a message goes where.
type Way = (Option<AccountId>, Conversation);

/// A batch under way.
struct Batch<'a> {
    jobs: &'a [Job],
    done: Vec<Done>,
    moment: &'a Moment,
    /// Why one job was refused alone.
    refused: Option<rusqlite::Error>,
    /// Ways that were found open, and that no job has changed since.
    reached: HashSet<Way>,
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
            let written = match job {
                Job::Store(message) => store(&tx, message, &mut self.reached),
                _ => {
                    self.reached.clear();
                    tx.savepoint().and_then(|point| write_rows(point, job, self.moment))
                }
            };
            match written {
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
}

/// Stores a message, unless the way is closed that was open when it was sent. This takes no
/// savepoint, which would cost more than the rest: behind a new message's row, nothing keeps out the
/// one that lets it wait for an account that is there.
fn store(
    tx: &Transaction<'_>,
    message: &Arc<StoredMessage>,
    reached: &mut HashSet<Way>,
) -> rusqlite::Result<Done> {
    let way = (message.sender, message.conversation);
    let is_reached = reached.contains(&way) || is_open(tx, way)?;
    let can_wait = match message.waits_for {
        Some(account) => account_table::exists(tx, account)?,
        None => true,
    };
    if !(is_reached && can_wait) {
        return Ok(Done::Unreachable(Arc::clone(message)));
    }
    reached.insert(way);
    if let Some(announced) = &message.attachment {
        return announce(tx, message, announced);
    }
    message_table::insert(tx, message)?;
    Ok(Done::Stored(Arc::clone(message)))
}

/// Stores that a file is there, with the message that says so where that is kept. What only waits
/// for its addressee goes once it is received, and the file outlives it.
fn announce(
    tx: &Transaction<'_>,
    message: &Arc<StoredMessage>,
    announced: &Announced,
) -> rusqlite::Result<Done> {
    // It may have been too slow.
    if !attachment_table::is_open(tx, announced.upload)? {
        return Ok(Done::NotStored(Some(Arc::clone(message))));
    }
    // What may be refused comes first: this takes no savepoint either.
    if message.in_history || message.waits_for.is_some() {
        message_table::insert(tx, message)?;
    }
    let lasting = Some(message.mark.id).filter(|_| message.in_history);
    attachment_table::announce(tx, announced, lasting)?;
    Ok(Done::Stored(Arc::clone(message)))
}

fn open_upload(
    savepoint: &Connection,
    upload: &Upload,
    bounds: &AttachmentBounds,
) -> rusqlite::Result<Done> {
    match upload.sender {
        Some(sender) if !account_table::exists(savepoint, sender)? => Ok(Done::AccountGone),
        _ => attachment_table::open(savepoint, upload, bounds),
    }
}

/// Whether the sender is in the room, or both accounts are there.
fn is_open(tx: &Transaction<'_>, (sender, conversation): Way) -> rusqlite::Result<bool> {
    match (conversation, sender) {
        (Conversation::Common, _) => Ok(true),
        (Conversation::Room(room), Some(sender)) => room_table::is_member(tx, sender, room),
        (Conversation::Room(_), None) => Ok(false),
        (Conversation::Direct(one, other), _) => {
            Ok(account_table::exists(tx, one)? && account_table::exists(tx, other)?)
        }
    }
}

/// A job that changes several rows: all of them or none.
fn write_rows(savepoint: Savepoint<'_>, job: &Job, moment: &Moment) -> rusqlite::Result<Done> {
    let now_unix_micros = moment.now_unix_micros;
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
                let version = account_table::version(&savepoint)?;
                Done::PasswordSet { account: *account, phc: phc.clone(), version }
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
        Job::OpenUpload(upload) => open_upload(&savepoint, upload, &moment.bounds)?,
        Job::DropUpload { upload } => {
            attachment_table::drop_open(&savepoint, *upload)?;
            Done::UploadDropped { upload: *upload }
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
        version: account_table::version(savepoint)?,
    };
    Ok(Done::Registered { account, joined })
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
