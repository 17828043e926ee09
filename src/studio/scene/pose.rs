//! How much of the character is shown, how it stands, and its expression.

use rand::Rng;

use crate::random::Dice;

/// How much of the character a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The head only, without neck and body, as on badges.
    Badge,
    /// The head fills the picture; the body is cut off below the shoulders.
    Head,
    /// Head and chest.
    Bust,
    /// The whole figure.
    Full,
}

/// Where the character looks and how it stands in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Turn of the head in degrees; positive looks to the right of the picture. `-35..=35`.
    pub yaw: f32,
    /// Nod of the head in degrees; positive looks down. `-15..=15`.
    pub pitch: f32,
    /// Tilt of the whole figure in degrees, clockwise.
    pub roll: f32,
    /// Whether the finished figure is flipped left to right.
    pub mirrored: bool,
    /// Free space around the framed part as a share of the picture; negative cuts into it.
    pub margin: f32,
    /// Shift from the middle, as shares of the picture's width and height.
    pub shift: (f32, f32),
    /// How far each arm is raised: 0 hangs, 1 points straight up. Left of the picture first.
    pub arms: (f32, f32),
    /// How far the legs stand apart, `0..=1`.
    pub stride: f32,
}

/// What the eyes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EyePose {
    /// Open.
    Open,
    /// Closed in a smile: two upward arcs.
    Smiling,
    /// Closed in sleep: two downward arcs.
    Asleep,
    /// Half closed.
    Sleepy,
    /// One open, one smiling.
    Wink,
    /// Plain upright lines, as on simple stickers.
    Lines,
    /// Plain upright ovals.
    Dots,
}

/// What the mouth does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouth {
    /// A curved line.
    Smile,
    /// Wide open, laughing.
    Laugh,
    /// A small open triangle.
    Triangle,
    /// A short straight line.
    Flat,
    /// A line bent down.
    Frown,
    /// A curled line, as a cat's.
    Cat,
    /// Small and round.
    Round,
}

/// The face of the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expression {
    /// Eyes.
    pub eyes: EyePose,
    /// Mouth.
    pub mouth: Mouth,
    /// Slant of the brows: -1 worried, 0 level, 1 angry.
    pub brows: f32,
    /// Strength of the blush, `0..=1`.
    pub blush: f32,
}

impl Pose {
    pub(super) fn sample(rng: &mut (impl Rng + ?Sized), framing: Framing) -> Self {
        let turned = rng.chance(0.65);
        let tilted = rng.chance(0.6);
        let margin = match framing {
            Framing::Badge => rng.between(0.02, 0.2),
            Framing::Head => rng.between(-0.06, 0.2),
            Framing::Bust | Framing::Full => rng.between(-0.03, 0.16),
        };
        Self {
            yaw: if turned { rng.approx_normal(15.0).clamp(-35.0, 35.0) } else { 0.0 },
            pitch: rng.approx_normal(4.0).clamp(-12.0, 12.0),
            roll: if tilted { rng.approx_normal(8.0) } else { 0.0 },
            mirrored: rng.chance(0.5),
            margin,
            shift: (rng.approx_normal(0.03), rng.approx_normal(0.03)),
            arms: (raised(rng), raised(rng)),
            stride: rng.between(0.0, 1.0),
        }
    }
}

/// How far an arm is raised: mostly hanging.
fn raised(rng: &mut (impl Rng + ?Sized)) -> f32 {
    if rng.chance(0.6) { rng.between(0.0, 0.25) } else { rng.between(0.25, 0.95) }
}

impl Expression {
    pub(super) fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        let eyes = match rng.whole(0, 99) {
            0..66 => EyePose::Open,
            66..74 => EyePose::Smiling,
            74..77 => EyePose::Asleep,
            77..83 => EyePose::Sleepy,
            83..87 => EyePose::Wink,
            87..95 => EyePose::Lines,
            _ => EyePose::Dots,
        };
        let mouth = rng.pick(&[
            Mouth::Smile,
            Mouth::Smile,
            Mouth::Laugh,
            Mouth::Laugh,
            Mouth::Triangle,
            Mouth::Flat,
            Mouth::Frown,
            Mouth::Cat,
            Mouth::Round,
        ]);
        Self {
            eyes,
            mouth,
            brows: rng.approx_normal(0.4).clamp(-1.0, 1.0),
            blush: rng.maybe(0.6, |rng| rng.between(0.2, 1.0)).unwrap_or(0.0),
        }
    }
}
