//! From the network's output to boxes.

use crate::face::Face;
use crate::geometry::Rect;

/// Pixels of the input to a cell, either way.
const CELL: f32 = 8.0;
/// The box that a prediction of 0 means, in pixels of the input.
const BASE: f32 = 32.0;
/// Numbers to a cell: score, shift of the middle to the right and down, width, height.
const NUMBERS: usize = 5;

/// The faces of at least this score, in pixels of the network's input, in no order.
///
/// `map` is `[20, side, side]`, row-major: each of its places holds 2×2 cells, so the channels of the cell in row `r` and column `c` of
/// a place begin at `(2 r + c) * 5`. A cell says: the logit of the score, how far the face's middle lies from the cell's in cells, and
/// the logarithms of width and height over 32 pixels.
///
/// # Panics
/// When the map is shorter.
pub fn faces(map: &[f32], side: usize, threshold: f32) -> impl Iterator<Item = Face> + '_ {
    let cells = (0..2 * side).flat_map(move |row| (0..2 * side).map(move |column| (row, column)));
    cells.filter_map(move |(row, column)| {
        let first = (row % 2 * 2 + column % 2) * NUMBERS;
        let number = |place: usize| map[((first + place) * side + row / 2) * side + column / 2];
        let confidence = 1.0 / (1.0 + (-number(0)).exp());
        (confidence >= threshold).then(|| {
            let (width, height) = (BASE * number(3).exp(), BASE * number(4).exp());
            let x = (column as f32 + 0.5 + number(1)) * CELL - width / 2.0;
            let y = (row as f32 + 0.5 + number(2)) * CELL - height / 2.0;
            Face { rect: Rect::new(x, y, width, height), confidence }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_cell_has_its_place() {
        // Three places a side, and a face in the lower left cell of the middle place: row 3, column 2.
        let side = 3;
        let mut map = vec![0.0; 20 * side * side];
        for cell in 0..4 {
            map[cell * NUMBERS * side * side..][..side * side].fill(-9.0);
        }
        let mut put = |place: usize, value: f32| map[(2 * NUMBERS + place) * side * side + side + 1] = value;
        for (place, value) in [2.0, 0.5, -0.5, 2.0_f32.ln(), 0.0].into_iter().enumerate() {
            put(place, value);
        }
        let found: Vec<Face> = faces(&map, side, 0.5).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rect, Rect::new(3.0 * 8.0 - 32.0, 3.0 * 8.0 - 16.0, 64.0, 32.0));
        assert!((found[0].confidence - 0.880_797).abs() < 1e-6);
        assert_eq!(faces(&map, side, 0.9).count(), 0, "under the threshold");
    }
}
