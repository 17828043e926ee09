//! From the network's outputs to boxes.

use serde::Deserialize;

use crate::face::Face;
use crate::geometry::Rect;

/// Pixels of the input to a cell either way, for each pair of outputs: scores, then numbers.
const STRIDES: [usize; 2] = [16, 32];
/// Boxes to a cell of each stride.
const BOXES: [usize; 2] = [2, 6];
/// Numbers to a box, of which the first four are used: shift of the middle to the right and down,
/// width, height. The others are landmarks.
const NUMBERS: usize = 16;

/// From the frame that the network draws around a face to the one that this project's truth draws:
/// from brow to chin and from cheek to cheek.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Shift of the middle to the right, as a share of the width.
    pub right: f32,
    /// Shift of the middle down, as a share of the height.
    pub down: f32,
    /// Factor of the width.
    pub width: f32,
    /// Factor of the height.
    pub height: f32,
}

impl Frame {
    fn around(&self, (x, y): (f32, f32), width: f32, height: f32) -> Rect {
        let (x, y) = (x + self.right * width, y + self.down * height);
        let (width, height) = (width * self.width, height * self.height);
        Rect::new(x - width / 2.0, y - height / 2.0, width, height)
    }
}

/// The faces of at least this score, 0 to 1, in pixels of the network's input, in no order.
///
/// `outputs` are the scores at stride 16, the scores at stride 32, the numbers at stride 16 and the
/// numbers at stride 32, each `[channels, rows, columns]` in row-major order for an input of
/// `height` by `width` pixels. A score is a logit; a cell's box is a shift of its middle from the
/// cell's middle, width and height, all in pixels of the input.
///
/// # Panics
/// When an output is shorter.
pub fn faces(
    outputs: [&[f32]; 4],
    [height, width]: [usize; 2],
    threshold: f32,
    frame: &Frame,
) -> Vec<Face> {
    let least = (threshold / (1.0 - threshold)).ln();
    let mut faces = Vec::new();
    for (level, (&stride, boxes)) in STRIDES.iter().zip(BOXES).enumerate() {
        let (scores, numbers) = (outputs[level], outputs[2 + level]);
        let (rows, columns) = (height / stride, width / stride);
        let cells = rows * columns;
        for (place, &logit) in scores[..boxes * cells].iter().enumerate() {
            if logit < least {
                continue;
            }
            let (number, cell) = (place / cells, place % cells);
            let number = |which: usize| numbers[(number * NUMBERS + which) * cells + cell];
            let x = ((cell % columns) as f32 + 0.5) * stride as f32 + number(0);
            let y = ((cell / columns) as f32 + 0.5) * stride as f32 + number(1);
            let rect = frame.around((x, y), number(2).max(0.0), number(3).max(0.0));
            faces.push(Face { rect, confidence: 1.0 / (1.0 + (-logit).exp()) });
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Frame = Frame { right: 0.0, down: 0.0, width: 1.0, height: 1.0 };

    #[test]
    fn every_number_of_a_box_has_its_place() {
        // An input of 64 rows and 96 columns: 4 by 6 cells, and 2 by 3.
        let mut scores = [vec![-9.0; 2 * 24], vec![-9.0; 6 * 6]];
        let mut numbers = [vec![0.0; 2 * 16 * 24], vec![0.0; 6 * 16 * 6]];
        // The second box of the cell in row 3 and column 2.
        scores[0][24 + 3 * 6 + 2] = 2.0;
        for (which, value) in [4.0, -2.0, 20.0, 30.0].into_iter().enumerate() {
            numbers[0][(16 + which) * 24 + 3 * 6 + 2] = value;
        }
        // The sixth box of the cell in row 1 and column 0.
        scores[1][5 * 6 + 3] = 0.5;
        for (which, value) in [1.0, 2.0, 8.0, 10.0].into_iter().enumerate() {
            numbers[1][(5 * 16 + which) * 6 + 3] = value;
        }
        let outputs = [&scores[0][..], &scores[1], &numbers[0], &numbers[1]];
        let found = faces(outputs, [64, 96], 0.5, &PLAIN);
        let boxes: Vec<Rect> = found.iter().map(|face| face.rect).collect();
        let near = Rect::new(2.5 * 16.0 + 4.0 - 10.0, 3.5 * 16.0 - 2.0 - 15.0, 20.0, 30.0);
        let far = Rect::new(0.5 * 32.0 + 1.0 - 4.0, 1.5 * 32.0 + 2.0 - 5.0, 8.0, 10.0);
        assert_eq!(boxes, [near, far]);
        assert!((found[0].confidence - 0.880_797).abs() < 1e-6);
        assert_eq!(faces(outputs, [64, 96], 0.8, &PLAIN).len(), 1, "one is under the threshold");
    }

    #[test]
    fn a_frame_moves_and_stretches_about_the_middle() {
        let frame = Frame { right: 0.1, down: -0.2, width: 0.5, height: 2.0 };
        assert_eq!(frame.around((100.0, 50.0), 20.0, 10.0), Rect::new(97.0, 38.0, 10.0, 20.0));
    }
}
