//! The lossy half of JPEG: what a picture loses when it is saved and opened again.
//!
//! Color conversion, halved color resolution and coarse rounding of 8 × 8 block frequencies are
//! done as the format prescribes; the lossless half, packing the numbers into a file, is left out.
//! Unlike real codecs, which differ in their last bits, this gives the same bytes on every machine.

use image::RgbImage;

use crate::color::byte;
use crate::geometry::sin_cos;

/// Side of a block.
const SIDE: usize = 8;

type Block = [[f32; SIDE]; SIDE];

/// Example step sizes for brightness from annex K of the JPEG standard, by rows.
const LUMA_STEPS: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// Example step sizes for color from annex K, by rows; the remaining rows are all 99.
const CHROMA_STEPS: [u8; 32] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
];

/// One component of a picture.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Plane {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// The value at a place; places beyond the edge repeat the edge.
    fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    /// Half as wide and high, each value the mean of four.
    fn halved(&self) -> Self {
        let mut half = Self::new(self.width.div_ceil(2), self.height.div_ceil(2));
        for y in 0..half.height {
            for x in 0..half.width {
                let (left, top) = (2 * x, 2 * y);
                let sum = self.at(left, top)
                    + self.at(left + 1, top)
                    + self.at(left, top + 1)
                    + self.at(left + 1, top + 1);
                half.values[y * half.width + x] = sum / 4.0;
            }
        }
        half
    }

    /// Rounds the frequencies of all blocks to multiples of `steps`.
    fn coarsen(&mut self, waves: &Block, steps: &Block) {
        for top in (0..self.height).step_by(SIDE) {
            for left in (0..self.width).step_by(SIDE) {
                let mut block: Block = [[0.0; SIDE]; SIDE];
                for (y, row) in block.iter_mut().enumerate() {
                    for (x, value) in row.iter_mut().enumerate() {
                        *value = self.at(left + x, top + y) - 128.0;
                    }
                }
                let mut frequencies = transformed(&block, waves);
                for (row, steps) in frequencies.iter_mut().zip(steps) {
                    for (value, step) in row.iter_mut().zip(steps) {
                        *value = (*value / step).round() * step;
                    }
                }
                let block = restored(&frequencies, waves);
                for (y, row) in block.iter().enumerate().take(self.height - top) {
                    let start = (top + y) * self.width + left;
                    let length = SIDE.min(self.width - left);
                    for (target, value) in self.values[start..start + length].iter_mut().zip(row) {
                        *target = value + 128.0;
                    }
                }
            }
        }
    }
}

/// The cosine waves of the block transform: one row per frequency.
#[expect(clippy::cast_precision_loss, reason = "numbers below 128")]
fn waves() -> Block {
    let mut waves: Block = [[0.0; SIDE]; SIDE];
    for (frequency, row) in waves.iter_mut().enumerate() {
        let height: f32 = if frequency == 0 { 0.125 } else { 0.25 };
        for (x, value) in row.iter_mut().enumerate() {
            let angle = ((2 * x + 1) * frequency) as f32 * std::f32::consts::PI / 16.0;
            *value = height.sqrt() * sin_cos(angle).1;
        }
    }
    waves
}

/// The block's frequencies: `waves · block · wavesᵀ`.
fn transformed(block: &Block, waves: &Block) -> Block {
    let mut columns: Block = [[0.0; SIDE]; SIDE];
    for (row, wave) in columns.iter_mut().zip(waves) {
        for (factor, line) in wave.iter().zip(block) {
            for (sum, value) in row.iter_mut().zip(line) {
                *sum += factor * value;
            }
        }
    }
    let mut result: Block = [[0.0; SIDE]; SIDE];
    for (row, line) in result.iter_mut().zip(&columns) {
        for (sum, wave) in row.iter_mut().zip(waves) {
            *sum = line.iter().zip(wave).map(|(value, factor)| value * factor).sum();
        }
    }
    result
}

/// The block from its frequencies: `wavesᵀ · frequencies · waves`.
fn restored(frequencies: &Block, waves: &Block) -> Block {
    let mut rows: Block = [[0.0; SIDE]; SIDE];
    for (row, line) in rows.iter_mut().zip(frequencies) {
        for (value, wave) in line.iter().zip(waves) {
            for (sum, factor) in row.iter_mut().zip(wave) {
                *sum += value * factor;
            }
        }
    }
    let mut block: Block = [[0.0; SIDE]; SIDE];
    for (line, wave) in rows.iter().zip(waves) {
        for (row, factor) in block.iter_mut().zip(wave) {
            for (sum, value) in row.iter_mut().zip(line) {
                *sum += factor * value;
            }
        }
    }
    block
}

/// Step sizes for a quality of `1..=100`, by the usual rule that 50 means the example table.
fn steps(table: &[u8], quality: u8) -> Block {
    let quality = f32::from(quality.clamp(1, 100));
    let scale = if quality < 50.0 { 50.0 / quality } else { 2.0 - quality / 50.0 };
    let mut steps: Block = [[0.0; SIDE]; SIDE];
    for (index, step) in steps.iter_mut().flatten().enumerate() {
        let step_size = f32::from(table.get(index).copied().unwrap_or(99));
        *step = (step_size * scale).round().clamp(1.0, 255.0);
    }
    steps
}

/// Replaces the picture by what is left of it after a JPEG of `quality` (`1..=100`).
pub(crate) fn degrade(image: &mut RgbImage, quality: u8) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if width == 0 || height == 0 {
        return;
    }
    let mut luma = Plane::new(width, height);
    let (mut blueness, mut redness) = (Plane::new(width, height), Plane::new(width, height));
    for (index, pixel) in image.pixels().enumerate() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let bright = 0.299 * red + 0.587 * green + 0.114 * blue;
        luma.values[index] = bright;
        blueness.values[index] = (blue - bright) / 1.772 + 128.0;
        redness.values[index] = (red - bright) / 1.402 + 128.0;
    }
    let waves = waves();
    luma.coarsen(&waves, &steps(&LUMA_STEPS, quality));
    let color_steps = steps(&CHROMA_STEPS, quality);
    let [blueness, redness] = [blueness, redness].map(|plane| {
        let mut half = plane.halved();
        half.coarsen(&waves, &color_steps);
        half
    });
    for (index, pixel) in image.pixels_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        let bright = luma.values[index];
        let blue = (blueness.at(x / 2, y / 2) - 128.0) * 1.772;
        let red = (redness.at(x / 2, y / 2) - 128.0) * 1.402;
        let green = (-0.299 * red - 0.114 * blue) / 0.587;
        pixel.0 = [red, green, blue].map(|offset| byte(bright + offset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// A smooth picture whose sides are no multiples of 8.
    fn slope() -> RgbImage {
        RgbImage::from_fn(37, 21, |x, y| {
            let (x, y) = (u8::try_from(x).unwrap(), u8::try_from(y).unwrap());
            Rgb([60 + 4 * x, 40 + 3 * y, 200 - 3 * x])
        })
    }

    fn error(quality: u8) -> f64 {
        let mut copy = slope();
        degrade(&mut copy, quality);
        let total: u32 =
            copy.iter().zip(slope().iter()).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
        f64::from(total) / f64::from(37 * 21 * 3)
    }

    #[test]
    fn lower_quality_loses_more() {
        assert!(error(100) < 3.0, "{}", error(100));
        assert!(error(20) > error(90));
        assert!(error(20) < 12.0, "{}", error(20));
    }

    #[test]
    fn a_flat_picture_stays() {
        let flat = RgbImage::from_pixel(16, 16, Rgb([255, 255, 255]));
        let mut copy = flat.clone();
        degrade(&mut copy, 50);
        assert_eq!(copy, flat);
    }

    #[test]
    fn the_transform_has_an_inverse() {
        let waves = waves();
        let mut block: Block = [[0.0; SIDE]; SIDE];
        for (index, value) in block.iter_mut().flatten().enumerate() {
            *value = f32::from(u8::try_from(index * 37 % 251).unwrap());
        }
        let back = restored(&transformed(&block, &waves), &waves);
        for (a, b) in block.iter().flatten().zip(back.iter().flatten()) {
            assert!((a - b).abs() < 0.01);
        }
    }
}
