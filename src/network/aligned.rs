//! Numbers that begin at the start of a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest register: a vector that begins at a multiple never lies
/// in two lines.
const LINE: usize = 64;
const NUMBERS: usize = LINE / size_of::<f32>();

/// A slice of 32-bit numbers whose address is a multiple of 64 bytes.
pub struct Aligned {
    numbers: Vec<f32>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// So many zeroes.
    pub fn zeroes(length: usize) -> Self {
        let numbers = vec![0.0; length + NUMBERS];
        let start = numbers.as_ptr().align_offset(LINE).min(NUMBERS);
        Self { numbers, start, length }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.numbers[self.start..][..self.length]
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..][..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_begins_a_cache_line() {
        for length in [0, 1, 15, 16, 100_000] {
            let aligned = Aligned::zeroes(length);
            assert_eq!((aligned.len(), aligned.as_ptr() as usize % LINE), (length, 0));
        }
    }
}
