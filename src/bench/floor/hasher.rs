//! The floor's password check: the hash itself, on the loop, and nothing else.

use crate::limits::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Any salt will do: nothing is kept or compared with.
const SALT: &[u8] = b"salt of the floor";

/// Hashes passwords with the product's parameters, in memory that it keeps from the first one on.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    memory: Vec<Block>,
}

impl Hasher {
    /// The code of the answer to this password: all fit that can be hashed.
    pub(super) fn answer(&mut self, password: &str) -> u16 {
        let mut hash = [0_u8; 32];
        match self.hash(password, &mut hash) {
            Ok(()) if hash != [0; 32] => 202,
            _ => 500,
        }
    }

    fn hash(&mut self, password: &str, hash: &mut [u8]) -> Result<(), argon2::Error> {
        let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)?;
        self.memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), SALT, hash, &mut self.memory)
    }
}
