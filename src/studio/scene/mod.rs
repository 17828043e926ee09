//! Everything about a picture except who is in it: framing, pose, style, surroundings, camera.

mod background;
mod genre;
mod mount;
mod occlusion;
mod pose;
mod style;

pub use background::Background;
pub use mount::Mount;
pub use occlusion::Occlusion;
pub use pose::{Expression, EyePose, Framing, Mouth, Pose};
pub use style::{LineColor, Palette, Shading, Style};

use crate::color::Color;
use crate::degrade::Camera;

/// A picture without its character.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// How much is shown.
    pub framing: Framing,
    /// Pose.
    pub pose: Pose,
    /// Expression.
    pub expression: Expression,
    /// Style.
    pub style: Style,
    /// What is behind the character.
    pub background: Background,
    /// What the character is printed on, if anything.
    pub mount: Option<Mount>,
    /// What is in front of it.
    pub occlusion: Vec<Occlusion>,
    /// What the camera, printer or network did to the picture.
    pub camera: Camera,
    /// Seed of the small irregularities: wobble, patterns, noise.
    pub seed: u64,
}

impl Scene {
    /// A clean picture: front view of head and chest, white background, no camera effects.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            framing: Framing::Bust,
            pose: Pose {
                yaw: 0.0,
                pitch: 0.0,
                roll: 0.0,
                mirrored: false,
                margin: 0.04,
                shift: (0.0, 0.0),
                arms: (0.0, 0.0),
                stride: 0.2,
            },
            expression: Expression {
                eyes: EyePose::Open,
                mouth: Mouth::Smile,
                brows: 0.0,
                blush: 0.4,
            },
            style: Style::plain(),
            background: Background::Flat(Color::WHITE),
            mount: None,
            occlusion: Vec::new(),
            camera: Camera::none(),
            seed: 0,
        }
    }
}
