//! What is in front of the character.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tiny_skia::PixmapMut;

use super::colour::Colour;
use super::easel::Easel;
use super::random::Dice;

/// Something between the character and the camera. Places are shares of the picture's width and
/// height, lengths shares of its shorter side.
#[derive(Clone, Debug, PartialEq)]
pub enum Occlusion {
    /// A bar, such as a pole or a pen.
    Bar {
        /// Its middle.
        at: (f32, f32),
        /// Its length and width.
        size: (f32, f32),
        /// Its direction in degrees; 0 lies flat.
        angle: f32,
        /// Its colour.
        colour: Colour,
    },
    /// A disc, such as a thumb.
    Disc {
        /// Its middle.
        at: (f32, f32),
        /// Its radius.
        radius: f32,
        /// Its colour.
        colour: Colour,
    },
    /// A caption of letter-like strokes.
    Caption {
        /// Height of its upper edge.
        top: f32,
        /// Height of the letters.
        letters: f32,
        /// Colour of the strokes.
        colour: Colour,
        /// Whether slanted strokes stand on both sides, as for something shouted.
        flanked: bool,
    },
    /// A frame around the picture.
    Frame {
        /// Its width.
        width: f32,
        /// Its colour.
        colour: Colour,
    },
    /// A reflection of light.
    Glare {
        /// Its middle.
        at: (f32, f32),
        /// Its radius.
        radius: f32,
    },
}

impl Occlusion {
    /// Mostly nothing; sometimes one thing near the edge of the picture.
    pub(super) fn sample(rng: &mut (impl Rng + ?Sized)) -> Vec<Self> {
        if rng.chance(0.7) {
            return Vec::new();
        }
        let hue = rng.between(0.0, 1.0);
        let colour = Colour::from_hsv(hue, rng.between(0.0, 0.6), rng.between(0.1, 1.0));
        // A place along one of the four edges.
        let along = rng.between(0.0, 1.0);
        let near = rng.bell(0.05);
        let at = rng.pick(&[(along, near), (along, 1.0 - near), (near, along), (1.0 - near, along)]);
        vec![match rng.whole(0, 29) {
            0..7 => {
                Self::Bar { at, size: (rng.between(0.2, 0.7), rng.between(0.03, 0.14)), angle: rng.between(0.0, 180.0), colour }
            }
            7..13 => Self::Disc { at, radius: rng.between(0.06, 0.2), colour },
            13..22 => Self::Caption {
                top: rng.pick(&[0.02, 0.04, 0.84, 0.87]),
                letters: rng.between(0.06, 0.12),
                colour: colour.dimmed(0.6),
                flanked: false,
            },
            22..26 => Self::Frame { width: rng.between(0.01, 0.06), colour },
            _ => Self::Glare { at: (rng.between(0.0, 1.0), rng.between(0.0, 1.0)), radius: rng.between(0.05, 0.2) },
        }]
    }

    /// Paints it over the picture.
    pub(super) fn paint(&self, canvas: &mut PixmapMut<'_>, seed: u64) {
        let easel = &mut Easel::new(canvas);
        match *self {
            Self::Bar { at, size: (length, width), angle, colour } => {
                let bar = (-length / 2.0, -width / 2.0, length, width);
                easel.box_at(at, bar, angle, colour, 1.0);
            }
            Self::Disc { at, radius, colour } => easel.disc(at, radius, colour, 1.0),
            Self::Caption { top, letters, colour, flanked } => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7e87);
                let length = rng.between(0.4, 0.9);
                let start = (1.0 - length) / 2.0;
                if flanked {
                    let (low, high) = (top + letters * 1.1, top);
                    easel.line(&[(start - 0.02, low), (start - 0.05, high)], letters * 0.13, colour);
                    easel.line(&[(start + length + 0.02, low), (start + length + 0.05, high)], letters * 0.13, colour);
                } else if rng.chance(0.5) {
                    let band = (0.0, -letters * 0.2, length, letters * 1.4);
                    easel.box_at((start, top), band, 0.0, Colour::WHITE, 0.9);
                }
                easel.writing(&mut rng, (start, top), length, letters, colour);
            }
            Self::Frame { width, colour } => {
                let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
                easel.line(&corners, width * 2.0, colour);
            }
            Self::Glare { at, radius } => {
                for share in [1.0, 0.8, 0.6, 0.4] {
                    easel.disc(at, radius * share, Colour::WHITE, 0.22);
                }
            }
        }
    }
}
