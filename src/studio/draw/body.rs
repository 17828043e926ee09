//! The body: neck, limbs, and the order in which clothes lie on them.

use super::build::Build;
use super::clothes;
use super::contour::{line_through, polygon};
use super::figure::Figure;
use super::pen::{Ink, Pen};

/// Neck, limbs and clothes.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let build = Build::of(figure);
    let skin = figure.character.skin;
    let pose = &figure.scene.pose;
    for sign in [-1.0, 1.0] {
        let leg = build.leg_line(sign, pose.stride);
        pen.limb(line_through(&leg), skin, build.leg);
        clothes::leg(pen, figure, &build, leg);
    }
    let neck = 0.16 + 0.08 * figure.tallness();
    let neck = polygon(&[
        (-neck, 0.75),
        (neck, 0.75),
        (neck * 1.15, build.shoulder + 0.1),
        (-neck * 1.15, build.shoulder + 0.1),
    ]);
    pen.fill(neck, Ink::new(skin.mix(skin.shadowed(), 0.6)).unshaded());
    // Hanging arms lie behind the torso, raised ones in front.
    let hanging = |raised: f32| raised < 0.3;
    let arms = |pen: &mut Pen<'_>, behind: bool| {
        for (sign, raised) in [(-1.0, pose.arms.0), (1.0, pose.arms.1)] {
            if hanging(raised) == behind {
                let arm = build.arm_line(sign, raised);
                pen.limb(line_through(&arm), skin, build.arm);
                clothes::arm(pen, figure, &build, arm);
            }
        }
    };
    arms(pen, true);
    clothes::lower(pen, figure, &build);
    clothes::upper(pen, figure, &build);
    arms(pen, false);
}
