//! The operator's commands on invitations, beside a running server or without one.

use super::clock;
use super::data_folder::DataFolder;
use super::invitation_table;
pub use super::invitation_table::Invitation;
use super::store::Store;
use super::store_error::StoreError;
use crate::message::{Durability, Name, NameFault, Secret};
use std::time::Duration;
use thiserror::Error;

/// Without letters that are taken for one another (Crockford's base 32): 5 bits each.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j',
    'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
];

/// 100 bits.
const CODE_CHARS: usize = 20;

/// A number has fewer digits than a code has characters.
const NUMBER_DIGITS: usize = 15;

/// Why an operator's command was refused.
#[derive(Debug, Error)]
pub enum InvitationError {
    /// The room's name is none.
    #[error("the room {name:?} {fault}")]
    BadRoom {
        /// What was given.
        name: String,
        /// Which rule it breaks.
        fault: NameFault,
    },
    /// There is no such invitation.
    #[error("there is no such invitation")]
    NoSuchInvitation,
    /// The system gave no random numbers.
    #[error("no invitation can be made: the system gives no random numbers")]
    NoRandomNumbers,
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new invitation is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationTerms {
    /// The room that who registers with it becomes a member of.
    pub room: Option<String>,
    /// How often it can be used, at least once.
    pub uses: u32,
    /// How long.
    pub lasts: Duration,
}

/// The invitations of a data folder. Every change is on disk when the call returns, and counts at
/// once for a running server.
#[derive(Debug)]
pub struct Invitations {
    store: Store,
    name_chars: usize,
}

impl Invitations {
    /// Opens the store without taking the folder from a running server. A room's name has at most
    /// `name_chars` characters.
    ///
    /// # Errors
    /// [`InvitationError::Store`].
    pub fn open(folder: &DataFolder, name_chars: usize) -> Result<Self, InvitationError> {
        Ok(Self { store: Store::open(folder, Durability::Fsync)?, name_chars })
    }

    /// Makes an invitation and gives its code, which is not stored and so never shown again.
    ///
    /// # Errors
    /// [`InvitationError::BadRoom`], [`InvitationError::NoRandomNumbers`],
    /// [`InvitationError::Store`].
    pub fn add(&mut self, terms: &InvitationTerms) -> Result<Secret, InvitationError> {
        let room = terms.room.as_ref().map(|name| {
            Name::room(name, self.name_chars)
                .map_err(|fault| InvitationError::BadRoom { name: name.clone(), fault })
        });
        let now = clock::unix_micros();
        let lasts = u64::try_from(terms.lasts.as_micros()).unwrap_or(u64::MAX);
        let invitation = Invitation {
            id: 0,
            room: room.transpose()?,
            uses: terms.uses.max(1),
            used: 0,
            created_unix_micros: now,
            expires_unix_micros: now.saturating_add(lasts),
        };
        let code = new_code()?;
        self.store.change(|connection| {
            invitation_table::insert(connection, &code, &invitation).map(Ok::<_, StoreError>)
        })?;
        Ok(code)
    }

    /// Every invitation, the oldest first.
    ///
    /// # Errors
    /// [`InvitationError::Store`].
    pub fn list(&self) -> Result<Vec<Invitation>, InvitationError> {
        Ok(self.store.read(invitation_table::all)?)
    }

    /// Takes an invitation back, by its code or by its number in the list.
    ///
    /// # Errors
    /// [`InvitationError::NoSuchInvitation`], [`InvitationError::Store`].
    pub fn remove(&mut self, which: &str) -> Result<(), InvitationError> {
        let number = if which.len() <= NUMBER_DIGITS { which.parse().ok() } else { None };
        let removed = self.store.change(|connection| {
            match number {
                Some(number) => invitation_table::remove(connection, number),
                None => invitation_table::remove_code(connection, &Secret::new(which)),
            }
            .map(Ok::<_, StoreError>)
        })?;
        if removed { Ok(()) } else { Err(InvitationError::NoSuchInvitation) }
    }
}

fn new_code() -> Result<Secret, InvitationError> {
    let mut random = [0_u8; CODE_CHARS];
    getrandom::fill(&mut random).map_err(|_| InvitationError::NoRandomNumbers)?;
    let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    Ok(Secret::new(letters.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::Scratch;
    use super::*;
    use crate::message::{Done, Job};

    fn terms(room: Option<&str>, uses: u32, seconds: u64) -> InvitationTerms {
        InvitationTerms { room: room.map(str::to_owned), uses, lasts: Duration::from_secs(seconds) }
    }

    fn register(store: &mut Store, name: &str, code: &str) -> Done {
        let name = Name::account(name, 25).unwrap();
        let job = Job::Register { name, phc: "$".into(), invite: Some(Secret::new(code)) };
        let (mut done, error) = store.perform(&[job], clock::unix_micros());
        assert!(error.is_none(), "{error:?}");
        done.remove(0)
    }

    #[test]
    fn a_code_is_shown_once_and_never_stored() {
        let scratch = Scratch::new();
        let mut invitations = Invitations::open(&scratch.folder, 25).unwrap();
        let code = invitations.add(&terms(None, 2, 60)).unwrap();
        assert_eq!(code.expose().len(), CODE_CHARS);
        assert_ne!(invitations.add(&terms(None, 2, 60)).unwrap(), code);
        drop(invitations);
        let bytes = std::fs::read(scratch.file()).unwrap();
        let code = code.expose().as_bytes();
        assert!(!bytes.windows(code.len()).any(|window| window == code), "the code is in the file");
    }

    #[test]
    fn each_use_counts_and_a_refusal_uses_nothing() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let mut invitations = Invitations::open(&scratch.folder, 25).unwrap();
        let code = invitations.add(&terms(Some("#tea"), 2, 60)).unwrap();
        let done = register(&mut store, "ann", code.expose());
        let Done::Registered { account, joined: Some((room, membership)) } = done else {
            panic!("{done:?}")
        };
        assert_eq!((room.name.as_str(), room.owner), ("#tea", Some(account.id)));
        assert_eq!((membership.room, membership.account), (room.id, account.id));
        let by = Name::shown("ann");
        assert_eq!(register(&mut store, "Ann", code.expose()), Done::NameTaken { by });
        assert_eq!(register(&mut store, "bob", "wrong"), Done::InviteRefused);
        assert_eq!(invitations.list().unwrap()[0].used, 1);
        assert!(matches!(register(&mut store, "bob", code.expose()), Done::Registered { .. }));
        assert_eq!(register(&mut store, "dora", code.expose()), Done::InviteRefused);
        assert_eq!(invitations.list().unwrap()[0].used, 2);
        let names = store.snapshot().unwrap().accounts;
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn the_expired_and_the_revoked_are_no_good() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let mut invitations = Invitations::open(&scratch.folder, 25).unwrap();
        let expired = invitations.add(&terms(None, 1, 0)).unwrap();
        let [by_code, by_number] = [(); 2].map(|()| invitations.add(&terms(None, 1, 60)).unwrap());
        invitations.remove(by_code.expose()).unwrap();
        let number = invitations.list().unwrap().last().unwrap().id;
        invitations.remove(&number.to_string()).unwrap();
        for code in [expired, by_code, by_number] {
            assert_eq!(register(&mut store, "ann", code.expose()), Done::InviteRefused);
        }
        let again = invitations.remove(&number.to_string());
        assert!(matches!(again, Err(InvitationError::NoSuchInvitation)), "{again:?}");
    }

    #[test]
    fn a_bad_room_is_named() {
        let scratch = Scratch::new();
        let mut invitations = Invitations::open(&scratch.folder, 25).unwrap();
        let error = invitations.add(&terms(Some("tea"), 1, 60)).unwrap_err();
        let expected = "the room \"tea\" must begin with # and have a name behind it";
        assert_eq!(error.to_string(), expected);
    }
}
