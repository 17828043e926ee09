//! Points, extents and rotations, with arithmetic that is equal on every machine.

use tiny_skia::Transform;

pub(crate) use friends_core::geometry::Rect;

/// A point: x grows to the right, y grows downwards.
pub(crate) type Point = (f32, f32);

/// The smallest rectangle around the points seen so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    low: Point,
    high: Point,
}

impl Extent {
    pub(crate) const EMPTY: Self = Self { low: (f32::MAX, f32::MAX), high: (f32::MIN, f32::MIN) };

    /// Widens the extent to a disc around `point`.
    pub(crate) fn include(&mut self, point: Point, radius: f32) {
        self.low = (self.low.0.min(point.0 - radius), self.low.1.min(point.1 - radius));
        self.high = (self.high.0.max(point.0 + radius), self.high.1.max(point.1 + radius));
    }

    /// The rectangle; a zero rectangle if nothing was included.
    pub(crate) fn rect(&self) -> Rect {
        if self.low.0 > self.high.0 {
            return Rect::from_edges(0.0, 0.0, 0.0, 0.0);
        }
        Rect::from_edges(self.low.0, self.low.1, self.high.0, self.high.1)
    }
}

/// Sine and cosine of an angle in radians.
///
/// The standard library leaves the last bit to the platform; this polynomial does not. It is good
/// to 1e-5, far below a pixel.
pub(crate) fn sin_cos(radians: f32) -> (f32, f32) {
    use std::f32::consts::{FRAC_PI_2, PI, TAU};
    let wrapped = (radians + PI).rem_euclid(TAU) - PI;
    let sine = |angle: f32| {
        // Fold into a quarter turn, where the series converges quickly.
        let folded = if angle > FRAC_PI_2 {
            PI - angle
        } else if angle < -FRAC_PI_2 {
            -PI - angle
        } else {
            angle
        };
        let square = folded * folded;
        folded
            * (1.0
                - square / 6.0
                    * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))))
    };
    let shifted = wrapped + FRAC_PI_2;
    let shifted = if shifted > PI { shifted - TAU } else { shifted };
    (sine(wrapped), sine(shifted))
}

/// A clockwise rotation about the origin.
pub(crate) fn rotation(degrees: f32) -> Transform {
    let (sine, cosine) = sin_cos(degrees.to_radians());
    Transform::from_row(cosine, sine, -sine, cosine, 0.0, 0.0)
}

/// The point `share` of the way from `a` to `b`.
pub(crate) fn between(a: Point, b: Point, share: f32) -> Point {
    (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
}

/// Applies `transform` to one point.
pub(crate) fn mapped(transform: Transform, (x, y): Point) -> Point {
    let mut point = tiny_skia::Point::from_xy(x, y);
    transform.map_point(&mut point);
    (point.x, point.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sin_cos_agrees_with_the_standard_library() {
        for step in -200_i16..200 {
            let angle = f32::from(step) * 0.1;
            let (sine, cosine) = sin_cos(angle);
            assert!((sine - angle.sin()).abs() < 2e-5, "{angle}");
            assert!((cosine - angle.cos()).abs() < 2e-5, "{angle}");
        }
    }

    #[test]
    fn clipping_keeps_the_common_part() {
        let picture = Rect::from_edges(0.0, 0.0, 100.0, 50.0);
        let head = Rect::from_edges(-20.0, 10.0, 30.0, 80.0);
        assert_eq!(head.clipped_to(picture), Rect::from_edges(0.0, 10.0, 30.0, 50.0));
        let outside = Rect::from_edges(200.0, 10.0, 300.0, 80.0);
        assert!(picture.contains(outside.clipped_to(picture)));
    }
}
