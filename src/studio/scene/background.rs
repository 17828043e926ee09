//! What is behind the character.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tiny_skia::PixmapMut;

use crate::canvas::Canvas;
use crate::color::Color;
use crate::random::Dice;

/// What is behind the character. Lengths are shares of the picture's shorter side, angles are in
/// degrees clockwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Background {
    /// One color.
    Flat(Color),
    /// Fades from one color to another.
    Gradient {
        /// Color on the side the angle points away from.
        from: Color,
        /// Color on the side the angle points to.
        to: Color,
        /// Direction; 0 is from left to right.
        angle: f32,
    },
    /// Stripes as wide as the gaps between them.
    Stripes {
        /// Color of the gaps.
        ground: Color,
        /// Color of the stripes.
        stripe: Color,
        /// Width of one stripe.
        width: f32,
        /// Direction; 0 is upright.
        angle: f32,
    },
    /// Dots in rows and columns.
    Dots {
        /// Color between the dots.
        ground: Color,
        /// Color of the dots.
        dot: Color,
        /// Distance between the middles of neighbours.
        distance: f32,
    },
    /// Simple shapes in random colors.
    Shapes {
        /// Color behind the shapes.
        ground: Color,
        /// Number of shapes.
        count: u32,
    },
    /// Bands of sky, trees and grass.
    Meadow {
        /// Color of the sky.
        sky: Color,
        /// Color of the trees at the horizon.
        trees: Color,
        /// Color of the grass.
        grass: Color,
    },
    /// A room with a few rectangles as furniture.
    Room {
        /// Color of the wall.
        wall: Color,
        /// Color of the floor.
        floor: Color,
        /// Number of pieces of furniture.
        pieces: u32,
    },
    /// Boards of wood, seen from above.
    Planks {
        /// Color of the boards.
        wood: Color,
        /// Width of a board.
        width: f32,
        /// Direction of the boards; 0 is upright.
        angle: f32,
    },
    /// Cloth woven in squares.
    Check {
        /// Color of the ground.
        ground: Color,
        /// Color of the bands, which darken where they cross.
        band: Color,
        /// Width of a band.
        width: f32,
        /// Direction; 0 is upright.
        angle: f32,
    },
    /// Speckled stone, asphalt or carpet.
    Speckles {
        /// Color of the ground.
        ground: Color,
        /// Number of speckles.
        count: u32,
    },
    /// Lines of letter-like strokes.
    Writing {
        /// Color of the paper.
        ground: Color,
        /// Color of the strokes.
        ink: Color,
    },
}

/// Any color, mostly not a shrill one.
fn any(rng: &mut (impl Rng + ?Sized)) -> Color {
    let saturation = rng.between(0.0, 1.0);
    Color::from_hsv(rng.between(0.0, 1.0), saturation * saturation * 0.9, rng.between(0.15, 1.0))
}

/// A greyish color of a value between `low` and `high`, as walls and stones have.
fn dull(rng: &mut (impl Rng + ?Sized), low: f32, high: f32) -> Color {
    Color::from_hsv(rng.between(0.0, 1.0), rng.between(0.0, 0.12), rng.between(low, high))
}

/// A light color, as paper and badges have.
fn pale(rng: &mut (impl Rng + ?Sized)) -> Color {
    Color::from_hsv(rng.between(0.0, 1.0), rng.between(0.0, 0.25), rng.between(0.88, 1.0))
}

impl Background {
    /// A random background.
    pub(crate) fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        match rng.whole(0, 99) {
            0..32 => Self::Flat(Color::WHITE),
            32..40 => Self::Flat(pale(rng)),
            40..50 => Self::Flat(any(rng)),
            50..64 => {
                let from = any(rng);
                let to = from.mix(any(rng), rng.between(0.2, 0.8));
                let angle = rng.between(0.0, 360.0);
                Self::Gradient { from, to, angle }
            }
            64..69 => Self::Stripes {
                ground: pale(rng),
                stripe: if rng.chance(0.6) { pale(rng) } else { any(rng) },
                width: rng.between(0.03, 0.15),
                angle: rng.between(0.0, 180.0),
            },
            69..73 => {
                Self::Dots { ground: pale(rng), dot: any(rng), distance: rng.between(0.08, 0.2) }
            }
            73..81 => Self::Shapes { ground: any(rng), count: rng.whole(3, 20) },
            81..88 => Self::meadow(rng),
            88..96 => Self::Room { wall: any(rng), floor: any(rng), pieces: rng.whole(1, 6) },
            _ => Self::Writing {
                ground: if rng.chance(0.6) { Color::WHITE } else { pale(rng) },
                ink: any(rng).dimmed(0.5),
            },
        }
    }

    /// What things are photographed on: wood, cloth, stone, or a desk before a wall.
    pub(crate) fn table(rng: &mut (impl Rng + ?Sized)) -> Self {
        match rng.whole(0, 9) {
            0..3 => Self::Planks {
                wood: Color::from_hsv(
                    rng.between(0.04, 0.11),
                    rng.between(0.1, 0.65),
                    rng.between(0.15, 0.75),
                ),
                width: rng.between(0.12, 0.4),
                angle: rng.between(0.0, 180.0),
            },
            3 => Self::Check {
                ground: pale(rng),
                band: any(rng),
                width: rng.between(0.06, 0.2),
                angle: rng.between(0.0, 90.0),
            },
            4..6 => Self::Speckles { ground: dull(rng, 0.1, 0.6), count: rng.whole(60, 160) },
            6..8 => {
                let from = dull(rng, 0.5, 0.95);
                Self::Gradient {
                    from,
                    to: from.dimmed(rng.between(0.6, 0.95)),
                    angle: rng.between(0.0, 360.0),
                }
            }
            _ => {
                Self::Room { wall: dull(rng, 0.4, 0.95), floor: any(rng), pieces: rng.whole(0, 2) }
            }
        }
    }

    fn meadow(rng: &mut (impl Rng + ?Sized)) -> Self {
        let mut natural = |hue: (f32, f32), saturation: (f32, f32), value: (f32, f32)| {
            Color::from_hsv(
                rng.between(hue.0, hue.1),
                rng.between(saturation.0, saturation.1),
                rng.between(value.0, value.1),
            )
        };
        Self::Meadow {
            sky: natural((0.5, 0.62), (0.1, 0.5), (0.85, 1.0)),
            trees: natural((0.25, 0.4), (0.2, 0.6), (0.3, 0.7)),
            grass: natural((0.12, 0.33), (0.2, 0.6), (0.5, 0.9)),
        }
    }

    /// Whether white things would hardly stand out.
    pub(crate) fn is_pale(&self) -> bool {
        match self {
            Self::Flat(color) => color.luma() > 0.75,
            Self::Gradient { from, to, .. } => from.mix(*to, 0.5).luma() > 0.75,
            Self::Stripes { .. } | Self::Dots { .. } | Self::Writing { .. } => true,
            Self::Shapes { .. }
            | Self::Meadow { .. }
            | Self::Room { .. }
            | Self::Planks { .. }
            | Self::Check { .. }
            | Self::Speckles { .. } => false,
        }
    }

    /// Covers the whole canvas.
    pub(crate) fn paint(&self, canvas: &mut PixmapMut<'_>, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xba5e);
        let canvas = &mut Canvas::new(canvas);
        match *self {
            Self::Flat(color) => canvas.cover(color),
            Self::Gradient { from, to, angle } => canvas.gradient(from, to, angle),
            Self::Stripes { ground, stripe, width, angle } => {
                canvas.cover(ground);
                let mut x = -1.0;
                while x < 1.0 {
                    canvas.box_at((0.5, 0.5), (x, -1.0, width, 2.0), angle, stripe, 1.0);
                    x += 2.0 * width;
                }
            }
            Self::Dots { ground, dot, distance } => {
                canvas.cover(ground);
                let mut y = 0.0;
                while y < 1.2 {
                    let mut x = 0.0;
                    while x < 1.2 {
                        canvas.disc((x, y), distance * 0.22, dot, 1.0);
                        x += distance;
                    }
                    y += distance;
                }
            }
            Self::Shapes { ground, count } => {
                canvas.cover(ground);
                for _ in 0..count {
                    let color = any(&mut rng);
                    canvas.shape(&mut rng, color);
                }
            }
            Self::Meadow { sky, trees, grass } => {
                canvas.gradient(sky, sky.mix(Color::WHITE, 0.5), 90.0);
                let horizon = rng.between(0.45, 0.75);
                for _ in 0..10 {
                    let at = (rng.between(-0.1, 1.1), horizon - rng.between(0.0, 0.1));
                    canvas.disc(
                        at,
                        rng.between(0.05, 0.16),
                        trees.dimmed(rng.between(0.8, 1.2)),
                        1.0,
                    );
                }
                canvas.box_at((0.5, horizon), (-2.0, 0.0, 4.0, 2.0), 0.0, grass, 1.0);
            }
            Self::Room { wall, floor, pieces } => {
                canvas.gradient(wall, wall.dimmed(0.85), 60.0);
                canvas.box_at((0.5, rng.between(0.6, 0.9)), (-2.0, 0.0, 4.0, 2.0), 0.0, floor, 1.0);
                for _ in 0..pieces {
                    let at = (rng.between(0.0, 1.0), rng.between(0.0, 0.9));
                    let (width, height) = (rng.between(0.08, 0.4), rng.between(0.1, 0.6));
                    let color = any(&mut rng);
                    canvas.box_at(
                        at,
                        (-width / 2.0, -height / 2.0, width, height),
                        0.0,
                        color,
                        1.0,
                    );
                }
            }
            Self::Planks { wood, width, angle } => planks(canvas, &mut rng, wood, width, angle),
            Self::Check { ground, band, width, angle } => {
                canvas.cover(ground);
                let mut x = -1.0;
                while x < 1.0 {
                    canvas.box_at((0.5, 0.5), (x, -1.0, width, 2.0), angle, band, 0.5);
                    canvas.box_at((0.5, 0.5), (-1.0, x, 2.0, width), angle, band, 0.5);
                    x += 2.0 * width;
                }
            }
            Self::Speckles { ground, count } => {
                canvas.cover(ground);
                for _ in 0..count {
                    let at = (rng.between(0.0, 1.0), rng.between(0.0, 1.0));
                    let speckle = if rng.chance(0.5) {
                        ground.dimmed(0.6)
                    } else {
                        ground.mix(Color::WHITE, 0.3)
                    };
                    canvas.disc(at, rng.between(0.004, 0.016), speckle, 0.8);
                }
            }
            Self::Writing { ground, ink } => {
                canvas.cover(ground);
                for line in 0..6_u8 {
                    let y = 0.06 + f32::from(line) * 0.17;
                    canvas.writing(&mut rng, (0.03, y), 0.94, 0.09, ink);
                }
            }
        }
    }
}

/// Boards beside each other, each with a few veins and a gap.
fn planks(
    canvas: &mut Canvas<'_, '_>,
    random: &mut ChaCha8Rng,
    wood: Color,
    width: f32,
    angle: f32,
) {
    canvas.cover(wood);
    let mut x = -1.0;
    while x < 1.0 {
        let board = wood.dimmed(random.between(0.75, 1.15));
        canvas.box_at((0.5, 0.5), (x, -1.0, width, 2.0), angle, board, 1.0);
        for _ in 0..4 {
            let vein =
                (x + random.between(0.05, 0.95) * width, -1.0, random.between(0.003, 0.012), 2.0);
            canvas.box_at((0.5, 0.5), vein, angle, board.dimmed(0.8), 0.6);
        }
        canvas.box_at((0.5, 0.5), (x, -1.0, 0.012, 2.0), angle, wood.dimmed(0.35), 1.0);
        x += width;
    }
}
