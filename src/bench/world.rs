//! The accounts and rooms that a server has when it starts: an export that is imported, so that ten
//! thousand of them take a second, and the folder that holds them.

use super::Failure;
use super::entrance::{Identity, PASSWORD};
use super::process;
use crate::limits::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES};
use argon2::{Algorithm, Argon2, Params, Version};
use password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// All accounts have one password, so that one hash with one salt is made for all.
const SALT: &[u8] = b"salt of the load";

/// Which accounts and rooms there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct World {
    /// How many accounts.
    pub(crate) accounts: usize,
    /// How many groups they form; account n is in group n modulo this. None: no rooms.
    pub(crate) groups: usize,
    /// How many rooms each group has, all with the same members.
    pub(crate) rooms_each: usize,
    /// How many more accounts, which are in no room.
    pub(crate) outsiders: usize,
    /// Whether a log-in costs what it does by default; else next to nothing.
    pub(crate) full_hash: bool,
}

/// The room with this number of a group.
pub(crate) fn room(groups: usize, group: usize, number: usize) -> String {
    format!("#room-{:05}", number * groups + group)
}

impl World {
    /// As `jimd db import` reads it.
    fn export(&self) -> Option<String> {
        let phc = self.phc()?;
        let name = |account| Identity::Accounts.name(account);
        // Writing to a text never fails.
        let mut text = "{\"type\":\"jim-export\",\"version\":2}\n".to_owned();
        for account in 0..self.accounts + self.outsiders {
            let name = name(account);
            let _ = writeln!(
                text,
                r#"{{"type":"account","name":"{name}","phc":"{phc}","blocked":false,"created":1}}"#
            );
        }
        for (group, number) in
            (0..self.groups).flat_map(|group| (0..self.rooms_each).map(move |n| (group, n)))
        {
            let (room, owner) = (room(self.groups, group, number), name(group));
            let _ = writeln!(
                text,
                r#"{{"type":"room","name":"{room}","owner":"{owner}","created":1}}"#
            );
            for account in (group..self.accounts).step_by(self.groups) {
                let account = name(account);
                let _ = writeln!(
                    text,
                    r#"{{"type":"membership","room":"{room}","account":"{account}","role":"member","since":1}}"#
                );
            }
        }
        Some(text)
    }

    fn phc(&self) -> Option<String> {
        let (memory, passes) = if self.full_hash {
            (ARGON2_MEMORY_KIB, ARGON2_PASSES)
        } else {
            (Params::MIN_M_COST, Params::MIN_T_COST)
        };
        let params = Params::new(memory, passes, ARGON2_LANES, None).ok()?;
        let mut hash = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        argon2.hash_password_into(PASSWORD.as_bytes(), SALT, &mut hash).ok()?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).ok()?,
            salt: Some(Salt::new(SALT).ok()?),
            hash: Some(Output::new(&hash).ok()?),
        };
        Some(phc.to_string())
    }
}

/// The data and logs of one server, removed at its end.
#[derive(Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// A new folder, with this world in it.
    pub(crate) fn new(path: PathBuf, program: &Path, world: &World) -> Result<Self, Failure> {
        let refused = Failure::while_doing("making a folder for a server");
        fs::create_dir(&path).map_err(&refused)?;
        let home = Self(path);
        if world.accounts > 0 {
            let no_hash = || Failure::Usage("no password can be hashed here".to_owned());
            let (file, export) = (home.0.join("export"), world.export().ok_or_else(no_hash)?);
            fs::write(&file, export).map_err(&refused)?;
            process::import(program, &home.0, &file)?;
        }
        Ok(home)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed goes with the workspace.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(world: &World) -> Vec<serde_json::Value> {
        let export = world.export().unwrap();
        export.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn groups_have_their_members_in_each_of_their_rooms() {
        let world = World { accounts: 6, groups: 2, rooms_each: 3, ..World::default() };
        let lines = lines(&world);
        let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
        assert_eq!((of("account").len(), of("room").len(), of("membership").len()), (6, 6, 18));
        let members = of("membership").into_iter().filter(|line| line["room"] == "#room-00003");
        let names: Vec<_> = members.map(|line| line["account"].as_str().unwrap()).collect();
        assert_eq!(names, ["user-00001", "user-00003", "user-00005"]);
    }

    #[test]
    fn outsiders_are_in_no_room() {
        let lines = lines(&World {
            accounts: 1,
            groups: 1,
            rooms_each: 1,
            outsiders: 1,
            ..World::default()
        });
        let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
        assert_eq!(of("account")[1]["name"], "user-00001");
        assert_eq!(of("membership").len(), 1);
    }

    #[test]
    fn a_hash_says_how_it_was_made() {
        let account = |full_hash| {
            let world = World { accounts: 1, full_hash, ..World::default() };
            lines(&world)[1]["phc"].as_str().unwrap().to_owned()
        };
        assert!(account(false).starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(account(true).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}
