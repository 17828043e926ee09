//! Dice: the random choices of the studio, the same on every machine for the same seed.
//!
//! Only arithmetic that IEEE 754 fixes to the last bit is used; the usual bell curve, for example,
//! is a sum of uniform numbers, because logarithms differ between platforms.

use rand::{Rng, RngExt};

/// Random choices on top of any generator.
pub(crate) trait Dice: Rng {
    /// `true` with probability `share`.
    fn chance(&mut self, share: f32) -> bool {
        self.random::<f32>() < share
    }

    /// A number between `low` and `high`, evenly spread.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.random::<f32>()
    }

    /// An approximately normal number around 0 with the given standard deviation, never beyond 3.5
    /// of them.
    fn approx_normal(&mut self, std: f32) -> f32 {
        let sum: f32 = (0..4).map(|_| self.random::<f32>()).sum();
        (sum - 2.0) * 1.732_050_8 * std
    }

    /// A whole number from `low` to `high`, both included.
    fn whole(&mut self, low: u32, high: u32) -> u32 {
        self.random_range(low..=high)
    }

    /// One of `choices`, which must not be empty.
    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random_range(0..choices.len())]
    }

    /// `Some` of what `make` returns with probability `share`.
    fn maybe<T>(&mut self, share: f32, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(share).then(|| make(self))
    }
}

impl<R: Rng + ?Sized> Dice for R {}

/// A small, fixed scatter: a number in `-1.0..=1.0` that depends only on `seed` and `index`.
///
/// For the irregularities of a drawing hand, which must be the same in every drawing pass.
#[expect(clippy::cast_precision_loss, reason = "only 24 bits are kept")]
pub(crate) fn scatter(seed: u64, index: u64) -> f32 {
    let mut bits = seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 40) as f32 / 8_388_608.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn approx_normal_has_the_asked_standard_deviation() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let squares: f32 = (0..4000).map(|_| rng.approx_normal(2.0)).map(|x| x * x).sum();
        assert!((squares / 4000.0 - 4.0).abs() < 0.4);
    }

    #[test]
    fn scatter_is_fixed_and_in_range() {
        for index in 0..100 {
            let value = scatter(7, index);
            assert!((-1.0..=1.0).contains(&value));
            assert_eq!(value.to_bits(), scatter(7, index).to_bits());
        }
    }
}
