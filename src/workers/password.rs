//! Passwords: one normalisation, argon2id, PHC strings, and the same work for a wrong password as
//! for an unknown user.

use crate::limits::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, OBJECT_HELD_BYTES};
use crate::message::{Secret, in_precis};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use password_hash::phc::{Output, ParamsString, Salt};
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Profile;
use std::fmt;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

/// A password comes in an object, so no longer one can be right.
const PASSWORD_BYTES: usize = OBJECT_HELD_BYTES;

/// 256 bits.
const HASH_BYTES: usize = 32;

/// Bounds on stored hashes of other parameters: a file must not make the hasher take a gigabyte, or
/// more than about a second (which is what passing over 4 GiB takes).
const FOREIGN_MEMORY_KIB: u64 = 256 * 1024;
const FOREIGN_PASSED_KIB: u64 = 4 * 1024 * 1024;

/// What an unknown user's password is hashed with.
const NOBODY_SALT: [u8; Salt::RECOMMENDED_LENGTH] = *b"nobody has this.";

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Nothing there.
    #[error("the password is empty")]
    Empty,
    /// Too many characters.
    #[error("the password has {got} characters, {limit} are allowed")]
    TooLong {
        /// The most allowed.
        limit: usize,
        /// What was counted.
        got: usize,
    },
    /// Refused by the PRECIS OpaqueString profile (RFC 8265): control characters and such.
    #[error(
        "the password has characters that no keyboard reliably types (control characters, say)"
    )]
    Refused,
    /// The system gave no random numbers or no memory.
    #[error("the password cannot be hashed: the system gives no {0}")]
    System(&'static str),
}

/// The hasher. It keeps its 19 MiB of memory between hashes.
pub struct PasswordHasher {
    memory: Vec<Block>,
    computed: u64,
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("computed", &self.computed).finish_non_exhaustive()
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for PasswordHasher {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl PasswordHasher {
    /// A hasher, which takes its memory with the first hash.
    #[must_use]
    pub const fn new() -> Self {
        Self { memory: Vec::new(), computed: 0 }
    }

    /// How many hashes it has computed, each taking about the same time.
    #[must_use]
    pub const fn computed(&self) -> u64 {
        self.computed
    }

    /// Overwrites what the last password left in the memory.
    pub fn wipe(&mut self) {
        self.memory.zeroize();
    }

    /// Hashes a new password with a random salt, as a PHC string.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn hash(&mut self, password: &Secret) -> Result<String, PasswordError> {
        let text = normalised(password)?;
        let mut salt = [0; Salt::RECOMMENDED_LENGTH];
        getrandom::fill(&mut salt).map_err(|_| PasswordError::System("random numbers"))?;
        let recipe = Recipe::own(&salt).ok_or(PasswordError::System("argon2 parameters"))?;
        let hash = self.compute(&recipe, &text).ok_or(PasswordError::System("memory"))?;
        recipe.phc(hash).ok_or(PasswordError::System("argon2 parameters"))
    }

    /// Whether a password fits a stored hash. Without one (an unknown user), or with one that
    /// cannot be read, it takes the same work to say no.
    pub fn verify(&mut self, phc: Option<&str>, password: &Secret) -> bool {
        // What could not have been set is never right, whoever the user is.
        let Ok(text) = normalised(password) else { return false };
        match phc.and_then(Recipe::stored) {
            Some((recipe, stored)) => self.compute(&recipe, &text) == Some(stored),
            None => {
                let _ = Recipe::own(&NOBODY_SALT).and_then(|recipe| self.compute(&recipe, &text));
                false
            }
        }
    }

    fn compute(&mut self, recipe: &Recipe, text: &str) -> Option<Output> {
        self.computed += 1;
        let blocks = recipe.params.block_count();
        let own_blocks = ARGON2_MEMORY_KIB as usize;
        let mut foreign = Zeroizing::new(Vec::new());
        let memory = if blocks > own_blocks { &mut *foreign } else { &mut self.memory };
        if memory.len() < blocks {
            memory.try_reserve_exact(blocks - memory.len()).ok()?;
            memory.resize(blocks, Block::default());
        }
        let argon2 = Argon2::new(recipe.algorithm, recipe.version, recipe.params.clone());
        let mut hash = Zeroizing::new([0; Output::MAX_LENGTH]);
        let out = hash.get_mut(..recipe.hash_bytes)?;
        let salt: &[u8] = &recipe.salt;
        argon2
            .hash_password_into_with_memory(text.as_bytes(), salt, out, memory.as_mut_slice())
            .ok()?;
        Output::new(out).ok()
    }
}

/// Whether some password may fit a stored hash.
pub(super) fn is_hash(phc: &str) -> bool {
    Recipe::stored(phc).is_some()
}

/// Everything that a hash depends on but the password.
struct Recipe {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    hash_bytes: usize,
}

impl Recipe {
    fn own(salt: &[u8]) -> Option<Self> {
        let params =
            Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, Some(HASH_BYTES)).ok()?;
        Some(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
            salt: Salt::new(salt).ok()?,
            hash_bytes: HASH_BYTES,
        })
    }

    /// That of a stored hash, and the hash.
    fn stored(phc: &str) -> Option<(Self, Output)> {
        let phc = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let (memory, passes) = (u64::from(params.m_cost()), u64::from(params.t_cost()));
        let sane = memory <= FOREIGN_MEMORY_KIB && memory * passes <= FOREIGN_PASSED_KIB;
        let hash = phc.hash.filter(|_| sane)?;
        let recipe = Self {
            algorithm: Algorithm::try_from(phc.algorithm.as_str()).ok()?,
            version: phc.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?,
            params,
            salt: phc.salt?,
            hash_bytes: hash.len(),
        };
        Some((recipe, hash))
    }

    fn phc(&self, hash: Output) -> Option<String> {
        let phc = PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params).ok()?,
            salt: Some(self.salt),
            hash: Some(hash),
        };
        Some(phc.to_string())
    }
}

/// The one form of a password: letters composed, every blank a plain one.
fn normalised(password: &Secret) -> Result<Zeroizing<String>, PasswordError> {
    let text = password.expose();
    if text.is_empty() {
        return Err(PasswordError::Empty);
    }
    if text.len() > PASSWORD_BYTES {
        return Err(PasswordError::TooLong { limit: PASSWORD_BYTES, got: text.chars().count() });
    }
    let judged = Zeroizing::new(in_precis(text));
    OpaqueString::new().prepare(judged.as_str()).map_err(|_| PasswordError::Refused)?;
    let plain_blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    Ok(Zeroizing::new(text.chars().map(plain_blank).nfc().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(hasher: &mut PasswordHasher, password: &str) -> String {
        hasher.hash(&Secret::new(password)).unwrap()
    }

    fn fits(phc: &str, password: &str) -> bool {
        PasswordHasher::new().verify(Some(phc), &Secret::new(password))
    }

    #[test]
    fn only_the_right_password_fits() {
        let mut hasher = PasswordHasher::new();
        let phc = hash_of(&mut hasher, "correct horse");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        for (password, right) in [("correct horse", true), ("Correct horse", false), ("x", false)] {
            assert_eq!(hasher.verify(Some(&phc), &Secret::new(password)), right, "{password}");
        }
        hasher.wipe();
        assert!(hasher.verify(Some(&phc), &Secret::new("correct horse")));
        assert_ne!(hash_of(&mut hasher, "correct horse"), phc, "the salt is random");
    }

    #[test]
    fn one_normalisation() {
        let mut hasher = PasswordHasher::new();
        let phc = hash_of(&mut hasher, "чай и й🥰");
        assert!(fits(&phc, "чаи\u{306}\u{a0}и\u{3000}и\u{306}🥰"));
        assert!(!fits(&phc, "чаи и й🥰"));
    }

    #[test]
    fn what_cannot_be_a_password_is_named() {
        let mut hasher = PasswordHasher::new();
        let long = "x".repeat(PASSWORD_BYTES + 1);
        let too_long = PasswordError::TooLong { limit: PASSWORD_BYTES, got: long.len() };
        let rows = [
            ("", PasswordError::Empty),
            ("a\0b", PasswordError::Refused),
            ("a\u{1b}b", PasswordError::Refused),
            ("a\u{378}", PasswordError::Refused),
            (long.as_str(), too_long),
        ];
        for (password, expected) in rows {
            assert_eq!(hasher.hash(&Secret::new(password)), Err(expected));
            assert!(!hasher.verify(None, &Secret::new(password)));
        }
        assert_eq!(hasher.computed(), 0);
    }

    #[test]
    fn wrong_and_unknown_take_the_same_work() {
        let mut hasher = PasswordHasher::new();
        let phc = hash_of(&mut hasher, "secret");
        let before = hasher.computed();
        for phc in [Some(phc.as_str()), None, Some(""), Some("$argon2id$garbage")] {
            let work = hasher.computed();
            assert!(!hasher.verify(phc, &Secret::new("wrong")));
            assert_eq!(hasher.computed(), work + 1, "{phc:?}");
        }
        assert_eq!(hasher.computed(), before + 4);
        let own = Recipe::own(&NOBODY_SALT).unwrap();
        let (stored, _) = Recipe::stored(&phc).unwrap();
        assert_eq!(own.params.block_count(), stored.params.block_count());
        assert_eq!(own.params.t_cost(), stored.params.t_cost());
    }

    #[test]
    fn hashes_of_other_parameters_still_fit() {
        for (memory, passes, lanes, bytes) in [(64, 1, 1, 16), (32_768, 1, 4, 64), (128, 3, 2, 32)]
        {
            let recipe = Recipe {
                params: Params::new(memory, passes, lanes, Some(bytes)).unwrap(),
                hash_bytes: bytes,
                ..Recipe::own(b"some other salt").unwrap()
            };
            let hash = PasswordHasher::new().compute(&recipe, "secret").unwrap();
            let phc = recipe.phc(hash).unwrap();
            assert!(fits(&phc, "secret"), "{phc}");
            assert!(!fits(&phc, "Secret"), "{phc}");
        }
    }

    #[test]
    fn hashes_of_absurd_parameters_do_not_fit() {
        let tail = "p=1$c29tZSBzYWx0IG9mIDE2$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(Recipe::stored(&format!("$argon2id$v=19$m=19456,t=2,{tail}")).is_some());
        for costs in ["m=4194304,t=1", "m=19456,t=4000000", "m=262144,t=17"] {
            assert!(Recipe::stored(&format!("$argon2id$v=19${costs},{tail}")).is_none(), "{costs}");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let shown = format!("{:?} {:?}", PasswordHasher::new(), Secret::new("hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
