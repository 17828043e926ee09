//! What a figure is printed on: a round badge, or an acrylic stand.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tiny_skia::PixmapMut;

use crate::canvas::Canvas;
use crate::color::Color;
use crate::random::Dice;

/// What a figure is printed on. It lies between background and figure; lengths are shares of the
/// picture's shorter side.
#[derive(Clone, Debug, PartialEq)]
pub enum Mount {
    /// A disc with a ring around it, as icons and can badges have.
    Disc {
        /// Color inside the ring.
        disc: Color,
        /// Color of the ring.
        edge: Color,
        /// Width of the ring.
        ring: f32,
        /// Whether something is printed on the ring and the disc's lower part.
        lettered: bool,
        /// Strength of the shadow that it casts on the background, `0..=1`; 0 for a drawn icon.
        shadow: f32,
    },
    /// A base of clear or white plastic, wider at the bottom, under a figure with a white border.
    Stand {
        /// Color of the base.
        base: Color,
        /// Height of the base.
        height: f32,
        /// Color of the lettering on it.
        ink: Color,
        /// Strength of the shadow, `0..=1`.
        shadow: f32,
    },
}

impl Mount {
    /// A drawn icon: no shadow, no lettering, on white or a pale version of the ring's color.
    pub(crate) fn icon(rng: &mut (impl Rng + ?Sized)) -> Self {
        let edge = Color::vivid(rng);
        let disc = if rng.chance(0.5) {
            Color::WHITE
        } else {
            edge.mix(Color::WHITE, rng.between(0.6, 0.85))
        };
        Self::Disc { disc, edge, ring: rng.between(0.02, 0.06), lettered: false, shadow: 0.0 }
    }

    /// A can badge.
    pub(crate) fn badge(rng: &mut (impl Rng + ?Sized)) -> Self {
        let edge = Color::vivid(rng);
        let disc = edge.mix(Color::WHITE, rng.between(0.3, 1.0));
        Self::Disc {
            disc,
            edge,
            ring: rng.between(0.03, 0.1),
            lettered: true,
            shadow: rng.between(0.2, 0.6),
        }
    }

    /// The base of an acrylic stand.
    pub(crate) fn stand(rng: &mut (impl Rng + ?Sized)) -> Self {
        let ink = Color::vivid(rng);
        let base =
            Color::from_hsv(rng.between(0.0, 1.0), rng.between(0.0, 0.06), rng.between(0.85, 1.0));
        Self::Stand { base, height: rng.between(0.1, 0.22), ink, shadow: rng.between(0.1, 0.5) }
    }

    /// The least free space around the figure, so that it stays on its mount.
    pub(crate) fn margin(&self) -> f32 {
        match self {
            Self::Disc { ring, .. } => 0.1 + ring,
            Self::Stand { .. } => 0.04,
        }
    }

    /// Paints it over the background.
    pub(crate) fn paint(&self, canvas: &mut PixmapMut<'_>, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x3057);
        let canvas = &mut Canvas::new(canvas);
        match *self {
            Self::Disc { disc, edge, ring, lettered, shadow } => {
                let fall = (0.5 + rng.approx_normal(0.01), 0.5 + rng.between(0.0, 0.02));
                for spread in [0.5, 0.495, 0.49] {
                    canvas.disc(fall, spread, Color::INK, shadow / 3.0);
                }
                canvas.disc((0.5, 0.5), 0.48, edge, 1.0);
                canvas.disc((0.5, 0.5), 0.48 - ring, disc, 1.0);
                if lettered {
                    for _ in 0..rng.whole(8, 24) {
                        let at = (rng.between(0.15, 0.85), rng.between(0.12, 0.85));
                        canvas.disc(at, rng.between(0.01, 0.05), edge, rng.between(0.1, 0.6));
                    }
                    let top = rng.between(0.7, 0.8);
                    canvas.writing(&mut rng, (0.28, top), 0.44, 0.07, Color::INK);
                }
            }
            Self::Stand { base, height, ink, shadow } => {
                let (foot, head) = (rng.between(0.28, 0.42), rng.between(0.12, 0.25));
                let top = 1.0 - height;
                canvas.disc((0.5, 0.99), foot * 0.9, Color::INK, shadow * 0.5);
                canvas.polygon(
                    &[(0.5 - head, top), (0.5 + head, top), (0.5 + foot, 1.0), (0.5 - foot, 1.0)],
                    base,
                );
                canvas.writing(
                    &mut rng,
                    (0.5 - head, top + height * 0.3),
                    head * 2.0,
                    height * 0.35,
                    ink,
                );
            }
        }
    }
}
