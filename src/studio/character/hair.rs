//! Hair: color, cut, fringe and marks.

use serde::Deserialize;

use super::factor::one;
use crate::color::Color;

/// A second color that the first fades into.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fade {
    /// The color at the far end.
    pub color: Color,
    /// Where the fading begins, as a share of the way (0 root, 1 tip).
    #[serde(default = "half")]
    pub from: f32,
    /// Where only the second color is left.
    #[serde(default = "one")]
    pub to: f32,
}

fn half() -> f32 {
    0.5
}

/// The hair.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hair {
    /// Main color.
    pub color: Color,
    /// Color at the tips of the back hair.
    pub tips: Option<Fade>,
    /// Overall shape of the back hair.
    #[serde(default)]
    pub cut: Cut,
    /// How far the back hair hangs below the middle of the head.
    #[serde(default = "one")]
    pub length: f32,
    /// Half the width of the hair at the temples.
    #[serde(default = "usual_volume")]
    pub volume: f32,
    /// Shape of the lower edge.
    #[serde(default)]
    pub ends: Ends,
    /// Shape of the fringe.
    #[serde(default)]
    pub fringe: Fringe,
    /// Color of the lower fringe, into which the hair color fades; the same color if missing.
    pub fringe_fade: Option<Fade>,
    /// Two locks in front of the ears.
    pub locks: Option<Locks>,
    /// Marks painted on the front hair.
    #[serde(default)]
    pub marks: Vec<Mark>,
}

fn usual_volume() -> f32 {
    1.1
}

/// Overall shape of the back hair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// Rounded, turning inwards at the bottom.
    #[default]
    Bob,
    /// Close to the head.
    Short,
    /// Falling straight.
    Long,
    /// Widening to the bottom in waves.
    Wavy,
    /// Two tails from above the ears.
    HighTails,
    /// Two tails from below the ears.
    LowTails,
    /// One tail behind.
    Ponytail,
    /// Two knots on top.
    Buns,
}

/// Shape of the lower edge of the hair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// Pointed strands.
    #[default]
    Pointed,
    /// Cut straight.
    Blunt,
    /// Soft round curls.
    Curled,
    /// Many short, rough points, as fur.
    Shaggy,
}

/// Shape of the fringe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fringe {
    /// Strands of even length.
    #[default]
    Jagged,
    /// One longer strand between the eyes.
    Centre,
    /// Cut straight above the eyes.
    Blunt,
    /// Parted in the middle.
    Parted,
    /// Swept to one side.
    Swept,
    /// A deep point down to the nose that hides the brows.
    Beak,
    /// No fringe: the forehead is free.
    Open,
}

/// Two locks in front of the ears.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locks {
    /// Color; the hair color if missing.
    pub color: Option<Color>,
    /// Color at the tips.
    pub tips: Option<Fade>,
    /// How far they hang below the middle of the head.
    #[serde(default = "one")]
    pub length: f32,
    /// Width of one lock at its widest.
    #[serde(default = "lock_width")]
    pub width: f32,
}

fn lock_width() -> f32 {
    0.34
}

/// A mark on the front hair.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Which mark.
    pub kind: MarkKind,
    /// Its color.
    pub color: Color,
}

/// Marks that animal hair carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// An M above the forehead, as cats have.
    Em,
    /// A cap of another color over the crown.
    Crown,
    /// Two pale bands with a dark wedge between them, over the forehead.
    Mask,
    /// A patch on either side above the eyes.
    Patches,
    /// One broad streak on the left.
    Streak,
    /// Several thin streaks.
    Stripes,
    /// A small dot in the middle of the fringe.
    Dot,
    /// Long dark strands that stick out beside the face.
    Whiskers,
    /// Two strokes that slant down to the nose, as of a stern look.
    Brows,
    /// A white parting line along the crown.
    Parting,
}
