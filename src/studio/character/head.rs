//! What is on the head besides hair: eyes, ears, wings, crest, hat, ornaments.

use serde::Deserialize;

use super::factor::one;
use crate::color::Color;

/// Eyes and brows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eyes {
    /// Color of the iris.
    #[serde(default = "brown")]
    pub color: Color,
    /// Shape of the opening.
    #[serde(default)]
    pub shape: EyeShape,
    /// Size.
    #[serde(default = "one")]
    pub size: f32,
    /// Color of the brows; the darkened hair color if missing.
    pub brows: Option<Color>,
}

fn brown() -> Color {
    Color::new(0.42, 0.27, 0.15)
}

impl Default for Eyes {
    fn default() -> Self {
        Self { color: brown(), shape: EyeShape::default(), size: 1.0, brows: None }
    }
}

/// Shape of the eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EyeShape {
    /// Wide open.
    #[default]
    Round,
    /// Outer corners up, determined.
    Sharp,
    /// Upper lids lowered, calm.
    Calm,
    /// Small irises and a fixed look.
    Glaring,
}

/// The ears.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ears {
    /// Animal kind.
    pub kind: EarKind,
    /// Color of the outside; the hair color if missing.
    pub color: Option<Color>,
    /// Color of the inside.
    #[serde(default = "ear_inner")]
    pub inner: Color,
    /// Color of a tuft of fluff at the root of the inside.
    pub fluff: Option<Color>,
    /// Color at the tips.
    pub tip: Option<Color>,
    /// Color of a broad rim around the inside.
    pub rim: Option<Color>,
    /// Size.
    #[serde(default = "one")]
    pub size: f32,
}

fn ear_inner() -> Color {
    Color::new(0.99, 0.89, 0.86)
}

/// Kinds of ears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarKind {
    /// Triangles, as a cat has.
    Cat,
    /// Long and upright, close together, as a serval has.
    Tall,
    /// Very large, leaning outwards, as a fennec has.
    Huge,
    /// Half circles, as a raccoon or a bear has.
    Round,
    /// Small and low at the side of the head, as an otter has.
    Small,
    /// Long and narrow, as a rabbit has.
    Rabbit,
    /// Hanging down, as many dogs have.
    Floppy,
    /// No animal ears.
    Human,
}

/// Wings on the head.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wings {
    /// How they are held.
    pub kind: WingKind,
    /// Color at the root; the hair color if missing.
    pub color: Option<Color>,
    /// Color at the feather tips; the root color if missing.
    pub tip: Option<Color>,
    /// Size.
    #[serde(default = "one")]
    pub size: f32,
}

/// How head wings are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WingKind {
    /// Raised above the temples.
    Raised,
    /// Hanging beside the head like thick tresses.
    Folded,
}

/// A tuft standing up from the crown.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crest {
    /// Color; the hair color if missing.
    pub color: Option<Color>,
    /// Number of strands, `1..=7`.
    #[serde(default = "three")]
    pub strands: u8,
    /// Height.
    #[serde(default = "one")]
    pub size: f32,
}

fn three() -> u8 {
    3
}

/// A hat.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hat {
    /// Which hat.
    pub kind: HatKind,
    /// Color of the crown and brim.
    pub color: Color,
    /// Color of the band; the darkened color if missing.
    pub band: Option<Color>,
    /// Colors of feathers stuck behind the band: first the left of the picture, then the right.
    #[serde(default)]
    pub feathers: Vec<Color>,
}

/// Kinds of hats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HatKind {
    /// A sun helmet with a ringed crown and a short brim.
    Safari,
    /// A cap with a peak.
    Cap,
    /// A tall pointed hat with a wide brim.
    Witch,
    /// A soft round beret.
    Beret,
    /// A knitted cap with a bobble.
    Beanie,
    /// A crown.
    Crown,
    /// A straw hat with a wide flat brim.
    Straw,
    /// A hood of the clothes, around the whole head.
    Hood,
}

/// A small thing worn on the head.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ornament {
    /// Which thing.
    pub kind: OrnamentKind,
    /// Its color.
    pub color: Color,
    /// Which side of the picture it is on, where that matters.
    #[serde(default)]
    pub side: Side,
}

/// Kinds of ornaments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrnamentKind {
    /// A feather-shaped tassel hanging beside the cheek.
    Tassel,
    /// A bow.
    Bow,
    /// A flower.
    Flower,
    /// A star-shaped clip.
    Star,
    /// A pebble on the crown.
    Pebble,
    /// Spectacles.
    Glasses,
    /// An eye patch.
    Eyepatch,
    /// Two horns.
    Horns,
    /// A pair of antlers.
    Antlers,
    /// A ring of light.
    Halo,
    /// A band over the head.
    Hairband,
    /// Headphones.
    Headphones,
}

/// A side of the picture when the character faces the viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Left of the picture.
    #[default]
    Left,
    /// Right of the picture.
    Right,
}

impl Side {
    /// -1 for left, +1 for right.
    pub(crate) fn sign(self) -> f32 {
        match self {
            Self::Left => -1.0,
            Self::Right => 1.0,
        }
    }
}
