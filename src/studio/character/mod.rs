//! What a character looks like: the description that `models/characters/*.toml` files hold.
//!
//! Lengths are in head radii (the skull is a circle of radius 1), angles in degrees, and sizes
//! without a unit are factors on the usual size, 1.0.

mod clothes;
mod factor;
mod hair;
mod head;
pub(crate) mod invent;

use serde::Deserialize;

use friends_core::model::Names;

pub use clothes::{Bottom, Clothes, Garment, Neckwear, NeckwearKind, Sleeves, Tail, TailKind};
pub use hair::{Cut, Ends, Fade, Fringe, Hair, Locks, Mark, MarkKind};
pub use head::{
    Crest, EarKind, Ears, EyeShape, Eyes, Hat, HatKind, Ornament, OrnamentKind, Side, WingKind,
    Wings,
};

use crate::color::Color;
use crate::error::StudioError;

/// A character: colors and parts, without pose, style or surroundings (those are a [`Scene`]).
///
/// [`Scene`]: crate::scene::Scene
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Character {
    /// Slug, the name of the class: `serval`.
    pub name: String,
    /// How the label is shown to people; invented characters have no such names.
    pub shown: Option<Names>,
    /// Skin color.
    #[serde(default = "light_skin")]
    pub skin: Color,
    /// Hair: color, cut, fringe, marks.
    pub hair: Hair,
    /// Eyes and brows.
    #[serde(default)]
    pub eyes: Eyes,
    /// Animal (or human) ears.
    pub ears: Option<Ears>,
    /// Wings on the head, as birds wear them.
    pub wings: Option<Wings>,
    /// A tuft standing up from the crown.
    pub crest: Option<Crest>,
    /// A hat, worn over everything else.
    pub hat: Option<Hat>,
    /// Small things worn on the head, drawn in order.
    #[serde(default)]
    pub ornaments: Vec<Ornament>,
    /// Things worn around the neck, drawn in order, the lowest first.
    #[serde(default)]
    pub neck: Vec<Neckwear>,
    /// Clothes, from the shoulders down.
    #[serde(default)]
    pub clothes: Clothes,
    /// Tail.
    pub tail: Option<Tail>,
}

impl Character {
    /// Reads a description.
    ///
    /// # Errors
    ///
    /// [`StudioError::Description`] if the text is not TOML, a field is missing or unknown, or a
    /// value is out of range; the message names the field.
    pub fn from_toml(text: &str) -> Result<Self, StudioError> {
        let character: Self = toml::from_str(text)?;
        character.check()?;
        Ok(character)
    }

    /// Refuses sizes that would make a part vanish or fill the picture.
    pub(crate) fn check(&self) -> Result<(), StudioError> {
        let within = |field: &'static str, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(StudioError::OutOfRange { field, value, low, high })
        };
        within("hair.length", self.hair.length, 0.3, 4.0)?;
        within("hair.volume", self.hair.volume, 0.9, 1.5)?;
        within("eyes.size", self.eyes.size, 0.4, 1.6)?;
        if let Some(locks) = &self.hair.locks {
            within("hair.locks.length", locks.length, 0.2, 4.0)?;
            within("hair.locks.width", locks.width, 0.1, 1.0)?;
        }
        if let Some(ears) = &self.ears {
            within("ears.size", ears.size, 0.3, 2.0)?;
        }
        if let Some(wings) = &self.wings {
            within("wings.size", wings.size, 0.3, 2.0)?;
        }
        if let Some(crest) = &self.crest {
            within("crest.size", crest.size, 0.3, 2.0)?;
            within("crest.strands", f32::from(crest.strands), 1.0, 7.0)?;
        }
        Ok(())
    }
}

fn light_skin() -> Color {
    Color::new(0.996, 0.906, 0.843)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest description.
    const PLAIN: &str = "name = \"plain\"\n[hair]\ncolor = \"#402010\"\n";

    #[test]
    fn missing_parts_have_defaults() {
        let character = Character::from_toml(PLAIN).unwrap();
        assert_eq!(character.hair.cut, Cut::Bob);
        assert_eq!(character.ears, None);
    }

    #[test]
    fn errors_name_the_field() {
        let cases = [
            ("[eyes]\ncolor = \"blue\"", "color"),
            ("[eyes]\nshape = \"square\"", "shape"),
            ("[ears]\nsize = 1.0", "kind"),
            ("[hat]\nkind = \"cap\"\ncolor = \"#ffffff\"\nbrim = 2", "brim"),
            ("[ears]\nkind = \"cat\"\nsize = 9.0", "ears.size"),
        ];
        for (addition, field) in cases {
            let error = Character::from_toml(&format!("{PLAIN}{addition}")).unwrap_err();
            assert!(error.to_string().contains(field), "{error}");
        }
    }

    #[test]
    fn the_seven_descriptions_are_valid() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/characters");
        for name in ["kaban", "serval", "raccoon", "fennec", "otter", "ibis", "shoebill"] {
            let text = std::fs::read_to_string(format!("{folder}/{name}.toml")).unwrap();
            let character = Character::from_toml(&text).unwrap();
            assert_eq!(character.name, name);
        }
    }
}
