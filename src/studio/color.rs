//! Colors: sRGB with components from 0 to 1, written `"#rrggbb"` in descriptions.

use rand::Rng;
use serde::Deserialize;

use crate::random::Dice;

/// An opaque sRGB color; every component lies in `0.0..=1.0`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Color {
    /// Red, `0.0..=1.0`.
    pub red: f32,
    /// Green, `0.0..=1.0`.
    pub green: f32,
    /// Blue, `0.0..=1.0`.
    pub blue: f32,
}

impl Color {
    /// Paper white.
    pub const WHITE: Self = Self::new(1.0, 1.0, 1.0);
    /// The near-black brown of most eyelashes and ink lines.
    pub const INK: Self = Self::new(0.13, 0.09, 0.09);

    /// A color from its components, each `0.0..=1.0`.
    #[must_use]
    pub const fn new(red: f32, green: f32, blue: f32) -> Self {
        Self { red, green, blue }
    }

    /// A color from hue (turns, wraps around), saturation and value (both `0.0..=1.0`).
    #[must_use]
    pub fn from_hsv(hue: f32, saturation: f32, value: f32) -> Self {
        let channel = |offset: f32| {
            let position = (hue + offset).rem_euclid(1.0) * 6.0;
            let ramp = ((position - 3.0).abs() - 1.0).clamp(0.0, 1.0);
            (value * (1.0 - saturation + saturation * ramp)).clamp(0.0, 1.0)
        };
        Self::new(channel(0.0), channel(2.0 / 3.0), channel(1.0 / 3.0))
    }

    /// A random color as prints have them: neither pale nor black.
    pub(crate) fn vivid(rng: &mut (impl Rng + ?Sized)) -> Self {
        Self::from_hsv(rng.between(0.0, 1.0), rng.between(0.1, 0.9), rng.between(0.15, 0.95))
    }

    /// Hue in turns, saturation and value, each `0.0..=1.0`.
    #[must_use]
    pub fn to_hsv(self) -> (f32, f32, f32) {
        let Self { red, green, blue } = self;
        let value = red.max(green).max(blue);
        let spread = value - red.min(green).min(blue);
        if spread <= f32::EPSILON {
            return (0.0, 0.0, value);
        }
        let sixth = if value <= red {
            (green - blue) / spread
        } else if value <= green {
            2.0 + (blue - red) / spread
        } else {
            4.0 + (red - green) / spread
        };
        ((sixth / 6.0).rem_euclid(1.0), spread / value, value)
    }

    /// The color `share` of the way to `other` (0 is `self`, 1 is `other`).
    #[must_use]
    pub fn mix(self, other: Self, share: f32) -> Self {
        let blend = |a: f32, b: f32| a + (b - a) * share;
        Self::new(
            blend(self.red, other.red),
            blend(self.green, other.green),
            blend(self.blue, other.blue),
        )
    }

    /// The color with every component multiplied by `factor` and kept in range.
    #[must_use]
    pub fn dimmed(self, factor: f32) -> Self {
        let scale = |component: f32| (component * factor).clamp(0.0, 1.0);
        Self::new(scale(self.red), scale(self.green), scale(self.blue))
    }

    /// Perceived brightness, `0.0..=1.0`.
    #[must_use]
    pub fn luma(self) -> f32 {
        0.299 * self.red + 0.587 * self.green + 0.114 * self.blue
    }

    /// The shadowed version: darker, slightly more saturated and cooler, as cel painters do.
    #[must_use]
    pub fn shadowed(self) -> Self {
        Self::new(self.red * 0.80, self.green * 0.76, self.blue * 0.82)
    }

    /// How different two colors are: the sum of the component differences, `0.0..=3.0`.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        (self.red - other.red).abs()
            + (self.green - other.green).abs()
            + (self.blue - other.blue).abs()
    }

    /// The three components as bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 3] {
        [self.red, self.green, self.blue].map(|component| byte(component * 255.0))
    }
}

/// The nearest value of an 8-bit channel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=255 before the cast"
)]
pub(crate) fn byte(value: f32) -> u8 {
    value.clamp(0.0, 255.0).round() as u8
}

/// Why a color text was refused.
#[derive(Debug, thiserror::Error)]
#[error("color {0:?} is not of the form \"#rrggbb\"")]
pub struct ColorError(String);

impl TryFrom<String> for Color {
    type Error = ColorError;

    fn try_from(text: String) -> Result<Self, ColorError> {
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let bits = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(bits) = bits else {
            return Err(ColorError(text));
        };
        let [_, red, green, blue] = bits.to_be_bytes();
        Ok(Self::new(f32::from(red) / 255.0, f32::from(green) / 255.0, f32::from(blue) / 255.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Color, ColorError> {
        Color::try_from(text.to_owned())
    }

    #[test]
    fn texts_are_read() {
        assert_eq!(parse("#f2a94f").unwrap().to_bytes(), [0xf2, 0xa9, 0x4f]);
    }

    #[test]
    fn odd_texts_are_refused() {
        for text in ["f2a94f", "#f2a94", "#ggggggg", "#+12345", "#あ123", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hsv_round_trip() {
        for text in ["#f2a94f", "#000000", "#8090a0", "#ff0000", "#2040c0"] {
            let color = parse(text).unwrap();
            let (hue, saturation, value) = color.to_hsv();
            let back = Color::from_hsv(hue, saturation, value);
            assert_eq!(back.to_bytes(), color.to_bytes(), "{text}");
        }
    }
}
