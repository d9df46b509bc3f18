//! The floor's password check: the hash itself, on the loop, and nothing else.

use crate::limits::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES};
use argon2::{Algorithm, Argon2, Params, Version};

/// Any salt will do: nothing is kept or compared with.
const SALT: &[u8] = b"salt of the floor";

/// Hashes passwords with the product's parameters.
#[derive(Debug)]
pub(super) struct Hasher {
    argon2: Option<Argon2<'static>>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None).ok();
        let argon2 = params.map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
        Self { argon2 }
    }

    /// The code of the answer to this password: all fit that can be hashed.
    pub(super) fn answer(&self, password: &str) -> u16 {
        let mut hash = [0_u8; 32];
        let hashed = self.argon2.as_ref().is_some_and(|argon2| {
            argon2.hash_password_into(password.as_bytes(), SALT, &mut hash).is_ok()
        });
        if hashed && hash != [0; 32] { 202 } else { 500 }
    }
}
