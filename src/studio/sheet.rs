//! Contact sheets: many pictures in one.

use image::{Rgb, RgbImage, imageops};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::character::Character;
use crate::scene::Scene;
use crate::stage::render;

/// One row per character with `columns` pictures of `cell` × `cell` pixels (kept between 16 and
/// 4096): first a plain one, then random scenes.
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

/// Width and height of [`wide`] in pixels: what feeds show of a link.
const WIDE: (u32, u32) = (1200, 630);

/// A wide picture with all characters in rows, plain, on the color of the first one.
#[must_use]
pub fn wide(characters: &[Character]) -> RgbImage {
    const MARGIN: u32 = 30;
    const GROUND: Rgb<u8> = Rgb([253, 238, 203]);
    let color = match characters {
        [one] => one.shown.as_ref().and_then(|shown| rgb(&shown.color)).unwrap_or(GROUND),
        _ => GROUND,
    };
    let mut picture = RgbImage::from_pixel(WIDE.0, WIDE.1, color);
    let count = u32::try_from(characters.len()).unwrap_or(u32::MAX).max(1);
    let rows = if count > 3 { 2 } else { 1 };
    let columns = count.div_ceil(rows);
    let side = ((WIDE.0 - MARGIN) / columns).min((WIDE.1 - MARGIN) / rows) - MARGIN;
    for (number, character) in (0_u32..).zip(characters) {
        let (row, column) = (number / columns, number % columns);
        let in_row = if row + 1 == rows { count - columns * (rows - 1) } else { columns };
        let left = (WIDE.0 - (in_row * (side + MARGIN) - MARGIN)) / 2 + column * (side + MARGIN);
        let top = (WIDE.1 - (rows * (side + MARGIN) - MARGIN)) / 2 + row * (side + MARGIN);
        imageops::replace(
            &mut picture,
            &render(character, &Scene::plain(), side).image,
            left.into(),
            top.into(),
        );
    }
    picture
}

/// The bytes of `#rrggbb`.
fn rgb(color: &str) -> Option<Rgb<u8>> {
    let [_, bytes @ ..] = u32::from_str_radix(color.strip_prefix('#')?, 16).ok()?.to_be_bytes();
    Some(Rgb(bytes))
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
