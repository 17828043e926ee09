//! Bows, collars, ties and scarves.

use super::build::Build;
use super::contour::{Contour, ellipse, line_through, polygon};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{Neckwear, NeckwearKind};
use crate::color::Color;
use crate::geometry::Point;

/// Places of the spots on the right half of a bow.
const BOW_SPOTS: [Point; 6] =
    [(0.22, 0.0), (0.34, -0.08), (0.36, 0.06), (0.48, 0.0), (0.46, 0.13), (0.27, 0.11)];

/// Everything around the neck, lowest first.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    if figure.scene.style.bare_neck {
        return;
    }
    let shoulder = Build::of(figure).shoulder;
    let size = 1.0 + 0.25 * figure.tallness();
    for wear in &figure.character.neck {
        let knot = Knot { shoulder, size };
        match wear.kind {
            NeckwearKind::Bow => knot.bow(pen, wear),
            NeckwearKind::Fur => knot.fur(pen, wear.color),
            NeckwearKind::Tie => knot.tie(pen, wear.color),
            NeckwearKind::Scarf => knot.scarf(pen, wear),
            NeckwearKind::Ribbon => knot.ribbon(pen, wear.color),
            NeckwearKind::Collar => knot.collar(pen, wear.color),
            NeckwearKind::Bell => knot.approx_normal(pen, wear),
        }
    }
}

/// Where things are tied: the middle of the neck at shoulder height.
struct Knot {
    shoulder: f32,
    size: f32,
}

impl Knot {
    fn at(&self, x: f32, y: f32) -> Point {
        (x * self.size, self.shoulder + y * self.size)
    }

    fn bow(&self, pen: &mut Pen<'_>, wear: &Neckwear) {
        let at = |x: f32, y: f32| self.at(x * 0.9, y * 0.95);
        let ink = Ink::new(wear.color);
        let dot = |pen: &mut Pen<'_>, x: f32, y: f32| {
            if let Some(spots) = wear.spots {
                let spot = ellipse(at(x, y), 0.034 * self.size, 0.031 * self.size);
                pen.fill(spot, Ink::detail(spots));
            }
        };
        let edge = wear.trim.unwrap_or(wear.color);
        for sign in [-1.0, 1.0] {
            let wing = Contour::from(at(0.0, 0.05))
                .through(&[at(sign * 0.34, -0.17), at(sign * 0.60, -0.10), at(sign * 0.58, 0.30)])
                .through(&[at(sign * 0.30, 0.24), at(0.0, 0.05)])
                .close();
            pen.fill(wing, ink.fading(edge, at(0.0, 0.14), at(0.0, 0.20)));
            for (x, y) in BOW_SPOTS {
                dot(pen, sign * x, y);
            }
        }
        pen.fill(ellipse(at(0.0, 0.05), 0.10 * self.size, 0.12 * self.size), ink);
        dot(pen, 0.0, 0.05);
    }

    fn fur(&self, pen: &mut Pen<'_>, color: Color) {
        let mut fur = Contour::from(self.at(-0.50, -0.14)).bow(self.at(0.50, -0.14), -0.10);
        let tufts = 7_u8;
        for tuft in 0..=tufts {
            let share = 1.0 - 2.0 * f32::from(tuft) / f32::from(tufts);
            let sag = 0.22 * (1.0 - share * share);
            fur = fur.bow(self.at(share * 0.58, 0.04 + sag), -0.30);
        }
        let fur = fur.bow(self.at(-0.50, -0.14), -0.2).close();
        pen.fill(fur, Ink::new(color));
    }

    fn tie(&self, pen: &mut Pen<'_>, color: Color) {
        let blade = [(-0.06, 0.14), (0.06, 0.14), (0.15, 0.66), (0.0, 0.80), (-0.15, 0.66)];
        let knot = [(-0.10, -0.02), (0.10, -0.02), (0.06, 0.14), (-0.06, 0.14)];
        pen.fill(polygon(&blade.map(|(x, y)| self.at(x, y))), Ink::new(color));
        pen.fill(polygon(&knot.map(|(x, y)| self.at(x, y))), Ink::new(color));
    }

    fn scarf(&self, pen: &mut Pen<'_>, wear: &Neckwear) {
        let ink = Ink::new(wear.color);
        let end = [(0.12, 0.12), (0.36, 0.08), (0.42, 0.72), (0.16, 0.76)];
        let end = polygon(&end.map(|(x, y)| self.at(x, y)));
        let trim = wear.trim.unwrap_or(wear.color);
        pen.fill(end, ink.fading(trim, self.at(0.0, 0.5), self.at(0.0, 0.55)));
        let band = Contour::from(self.at(-0.46, -0.18))
            .bow(self.at(0.46, -0.18), -0.12)
            .through(&[
                self.at(0.52, 0.04),
                self.at(0.0, 0.22),
                self.at(-0.52, 0.04),
                self.at(-0.46, -0.18),
            ])
            .close();
        pen.fill(band, ink);
    }

    fn ribbon(&self, pen: &mut Pen<'_>, color: Color) {
        let ink = Ink::new(color);
        let middle = self.at(0.0, 0.06);
        for sign in [-1.0, 1.0] {
            let tail = polygon(&[middle, self.at(sign * 0.12, 0.50), self.at(sign * 0.22, 0.44)]);
            pen.fill(tail, ink);
            let loop_ = Contour::from(middle)
                .bow(self.at(sign * 0.32, 0.0), 0.3 * sign)
                .bow(middle, 0.3 * sign)
                .close();
            pen.fill(loop_, ink);
        }
        pen.fill(ellipse(middle, 0.06 * self.size, 0.06 * self.size), ink);
    }

    fn collar(&self, pen: &mut Pen<'_>, color: Color) {
        for sign in [-1.0, 1.0] {
            let flap = polygon(&[
                self.at(sign * 0.22, -0.20),
                self.at(sign * 0.44, 0.04),
                self.at(sign * 0.22, 0.26),
                self.at(0.0, 0.04),
            ]);
            pen.fill(flap, Ink::new(color));
        }
    }

    fn approx_normal(&self, pen: &mut Pen<'_>, wear: &Neckwear) {
        let band = [(-0.22, -0.05), (0.0, 0.02), (0.22, -0.05)];
        let band = line_through(&band.map(|(x, y)| self.at(x, y)));
        pen.limb(band, wear.color, 0.10 * self.size);
        let bell = ellipse(self.at(0.0, 0.10), 0.10 * self.size, 0.10 * self.size);
        pen.fill(bell, Ink::new(wear.trim.unwrap_or(wear.color)));
    }
}
