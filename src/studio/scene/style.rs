//! How a picture is drawn: lines, shading, proportions, palette.

use rand::Rng;

use super::pose::Framing;
use crate::character::Fringe;
use crate::random::Dice;

/// How color is laid on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shading {
    /// One tone per surface.
    Flat,
    /// Two tones with a hard edge.
    Cel,
    /// Soft transitions.
    Soft,
}

/// The color of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineColor {
    /// Near black.
    Ink,
    /// Dark brown.
    Brown,
    /// A dark version of the surface's own color.
    Own,
}

/// How the colors of a drawing deviate from the described ones: every artist has another red.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Shift of all hues, in turns.
    pub hue: f32,
    /// Factor on all saturations.
    pub saturation: f32,
    /// Shift of all values; black and white stay.
    pub value: f32,
    /// Largest deviation of each color by itself: 0 for none, 1 for 0.02 turns of hue, 20 % of
    /// saturation and 0.08 of value.
    pub spread: f32,
}

impl Palette {
    /// The described colors.
    pub const EXACT: Self = Self { hue: 0.0, saturation: 1.0, value: 0.0, spread: 0.0 };

    fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        Self {
            hue: rng.approx_normal(0.007),
            saturation: 1.0 + rng.approx_normal(0.12),
            value: rng.approx_normal(0.03),
            spread: rng.between(0.0, 1.0),
        }
    }
}

/// How a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Line width in head radii; 0 draws no lines, 0.1 is a thick sticker outline.
    pub line: f32,
    /// Line color.
    pub line_color: LineColor,
    /// Shading.
    pub shading: Shading,
    /// Strength of the shading, `0..=1`.
    pub shade: f32,
    /// Whether hair has a glossy highlight.
    pub gloss: bool,
    /// Height of the figure in heads: 2 is chibi, 6 is tall.
    pub heads: f32,
    /// Shape of the face: 0 narrow with a pointed chin, 1 wide and round.
    pub roundness: f32,
    /// Factor on the size of the eyes.
    pub eyes: f32,
    /// Factor on the size of ears, wings and crest.
    pub ears: f32,
    /// Factor on the length of the hair.
    pub hair: f32,
    /// Largest irregularity of drawn points, in head radii.
    pub wobble: f32,
    /// Width of a white sticker border as a share of the picture; 0 for none.
    pub border: f32,
    /// Another fringe than described, as a careless artist draws it; only ordinary shapes are
    /// replaced.
    pub careless_fringe: Option<Fringe>,
    /// How far the fringe hangs lower (positive) or higher than described, in head radii.
    pub fringe: f32,
    /// Deviation of the colors from the described ones.
    pub palette: Palette,
    /// Whether things worn around the neck are left out.
    pub bare_neck: bool,
}

impl Style {
    /// A clean drawing with medium lines and the described colors.
    pub(crate) fn plain() -> Self {
        Self {
            line: 0.035,
            line_color: LineColor::Brown,
            shading: Shading::Cel,
            shade: 0.7,
            gloss: true,
            heads: 3.0,
            roundness: 0.6,
            eyes: 1.0,
            ears: 1.0,
            hair: 1.0,
            wobble: 0.0,
            border: 0.0,
            careless_fringe: None,
            fringe: 0.0,
            palette: Palette::EXACT,
            bare_neck: false,
        }
    }

    /// A random style; whole figures may be drawn smaller-headed than busts.
    pub(crate) fn sample(rng: &mut (impl Rng + ?Sized), framing: Framing) -> Self {
        let line = match rng.whole(0, 99) {
            0..12 => 0.0,
            12..50 => rng.between(0.015, 0.035),
            50..80 => rng.between(0.035, 0.06),
            _ => rng.between(0.06, 0.1),
        };
        let heads = match framing {
            Framing::Full => rng.between(2.0, 5.0),
            _ => rng.between(2.2, 4.5),
        };
        Self {
            line,
            line_color: rng.pick(&[LineColor::Ink, LineColor::Brown, LineColor::Own]),
            shading: rng.pick(&[Shading::Flat, Shading::Cel, Shading::Cel, Shading::Soft]),
            shade: rng.between(0.3, 1.0),
            gloss: rng.chance(0.5),
            heads,
            roundness: rng.between(0.0, 1.0),
            eyes: rng.between(0.75, 1.15),
            ears: 1.0 + rng.approx_normal(0.09),
            hair: 1.0 + rng.approx_normal(0.07),
            wobble: rng.between(0.0, 0.03),
            border: rng.maybe(0.1, |rng| rng.between(0.01, 0.03)).unwrap_or(0.0),
            careless_fringe: rng.maybe(0.15, |rng| {
                rng.pick(&[Fringe::Jagged, Fringe::Centre, Fringe::Swept, Fringe::Parted])
            }),
            fringe: rng.approx_normal(0.05),
            palette: Palette::sample(rng),
            bare_neck: rng.chance(0.12),
        }
    }
}
