//! The costume studio: draws training pictures of characters from short descriptions.
//!
//! A [`Character`] (read from TOML, or invented by [`random_character`]) says who is drawn, a
//! [`Scene`] says how: framing, pose, style, background, camera. The same character, scene and size
//! give the same bytes on every machine. Photographs take part only where the operator names a
//! folder of them ([`photographed`]): then a character's costume is drawn onto a real face.
//!
//! ```text
//! models/characters/serval.toml ─► Character ─┐
//! seed ─► Scene::sample ──────────► Scene ────┴► render ─► picture, head box, face box
//!                                                 dress  ─► the same on a photographed face
//! ```

pub mod boxes;
mod canvas;
mod character;
mod color;
mod costume;
mod degrade;
mod draw;
mod error;
mod faces;
mod geometry;
mod group;
mod head_crop;
pub mod photographed;
mod random;
mod scene;
mod sheet;
mod stage;

pub use character::invent::{random_character, unknown_character};
pub use character::{
    Bottom, Character, Clothes, Crest, Cut, EarKind, Ears, Ends, EyeShape, Eyes, Fade, Fringe,
    Garment, Hair, Hat, HatKind, Locks, Mark, MarkKind, Neckwear, NeckwearKind, Ornament,
    OrnamentKind, Side, Sleeves, Tail, TailKind, WingKind, Wings,
};
pub use color::{Color, ColorError};
pub use costume::{dress, dress_in_photo, portrait};
pub use degrade::Camera;
pub use error::StudioError;
pub use faces::{FaceKind, FaceScene, face_scene};
pub use group::{Group, group};
pub use head_crop::head_crop;
pub use photographed::Wearer;
pub use scene::{
    Background, Expression, EyePose, Framing, LineColor, Mount, Mouth, Occlusion, Palette, Pose,
    Scene, Shading, Style,
};
pub use sheet::{sheet, wide};
pub use stage::{Rendered, render};
