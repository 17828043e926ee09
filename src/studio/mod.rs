//! The costume studio: draws training pictures of characters from short descriptions.
//!
//! No real picture is involved. A [`Character`] (read from TOML, or invented by
//! [`random_character`]) says who is drawn, a [`Scene`] says how: framing, pose, style,
//! background, camera. The same character, scene and size give the same bytes on every machine.
//!
//! ```text
//! models/friends/serval.toml ─► Character ─┐
//! seed ─► Scene::sample ───────► Scene ────┴► render ─► picture, head box, face box
//! ```

mod background;
mod camera;
mod character;
mod colour;
mod cosplay;
mod draw;
mod easel;
mod genre;
mod geometry;
mod group;
mod jpeg;
mod mount;
mod occlusion;
mod random;
mod scene;
mod sheet;
mod stage;
mod stranger;
mod style;

pub use background::Background;
pub use camera::Camera;
pub use character::{
    Bottom, Character, Clothes, Crest, Cut, EarKind, Ears, Ends, EyeShape, Eyes, Fade, Fringe, Garment, Hair, Hat, HatKind,
    Locks, Mark, MarkKind, Neckwear, NeckwearKind, Ornament, OrnamentKind, Side, Sleeves, Tail, TailKind, WingKind, Wings,
};
pub use colour::{Colour, ColourError};
pub use cosplay::{Wearer, dress, portrait};
pub use geometry::Rect;
pub use group::{Group, group};
pub use mount::Mount;
pub use occlusion::Occlusion;
pub use scene::{Expression, EyePose, Framing, Mouth, Pose, Scene};
pub use sheet::sheet;
pub use stage::{Rendered, render};
pub use stranger::{random_character, stranger};
pub use style::{LineColour, Palette, Shading, Style};

/// Why a description was refused.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The text is not TOML, or a field is missing, unknown or of the wrong kind; the message
    /// quotes the line.
    #[error("invalid character description: {0}")]
    Description(#[from] toml::de::Error),
    /// A number is outside the range in which the part can be drawn.
    #[error("invalid character description: {field} is {value}, but must be {low} to {high}")]
    OutOfRange {
        /// Path of the field, such as `hair.length`.
        field: &'static str,
        /// The value found.
        value: f32,
        /// Smallest allowed value.
        low: f32,
        /// Largest allowed value.
        high: f32,
    },
}
