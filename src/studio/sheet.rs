//! Contact sheets: many pictures in one.

use image::{RgbImage, imageops};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::character::Character;
use crate::scene::Scene;
use crate::stage::render;

/// One row per character with `columns` pictures of `cell` × `cell` pixels (kept between 16 and 4096): first a plain one, then
/// random scenes.
#[must_use]
pub fn sheet(characters: &[Character], columns: u32, cell: u32, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let cell = cell.clamp(16, 4096);
    let rows = u32::try_from(characters.len()).unwrap_or(u32::MAX);
    let mut sheet = RgbImage::new(columns * cell, rows * cell);
    for (row, character) in (0_i64..).zip(characters) {
        for column in 0..columns {
            let scene = if column == 0 { Scene::plain() } else { Scene::sample(&mut rng) };
            let picture = render(character, &scene, cell);
            let (x, y) = (i64::from(column) * i64::from(cell), row * i64::from(cell));
            imageops::replace(&mut sheet, &picture.image, x, y);
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::character::invent::random_character;

    #[test]
    fn sheet_has_one_row_per_character() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let people = [random_character(&mut rng), random_character(&mut rng)];
        assert_eq!(sheet(&people, 3, 32, 1).dimensions(), (96, 64));
    }
}
