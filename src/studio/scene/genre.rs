//! The kinds of pictures that people send, and what is usual in each.

use rand::Rng;

use super::Scene;
use super::background::Background;
use super::mount::Mount;
use super::occlusion::Occlusion;
use super::pose::{Expression, EyePose, Framing, Mouth, Pose};
use super::style::{LineColor, Shading, Style};
use crate::color::Color;
use crate::degrade::Camera;
use crate::random::Dice;

impl Scene {
    /// A random picture of the kinds that people send: drawings, game sprites, icons, chat
    /// stickers, photographs of badges and stands. White and flat backgrounds are common.
    #[must_use]
    pub fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        let framing = match rng.whole(0, 99) {
            0..8 => Framing::Badge,
            8..50 => Framing::Head,
            50..82 => Framing::Bust,
            _ => Framing::Full,
        };
        let mut style = Style::sample(rng, framing);
        let background = Background::sample(rng);
        if background.is_pale() {
            // Without lines, white hair would melt into a white background.
            style.line = style.line.max(0.015);
        }
        let mut scene = Self {
            framing,
            pose: Pose::sample(rng, framing),
            expression: Expression::sample(rng),
            style,
            background,
            mount: None,
            occlusion: Occlusion::sample(rng),
            camera: Camera::sample(rng),
            seed: rng.next_u64(),
        };
        Genre::sample(rng).shape(&mut scene, rng);
        scene
    }
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Genre {
    /// A drawing before any background; the scene as it was sampled.
    Drawing,
    /// The whole figure, small-headed or not, mostly on white: game art.
    Sprite,
    /// The bare head in a ring: a profile picture.
    Icon,
    /// Thick brown lines of one width, a big head turned aside, lettering above: a chat sticker.
    Sticker,
    /// A photograph of a can badge.
    Badge,
    /// A photograph of an acrylic stand.
    Stand,
}

impl Genre {
    pub(crate) fn sample(rng: &mut (impl Rng + ?Sized)) -> Self {
        match rng.whole(0, 99) {
            0..58 => Self::Drawing,
            58..68 => Self::Sprite,
            68..80 => Self::Icon,
            80..90 => Self::Sticker,
            90..95 => Self::Badge,
            _ => Self::Stand,
        }
    }

    /// Bends a sampled scene to what is usual in this kind of picture.
    pub(crate) fn shape(self, scene: &mut Scene, rng: &mut (impl Rng + ?Sized)) {
        match self {
            Self::Drawing => {}
            Self::Sprite => {
                scene.framing = Framing::Full;
                scene.style.heads = rng.between(2.0, 3.8);
                scene.pose.roll = rng.approx_normal(6.0);
                scene.pose.margin = rng.between(0.0, 0.08);
                scene.style.line = rng.between(0.02, 0.06);
                clean(scene, rng);
            }
            Self::Icon => {
                scene.framing = Framing::Badge;
                scene.pose.margin = rng.between(0.1, 0.24);
                scene.style.line = rng.between(0.025, 0.06);
                scene.mount = Some(Mount::icon(rng));
                clean(scene, rng);
            }
            Self::Sticker => sticker(scene, rng),
            Self::Badge => {
                scene.framing = rng.pick(&[Framing::Full, Framing::Bust, Framing::Bust]);
                scene.style.border = rng.between(0.0, 0.02);
                scene.mount = Some(Mount::badge(rng));
                scene.background = Background::table(rng);
                photographed(scene, rng);
            }
            Self::Stand => {
                scene.framing = Framing::Full;
                scene.style.heads = rng.between(2.0, 3.5);
                scene.style.border = rng.between(0.02, 0.05);
                scene.pose.margin = rng.between(0.04, 0.12);
                scene.pose.roll = rng.approx_normal(3.0);
                scene.mount = Some(Mount::stand(rng));
                scene.background = Background::table(rng);
                photographed(scene, rng);
            }
        }
    }
}

fn sticker(scene: &mut Scene, rng: &mut (impl Rng + ?Sized)) {
    scene.framing = if rng.chance(0.8) { Framing::Head } else { Framing::Bust };
    scene.style.line = rng.between(0.05, 0.1);
    scene.style.line_color = if rng.chance(0.7) { LineColor::Brown } else { LineColor::Ink };
    scene.style.shading = Shading::Flat;
    scene.style.gloss = false;
    scene.style.roundness = rng.between(0.5, 1.0);
    scene.style.fringe = rng.between(0.0, 0.15);
    let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
    scene.pose.yaw = side * rng.between(5.0, 34.0);
    scene.pose.margin = rng.between(-0.06, 0.08);
    scene.pose.shift.1 = rng.between(0.02, 0.14);
    if rng.chance(0.7) {
        scene.expression.eyes =
            rng.pick(&[EyePose::Lines, EyePose::Lines, EyePose::Dots, EyePose::Smiling]);
        scene.expression.mouth =
            rng.pick(&[Mouth::Triangle, Mouth::Triangle, Mouth::Flat, Mouth::Laugh]);
    }
    clean(scene, rng);
    if rng.chance(0.75) {
        let color = if rng.chance(0.7) {
            Color::new(0.35, 0.22, 0.18)
        } else {
            Color::vivid(rng).dimmed(0.6)
        };
        let (top, letters) = (rng.between(0.01, 0.06), rng.between(0.07, 0.12));
        scene.occlusion = vec![Occlusion::Caption { top, letters, color, flanked: true }];
    }
}

/// A file that no camera has touched, mostly on white.
fn clean(scene: &mut Scene, rng: &mut (impl Rng + ?Sized)) {
    if rng.chance(0.75) {
        scene.background = Background::Flat(Color::WHITE);
        scene.style.line = scene.style.line.max(0.015);
    }
    if rng.chance(0.7) {
        scene.occlusion.clear();
    }
    if rng.chance(0.8) {
        let Camera { resolution, jpeg, .. } = scene.camera;
        scene.camera = Camera { resolution, jpeg, ..Camera::none() };
    }
}

/// A photograph of a thing: light from one side, a reflection, a little out of focus.
fn photographed(scene: &mut Scene, rng: &mut (impl Rng + ?Sized)) {
    scene.camera.light = rng.between(0.05, 0.5);
    scene.camera.contrast = rng.between(0.7, 1.05);
    scene.camera.noise = rng.between(0.0, 6.0);
    scene.camera.blur = rng.between(0.0, 0.005);
    let dark = rng.between(0.75, 1.05);
    for factor in &mut scene.camera.balance {
        *factor *= dark;
    }
    scene.occlusion = Vec::new();
    if rng.chance(0.5) {
        let at = (rng.between(0.1, 0.9), rng.between(0.1, 0.9));
        scene.occlusion.push(Occlusion::Glare { at, radius: rng.between(0.05, 0.3) });
    }
}
