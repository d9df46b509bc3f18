//! `jimd invite …`: invitations to register, also beside a running server.

use crate::Failure;
use crate::user::{folder_failure, store_failure};
use jim::chat::Registration;
use jim::config::{Config, Exit, InviteRow, InviteVerb, invite_table, print, print_error};
use jim::workers::{DataFolder, InvitationError, InvitationTerms, Invitations};

pub(crate) fn run(verb: &InviteVerb, config: &Config) -> Result<Exit, Failure> {
    let folder = DataFolder::open(&config.data).map_err(|error| folder_failure(&error))?;
    let invitations = Invitations::open(&folder, config.server.limits.name_chars);
    let mut invitations = invitations.map_err(|error| failure(&error))?;
    let text = match verb {
        InviteVerb::New(new) => {
            let (room, uses, lasts) = (new.room.clone(), new.uses, new.expires);
            refuse_common(room.as_deref(), config)?;
            let terms = InvitationTerms { room, uses, lasts };
            let code = invitations.add(&terms).map_err(|error| failure(&error))?;
            warn_if_closed(config);
            format!("{}\n", code.expose())
        }
        InviteVerb::List(_) => list(&invitations).map_err(|error| failure(&error))?,
        InviteVerb::Revoke(revoke) => {
            invitations.remove(&revoke.invitation).map_err(|error| failure(&error))?;
            "The invitation is no longer good.\n".to_owned()
        }
    };
    print(&text)?;
    Ok(Exit::Done)
}

/// All who are present are in the common chat: nobody becomes a member of it.
fn refuse_common(room: Option<&str>, config: &Config) -> Result<(), Failure> {
    match room.filter(|room| config.server.policy.common.iter().any(|name| name == room)) {
        Some(room) => {
            let text = format!("{room} is the common chat, which nobody needs to join");
            Err(Failure::new(text, Exit::NameRefused))
        }
        None => Ok(()),
    }
}

/// The server may have other settings than this command sees, so it is no error.
fn warn_if_closed(config: &Config) {
    if config.server.policy.registration == Registration::Closed {
        print_error("jimd: warning: nobody can use it while the setting registration is closed\n");
    }
}

fn list(invitations: &Invitations) -> Result<String, InvitationError> {
    let row = |invitation: jim::workers::Invitation| InviteRow {
        id: invitation.id,
        used: invitation.used,
        uses: invitation.uses,
        expires_unix_micros: invitation.expires_unix_micros,
        room: invitation.room.map(|room| room.to_string()),
    };
    let rows: Vec<InviteRow> = invitations.list()?.into_iter().map(row).collect();
    Ok(invite_table(&rows, &jiff::tz::TimeZone::system()))
}

fn failure(error: &InvitationError) -> Failure {
    let exit = match error {
        InvitationError::Store(error) => return store_failure(error),
        InvitationError::BadRoom { .. } => Exit::NameRefused,
        InvitationError::NoSuchInvitation | InvitationError::NoRandomNumbers => Exit::Failed,
    };
    Failure::new(error, exit)
}
