//! The measures of a body: where shoulders, waist and feet are.

use super::figure::Figure;
use crate::geometry::{Point, between, sin_cos};

/// The measures of a body, in head radii.
pub(super) struct Build {
    /// Height of the shoulders, the waist, the hips and the soles.
    pub(super) shoulder: f32,
    pub(super) waist: f32,
    pub(super) hip: f32,
    pub(super) sole: f32,
    /// Half widths at shoulders, waist and hips.
    pub(super) shoulder_half: f32,
    pub(super) waist_half: f32,
    pub(super) hip_half: f32,
    /// Thickness of arms and legs.
    pub(super) arm: f32,
    pub(super) leg: f32,
    /// Length of one arm.
    reach: f32,
}

impl Build {
    pub(super) fn of(figure: &Figure<'_>) -> Self {
        let tall = figure.tallness();
        let sole = -1.2 + figure.scene.style.heads * 2.05;
        let length = sole - 0.95;
        Self {
            shoulder: 1.04 + 0.16 * tall,
            waist: 0.95 + 0.34 * length,
            hip: 0.95 + 0.46 * length,
            sole,
            shoulder_half: 0.44 + 0.42 * tall,
            waist_half: 0.36 + 0.22 * tall,
            hip_half: 0.44 + 0.30 * tall,
            arm: 0.22 + 0.08 * tall,
            leg: 0.27 + 0.14 * tall,
            reach: 0.44 * length,
        }
    }

    /// Shoulder, elbow and hand of one arm; `raised` is 0 hanging, 1 straight up.
    pub(super) fn arm_line(&self, sign: f32, raised: f32) -> [Point; 3] {
        let shoulder =
            (sign * (self.shoulder_half - self.arm * 0.35), self.shoulder + self.arm * 0.55);
        let bone = |from: Point, degrees: f32| {
            let (sine, cosine) = sin_cos(degrees.to_radians());
            (from.0 + sign * sine * self.reach * 0.5, from.1 + cosine * self.reach * 0.5)
        };
        let elbow = bone(shoulder, 12.0 + raised * 92.0);
        let hand = bone(elbow, 4.0 + raised * 180.0);
        [shoulder, elbow, hand]
    }

    /// Hip, knee and ankle of one leg.
    pub(super) fn leg_line(&self, sign: f32, stride: f32) -> [Point; 3] {
        let hip = (sign * self.hip_half * 0.48, self.hip);
        let ankle = (sign * (self.hip_half * 0.45 + stride * 0.3), self.sole - self.leg * 0.4);
        let knee = between(hip, ankle, 0.5);
        [hip, (knee.0 + sign * 0.02, knee.1), ankle]
    }
}
