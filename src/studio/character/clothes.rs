//! Neckwear, clothes and tail.

use serde::Deserialize;

use crate::color::Color;

/// Something worn around the neck.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neckwear {
    /// Which thing.
    pub kind: NeckwearKind,
    /// Its color.
    pub color: Color,
    /// Color of spots on it.
    pub spots: Option<Color>,
    /// Color of its lower edge or tips.
    pub trim: Option<Color>,
}

/// Kinds of neckwear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeckwearKind {
    /// A broad bow tie.
    Bow,
    /// A collar of fur or down.
    Fur,
    /// A necktie.
    Tie,
    /// A scarf.
    Scarf,
    /// A thin ribbon, tied with hanging ends.
    Ribbon,
    /// A shirt collar.
    Collar,
    /// A narrow band with a bell.
    Bell,
}

/// The clothes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clothes {
    /// The upper garment.
    #[serde(default)]
    pub top: Garment,
    /// Sleeve length.
    #[serde(default)]
    pub sleeves: Sleeves,
    /// Gloves up to above the elbow; bare hands if missing.
    pub gloves: Option<Garment>,
    /// Cut of the lower garment.
    #[serde(default)]
    pub cut: Bottom,
    /// The lower garment.
    #[serde(default)]
    pub bottom: Garment,
    /// Stockings; bare legs if missing.
    pub stockings: Option<Garment>,
    /// Color of the shoes.
    #[serde(default = "brown_leather")]
    pub shoes: Color,
    /// Color of belt and buttons.
    pub belt: Option<Color>,
    /// Color of rucksack straps.
    pub straps: Option<Color>,
}

impl Default for Clothes {
    fn default() -> Self {
        Self {
            top: Garment::default(),
            sleeves: Sleeves::default(),
            gloves: None,
            cut: Bottom::default(),
            bottom: Garment::default(),
            stockings: None,
            shoes: brown_leather(),
            belt: None,
            straps: None,
        }
    }
}

/// One piece of clothing.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Garment {
    /// Color.
    pub color: Color,
    /// Color of spots.
    pub spots: Option<Color>,
    /// Color of stripes across.
    pub stripes: Option<Color>,
    /// Color of the hem or the far end.
    pub trim: Option<Color>,
}

impl Garment {
    /// A garment of one color.
    #[must_use]
    pub fn plain(color: Color) -> Self {
        Self { color, spots: None, stripes: None, trim: None }
    }
}

impl Default for Garment {
    fn default() -> Self {
        Self::plain(Color::new(0.93, 0.92, 0.9))
    }
}

/// Sleeve length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sleeves {
    /// Bare arms.
    None,
    /// To the elbow.
    #[default]
    Short,
    /// Short and puffed.
    Puffed,
    /// To the wrist.
    Long,
    /// Wide at the wrist, like wings.
    Wide,
}

/// Cut of the lower garment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bottom {
    /// A flared skirt.
    #[default]
    Skirt,
    /// A pleated skirt.
    Pleats,
    /// Short trousers.
    Shorts,
    /// Long trousers.
    Trousers,
    /// A bathing suit: no legs, a short frill.
    Frill,
    /// A long dress.
    Dress,
}

/// The tail.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// Shape.
    #[serde(default)]
    pub kind: TailKind,
    /// Color.
    pub color: Color,
    /// Color of rings.
    pub rings: Option<Color>,
    /// Color of the tip.
    pub tip: Option<Color>,
}

/// Shapes of tails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TailKind {
    /// Of even thickness.
    #[default]
    Cat,
    /// Thick in the middle.
    Bushy,
    /// Thick at the root, pointed at the end.
    Tapered,
    /// A fan of feathers.
    Feathers,
}

fn brown_leather() -> Color {
    Color::new(0.42, 0.27, 0.15)
}
