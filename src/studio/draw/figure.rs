//! The turned head and the character on it, in figure coordinates.

use crate::character::Character;
use crate::geometry::Point;
use crate::random::scatter;
use crate::scene::Scene;

/// How the head is turned.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Sine and cosine of the turn.
    pub(super) yaw: (f32, f32),
    /// Sine and cosine of the nod.
    pub(super) pitch: (f32, f32),
}

impl View {
    /// Where a point of the head appears; `depth` grows towards the viewer.
    pub(super) fn at(&self, x: f32, y: f32, depth: f32) -> Point {
        let ((sine, cosine), (nod_sine, nod_cosine)) = (self.yaw, self.pitch);
        let turned = depth * cosine - x * sine;
        (x * cosine + depth * sine, y * nod_cosine + turned * nod_sine)
    }

    /// Where a point on the front of the skull appears.
    pub(super) fn on_skull(&self, x: f32, y: f32) -> Point {
        let depth = (1.0 - x * x * 0.94).max(0.0).sqrt() * 0.82;
        self.at(x, y, depth)
    }

    /// How wide a small thing at `x` on the front of the skull appears, 1 seen from the front.
    pub(super) fn width_at(&self, x: f32) -> f32 {
        let depth = (1.0 - x * x * 0.94).max(0.05).sqrt();
        (self.yaw.1 - x / depth * self.yaw.0).clamp(0.45, 1.15)
    }
}

/// One character in one scene: what every part needs to know.
pub(super) struct Figure<'a> {
    pub(super) character: &'a Character,
    pub(super) scene: &'a Scene,
    pub(super) view: View,
}

impl Figure<'_> {
    /// The irregularity number `index` of the drawing hand, in head radii.
    pub(super) fn wobble(&self, index: usize) -> f32 {
        scatter(self.scene.seed, index as u64) * self.scene.style.wobble
    }

    /// `points` as an unsteady hand sets them.
    pub(super) fn unsteady(&self, salt: usize, points: &mut [Point]) {
        for (index, point) in points.iter_mut().enumerate() {
            let index = salt * 64 + index * 2;
            *point = (point.0 + self.wobble(index), point.1 + self.wobble(index + 1));
        }
    }

    /// How tall the figure is: 0 for chibi, 1 for grown-up proportions.
    pub(super) fn tallness(&self) -> f32 {
        ((self.scene.style.heads - 2.0) / 4.0).clamp(0.0, 1.0)
    }
}
