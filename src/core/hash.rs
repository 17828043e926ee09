//! The one hash that names files, bundles and, in logs, tickets.

use sha2::{Digest as _, Sha256};

/// Hexadecimal SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
