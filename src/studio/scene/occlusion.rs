//! What is in front of the character.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tiny_skia::PixmapMut;

use crate::canvas::Canvas;
use crate::color::Color;
use crate::random::Dice;

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
        /// Its color.
        color: Color,
    },
    /// A disc, such as a thumb.
    Disc {
        /// Its middle.
        at: (f32, f32),
        /// Its radius.
        radius: f32,
        /// Its color.
        color: Color,
    },
    /// A caption of letter-like strokes.
    Caption {
        /// Height of its upper edge.
        top: f32,
        /// Height of the letters.
        letters: f32,
        /// Color of the strokes.
        color: Color,
        /// Whether slanted strokes stand on both sides, as for something shouted.
        flanked: bool,
    },
    /// A frame around the picture.
    Frame {
        /// Its width.
        width: f32,
        /// Its color.
        color: Color,
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
    pub(crate) fn sample(rng: &mut (impl Rng + ?Sized)) -> Vec<Self> {
        if rng.chance(0.7) {
            return Vec::new();
        }
        let hue = rng.between(0.0, 1.0);
        let color = Color::from_hsv(hue, rng.between(0.0, 0.6), rng.between(0.1, 1.0));
        // A place along one of the four edges.
        let along = rng.between(0.0, 1.0);
        let near = rng.approx_normal(0.05);
        let at =
            rng.pick(&[(along, near), (along, 1.0 - near), (near, along), (1.0 - near, along)]);
        vec![match rng.whole(0, 29) {
            0..7 => Self::Bar {
                at,
                size: (rng.between(0.2, 0.7), rng.between(0.03, 0.14)),
                angle: rng.between(0.0, 180.0),
                color,
            },
            7..13 => Self::Disc { at, radius: rng.between(0.06, 0.2), color },
            13..22 => Self::Caption {
                top: rng.pick(&[0.02, 0.04, 0.84, 0.87]),
                letters: rng.between(0.06, 0.12),
                color: color.dimmed(0.6),
                flanked: false,
            },
            22..26 => Self::Frame { width: rng.between(0.01, 0.06), color },
            _ => Self::Glare {
                at: (rng.between(0.0, 1.0), rng.between(0.0, 1.0)),
                radius: rng.between(0.05, 0.2),
            },
        }]
    }

    /// Paints it over the picture.
    pub(crate) fn paint(&self, canvas: &mut PixmapMut<'_>, seed: u64) {
        let canvas = &mut Canvas::new(canvas);
        match *self {
            Self::Bar { at, size: (length, width), angle, color } => {
                let bar = (-length / 2.0, -width / 2.0, length, width);
                canvas.box_at(at, bar, angle, color, 1.0);
            }
            Self::Disc { at, radius, color } => canvas.disc(at, radius, color, 1.0),
            Self::Caption { top, letters, color, flanked } => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7e87);
                let length = rng.between(0.4, 0.9);
                let start = (1.0 - length) / 2.0;
                if flanked {
                    let (low, high) = (top + letters * 1.1, top);
                    canvas.line(
                        &[(start - 0.02, low), (start - 0.05, high)],
                        letters * 0.13,
                        color,
                    );
                    canvas.line(
                        &[(start + length + 0.02, low), (start + length + 0.05, high)],
                        letters * 0.13,
                        color,
                    );
                } else if rng.chance(0.5) {
                    let band = (0.0, -letters * 0.2, length, letters * 1.4);
                    canvas.box_at((start, top), band, 0.0, Color::WHITE, 0.9);
                }
                canvas.writing(&mut rng, (start, top), length, letters, color);
            }
            Self::Frame { width, color } => {
                let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
                canvas.line(&corners, width * 2.0, color);
            }
            Self::Glare { at, radius } => {
                for share in [1.0, 0.8, 0.6, 0.4] {
                    canvas.disc(at, radius * share, Color::WHITE, 0.22);
                }
            }
        }
    }
}
