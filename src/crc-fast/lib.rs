//! Stands in for the crate of this name, of which the S3 client uses three checksums: the tables of
//! all the others weigh 0.6 MB in the function's zip.
//!
//! `[patch.crates-io]` in the workspace's Cargo.toml puts it there. When the client asks for more
//! than this, the build says so. The sums themselves come from the crates `crc32fast` and `crc`.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc, Table};

static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static CRC64_NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// A checksum, by the names of the catalogue of parametrised CRC algorithms.
#[derive(Clone, Copy, Debug)]
pub enum CrcAlgorithm {
    /// CRC-32/ISO-HDLC, 32 bits: `x-amz-checksum-crc32`, what the client sends unless told otherwise.
    Crc32IsoHdlc,
    /// CRC-32/ISCSI, 32 bits: `x-amz-checksum-crc32c`.
    Crc32Iscsi,
    /// CRC-64/NVME, 64 bits: `x-amz-checksum-crc64nvme`.
    Crc64Nvme,
}

/// The checksum of bytes that come in pieces.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    Crc32IsoHdlc(crc32fast::Hasher),
    Crc32Iscsi(crc::Digest<'static, u32, Table<1>>),
    Crc64Nvme(crc::Digest<'static, u64, Table<1>>),
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digest").field(&self.finalize()).finish()
    }
}

impl Digest {
    /// The checksum of no bytes yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Crc32IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Crc32Iscsi(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Crc64Nvme(CRC64_NVME.digest()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32IsoHdlc(digest) => digest.update(bytes),
            State::Crc32Iscsi(digest) => digest.update(bytes),
            State::Crc64Nvme(digest) => digest.update(bytes),
        }
    }

    /// The sum of what was added so far, in the lowest bits.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match self.0.clone() {
            State::Crc32IsoHdlc(digest) => digest.finalize().into(),
            State::Crc32Iscsi(digest) => digest.finalize().into(),
            State::Crc64Nvme(digest) => digest.finalize(),
        }
    }
}

/// The checksum of these bytes, in the lowest bits.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalogue gives the sum of these nine digits for each algorithm.
    #[test]
    fn sums_are_those_of_the_catalogue() {
        for (algorithm, sum) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
        ] {
            assert_eq!(checksum(algorithm, b"123456789"), sum, "{algorithm:?}");
            let mut digest = Digest::new(algorithm);
            digest.update(b"1234");
            assert_ne!(digest.finalize(), sum, "{algorithm:?}, of a part");
            digest.update(b"56789");
            assert_eq!(digest.finalize(), sum, "{algorithm:?}, in pieces");
        }
    }
}
