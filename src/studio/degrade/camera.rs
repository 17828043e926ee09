//! Exposure, white balance, blur, noise and compression.

use image::RgbImage;
use image::imageops::{self, FilterType};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::jpeg;
use crate::color::byte;
use crate::random::Dice;

/// The way from the drawing to the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Factors on red, green and blue: exposure and white balance together.
    pub balance: [f32; 3],
    /// How much brighter one side of the picture is than the other; 0.3 means 30 %.
    pub light: f32,
    /// Direction towards the bright side: a unit vector, y pointing down.
    pub light_from: (f32, f32),
    /// Contrast around middle grey; 1 changes nothing.
    pub contrast: f32,
    /// Strength of paper or cloth structure, in grey levels of 255.
    pub grain: f32,
    /// Strength of the sensor noise, in grey levels of 255.
    pub noise: f32,
    /// Radius of the blur as a share of the shorter side.
    pub blur: f32,
    /// Factor by which the picture was once reduced and enlarged again; 1 for never.
    pub resolution: f32,
    /// Quality of a JPEG round trip, `1..=100`.
    pub jpeg: Option<u8>,
}

impl Camera {
    /// No effect at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            balance: [1.0; 3],
            light: 0.0,
            light_from: (1.0, 0.0),
            contrast: 1.0,
            grain: 0.0,
            noise: 0.0,
            blur: 0.0,
            resolution: 1.0,
            jpeg: None,
        }
    }

    /// A random camera: often a mere file copy, otherwise a photograph of mild defects. Hues stay
    /// recognisable.
    #[must_use]
    pub fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        let mut camera = Self::none();
        if rng.chance(0.6) {
            camera.jpeg = Some(rng.pick(&[45, 60, 70, 80, 90, 95]));
        }
        if rng.chance(0.3) {
            camera.resolution = rng.between(0.45, 0.9);
        }
        if rng.chance(0.45) {
            return camera;
        }
        let exposure = 1.0 + rng.approx_normal(0.10).clamp(-0.3, 0.25);
        // Warm or cold light moves red and blue against each other.
        let warmth = rng.approx_normal(0.05).clamp(-0.12, 0.12);
        let tint = rng.approx_normal(0.015);
        camera.balance =
            [exposure * (1.0 + warmth), exposure * (1.0 + tint), exposure * (1.0 - warmth)];
        camera.light = rng.between(0.0, 0.35);
        camera.light_from =
            rng.pick(&[(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.7, -0.7), (-0.7, -0.7)]);
        camera.contrast = 1.0 + rng.approx_normal(0.12).clamp(-0.35, 0.3);
        if rng.chance(0.3) {
            camera.grain = rng.between(1.0, 8.0);
        }
        camera.noise = rng.maybe(0.6, |rng| rng.between(1.0, 9.0)).unwrap_or(0.0);
        camera.blur = rng.maybe(0.35, |rng| rng.between(0.001, 0.006)).unwrap_or(0.0);
        camera
    }

    /// Takes the picture; `seed` fixes noise and grain.
    pub(crate) fn take(&self, mut image: RgbImage, seed: u64) -> RgbImage {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xca3e);
        if self.blur > 0.0 {
            blur(&mut image, self.blur);
        }
        if self.changes_tones() {
            self.tone(&mut image, &mut rng);
        }
        if self.resolution < 1.0 {
            image = resampled(&image, self.resolution);
        }
        if let Some(quality) = self.jpeg {
            jpeg::degrade(&mut image, quality);
        }
        image
    }

    fn changes_tones(&self) -> bool {
        let neutral = Self::none();
        let same = |a: f32, b: f32| a.to_bits() == b.to_bits();
        let balanced = self.balance.iter().all(|&factor| same(factor, 1.0));
        !(balanced
            && same(self.light, neutral.light)
            && same(self.contrast, neutral.contrast)
            && same(self.grain, neutral.grain)
            && same(self.noise, neutral.noise))
    }

    /// Light, white balance, contrast, grain and noise in one pass.
    #[expect(clippy::cast_precision_loss, reason = "pictures are far smaller than 2^24 pixels")]
    fn tone(&self, image: &mut RgbImage, rng: &mut ChaCha8Rng) {
        let (width, height) = (image.width() as f32, image.height() as f32);
        let (dx, dy) = self.light_from;
        let weave = 2.0 + rng.between(0.0, 3.0);
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let (x, y) = (x as f32, y as f32);
            let side = (x / width - 0.5) * dx + (y / height - 0.5) * dy;
            let light = 1.0 + self.light * side;
            let mut structure = 0.0;
            if self.grain > 0.0 {
                let thread = (x / weave).fract() + (y / weave).fract() - 1.0;
                structure = self.grain * (thread + noise(rng.next_u32()) * 0.7);
            }
            for (channel, factor) in pixel.0.iter_mut().zip(self.balance) {
                let mut value = f32::from(*channel) * factor * light;
                value = (value - 128.0) * self.contrast + 128.0 + structure;
                if self.noise > 0.0 {
                    value += noise(rng.next_u32()) * self.noise;
                }
                *channel = byte(value);
            }
        }
    }
}

/// An approximately normal number with standard deviation 1 from the four bytes of `bits`.
fn noise(bits: u32) -> f32 {
    let sum: u16 = bits.to_be_bytes().into_iter().map(u16::from).sum();
    (f32::from(sum) - 510.0) / 147.8
}

/// Softens the picture by repeated three-point averages.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number of passes is small and positive"
)]
fn blur(image: &mut RgbImage, radius: f32) {
    let pixels = radius * image.width().min(image.height()) as f32;
    // One pass with side weight w adds a variance of 2w; w stays at or below a quarter.
    let variance = pixels * pixels;
    let passes = (variance * 2.0).ceil().clamp(1.0, 24.0);
    let weight = (variance / passes / 2.0).min(0.25);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut plane: Vec<f32> = image.as_raw().iter().copied().map(f32::from).collect();
    for _ in 0..passes as usize {
        for row in plane.chunks_exact_mut(width * 3) {
            soften(row, 3, weight);
        }
        soften_down(&mut plane, width * 3, height, weight);
    }
    for (channel, value) in image.iter_mut().zip(plane) {
        *channel = byte(value);
    }
}

/// One pass along a row whose neighbours are `step` apart.
fn soften(row: &mut [f32], step: usize, weight: f32) {
    for channel in 0..step {
        let mut before = row[channel];
        let mut index = channel;
        while index < row.len() {
            let here = row[index];
            let after = row.get(index + step).copied().unwrap_or(here);
            row[index] = here + weight * (before + after - 2.0 * here);
            before = here;
            index += step;
        }
    }
}

/// One pass along all columns.
fn soften_down(plane: &mut [f32], stride: usize, height: usize, weight: f32) {
    let mut before: Vec<f32> = plane[..stride].to_vec();
    for y in 0..height {
        for (x, before) in before.iter_mut().enumerate() {
            let index = y * stride + x;
            let here = plane[index];
            let after = plane.get(index + stride).copied().unwrap_or(here);
            plane[index] = here + weight * (*before + after - 2.0 * here);
            *before = here;
        }
    }
}

/// The picture reduced by `factor` and enlarged to its old size.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are small and positive"
)]
fn resampled(image: &RgbImage, factor: f32) -> RgbImage {
    let reduced = |side: u32| ((side as f32 * factor) as u32).max(8);
    let (width, height) = image.dimensions();
    let small = imageops::resize(image, reduced(width), reduced(height), FilterType::Triangle);
    imageops::resize(&small, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn checkered() -> RgbImage {
        RgbImage::from_fn(16, 16, |x, y| Rgb([if (x / 4 + y / 4) % 2 == 0 { 240 } else { 20 }; 3]))
    }

    #[test]
    fn no_effect_changes_nothing() {
        assert_eq!(Camera::none().take(checkered(), 5), checkered());
    }

    #[test]
    fn blur_keeps_the_mean() {
        let mut soft = checkered();
        blur(&mut soft, 0.1);
        let mean =
            |image: &RgbImage| image.iter().map(|&byte| f64::from(byte)).sum::<f64>() / 768.0;
        assert!((mean(&soft) - mean(&checkered())).abs() < 1.0);
        assert_ne!(soft, checkered());
    }

    #[test]
    fn same_seed_same_noise() {
        let camera = Camera { noise: 6.0, grain: 3.0, ..Camera::none() };
        assert_eq!(camera.take(checkered(), 5), camera.take(checkered(), 5));
        assert_ne!(camera.take(checkered(), 5), camera.take(checkered(), 6));
    }
}
