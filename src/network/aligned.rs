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
        Self::of(vec![0.0; length + NUMBERS], length)
    }

    /// So many zeroes, in memory that was used before where it is large enough: what the system
    /// gives anew costs more than to fill it.
    pub fn zeroes_in(spare: Option<Self>, length: usize) -> Self {
        let Some(mut numbers) =
            spare.map(|spare| spare.numbers).filter(|spare| spare.capacity() >= length + NUMBERS)
        else {
            return Self::zeroes(length);
        };
        numbers.clear();
        numbers.resize(length + NUMBERS, 0.0);
        Self::of(numbers, length)
    }

    fn of(numbers: Vec<f32>, length: usize) -> Self {
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

    #[test]
    fn memory_that_was_used_is_filled_with_zeroes() {
        for length in [10, 40, 41, 1000] {
            let mut used = Aligned::zeroes(40);
            used.fill(7.0);
            let zeroes = Aligned::zeroes_in(Some(used), length);
            assert_eq!((&*zeroes, zeroes.as_ptr() as usize % LINE), (&*vec![0.0; length], 0));
        }
    }
}
