//! Eyes, lashes and brows.

use super::contour::{Contour, ellipse, line_through};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::EyeShape;
use crate::color::Color;
use crate::geometry::Point;
use crate::scene::EyePose;

/// Both eyes and both brows.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    for sign in [-1.0, 1.0] {
        let eye = Eye::new(figure, sign);
        let pose = match figure.scene.expression.eyes {
            EyePose::Wink if sign < 0.0 => EyePose::Open,
            EyePose::Wink => EyePose::Smiling,
            pose => pose,
        };
        match pose {
            EyePose::Open | EyePose::Wink => eye.open(pen, eye.lid),
            EyePose::Sleepy => eye.open(pen, eye.lid.max(0.42)),
            EyePose::Smiling => eye.closed(pen, 0.3),
            EyePose::Asleep => eye.closed(pen, -0.2),
            EyePose::Lines => eye.line(pen),
            EyePose::Dots => {
                let dot = ellipse(eye.middle, eye.half.0 * 0.45, eye.half.1 * 0.75);
                pen.fill(dot, Ink::detail(Color::INK));
            }
        }
        if !matches!(pose, EyePose::Lines | EyePose::Dots) {
            eye.brow(pen);
        }
    }
}

/// One eye: its place and its shape.
struct Eye<'a> {
    figure: &'a Figure<'a>,
    /// -1 for the left of the picture, +1 for the right; the outer corner lies that way.
    sign: f32,
    middle: Point,
    /// Half width and half height of the opening.
    half: (f32, f32),
    /// How far the upper lid is lowered, `0..1`.
    lid: f32,
    /// How far the outer corner is raised, in head radii.
    slant: f32,
    /// Size of the iris, 1 fills the height.
    iris: f32,
}

impl<'a> Eye<'a> {
    fn new(figure: &'a Figure<'a>, sign: f32) -> Self {
        let eyes = &figure.character.eyes;
        let size = eyes.size * figure.scene.style.eyes * (1.08 - 0.22 * figure.tallness());
        let x = sign * 0.40;
        let (lid, slant, iris) = match eyes.shape {
            EyeShape::Round => (0.0, 0.0, 1.0),
            EyeShape::Sharp => (0.12, 0.06, 0.92),
            EyeShape::Calm => (0.26, -0.01, 1.0),
            EyeShape::Glaring => (0.16, 0.05, 0.72),
        };
        Self {
            figure,
            sign,
            middle: figure.view.on_skull(x, 0.25),
            half: (0.19 * size * figure.view.width_at(x), 0.245 * size),
            lid,
            slant,
            iris,
        }
    }

    /// A point of the eye; x and y in half sizes, x positive towards the outer corner.
    fn at(&self, x: f32, y: f32) -> Point {
        (
            self.middle.0 + self.sign * x * self.half.0,
            self.middle.1 + y * self.half.1 - self.slant * x.max(-0.5),
        )
    }

    fn open(&self, pen: &mut Pen<'_>, lid: f32) {
        let color = self.figure.character.eyes.color;
        let top = -1.0 + 2.0 * lid;
        let lid_line = [
            self.at(-0.92, top * 0.45 + 0.1),
            self.at(-0.5, top * 0.88),
            self.at(0.3, top),
            self.at(0.9, top * 0.6),
            self.at(1.12, top * 0.1),
        ];
        let white = Contour::from(lid_line[0])
            .through(&lid_line[1..])
            .through(&[self.at(0.7, 0.85), self.at(0.0, 1.0), self.at(-0.7, 0.8), lid_line[0]])
            .close();
        pen.fill(white, Ink::detail(Color::WHITE));

        let (wide, tall) = (self.half.0 * 0.80 * self.iris, self.half.1 * 0.95 * self.iris);
        let glance = self.figure.view.yaw.0 * 0.05;
        let middle = (self.middle.0 - self.sign * 0.012 + glance, self.middle.1 - self.slant * 0.1);
        let (from, to) = ((0.0, middle.1 - tall), (0.0, middle.1 + tall * 0.7));
        let glossy = pen.style().gloss;
        let iris = if glossy {
            Ink::detail(color.dimmed(0.42)).fading(color.mix(Color::WHITE, 0.12), from, to)
        } else {
            Ink::detail(color.dimmed(0.9)).lined(0.4)
        };
        pen.fill(ellipse(middle, wide, tall), iris);
        pen.fill(ellipse(middle, wide * 0.45, tall * 0.48), Ink::detail(color.dimmed(0.22)));
        let shine = (middle.0 - wide * 0.35, middle.1 - tall * 0.45 + lid * tall * 0.9);
        pen.fill(ellipse(shine, wide * 0.34, tall * 0.26), Ink::detail(Color::WHITE));
        if glossy {
            let glint = (middle.0 + wide * 0.4, middle.1 + tall * 0.5);
            let glint = ellipse(glint, wide * 0.16, tall * 0.12);
            pen.fill(glint, Ink::detail(Color::WHITE));
        }

        // The lid hides the top of the iris.
        if top > -0.95 {
            let cover = Contour::from(lid_line[0])
                .through(&lid_line[1..])
                .line(self.at(1.2, -1.25))
                .line(self.at(-1.05, -1.25))
                .close();
            pen.fill(cover, Ink::detail(self.figure.character.skin));
        }
        self.lashes(pen, &lid_line);
    }

    /// The upper lid with its lashes, thickest towards the outer corner, and the lower lid.
    fn lashes(&self, pen: &mut Pen<'_>, lid_line: &[Point; 5]) {
        let weight = 0.035 + pen.style().line.min(0.06) * 0.6;
        let raised = |(x, y): Point, share: f32| (x, y - weight * share);
        let [inner, rise, top, fall, outer] = *lid_line;
        let flick = (outer.0 + self.sign * weight * 1.2, outer.1 - weight * 0.8);
        let lid = Contour::from(inner)
            .through(&[raised(rise, 0.7), raised(top, 1.1), raised(fall, 1.2), flick])
            .through(&[outer, (fall.0, fall.1 + weight * 0.3), top, rise, inner])
            .close();
        pen.fill(lid, Ink::detail(Color::INK));
        let lower = line_through(&[self.at(-0.35, 1.02), self.at(0.35, 1.03), self.at(0.75, 0.85)]);
        pen.stroke(lower, self.figure.character.skin.dimmed(0.45), weight * 0.3);
    }

    fn closed(&self, pen: &mut Pen<'_>, arch: f32) {
        let weight = pen.style().line.clamp(0.03, 0.07) * 1.3;
        let outer = self.at(1.0, 0.25);
        let arc = Contour::from(self.at(-1.0, 0.25)).bow(outer, arch * self.sign).open();
        pen.stroke(arc, Color::INK, weight);
    }

    fn line(&self, pen: &mut Pen<'_>) {
        let weight = pen.style().line.clamp(0.035, 0.08) * 1.1;
        let x = self.middle.0;
        let bar = line_through(&[
            (x, self.middle.1 - self.half.1 * 0.7),
            (x, self.middle.1 + self.half.1 * 0.8),
        ]);
        let ink = Color::new(0.24, 0.15, 0.13);
        pen.stroke(bar, ink, weight);
        // Calm and sharp eyes keep their lid as a bar across the top.
        if self.lid > 0.0 {
            let top = self.middle.1 - self.half.1 * 0.7;
            let lid = line_through(&[
                (x - self.half.0, top + self.slant * self.sign),
                (x + self.half.0, top - self.slant * self.sign),
            ]);
            pen.stroke(lid, ink, weight);
        }
    }

    fn brow(&self, pen: &mut Pen<'_>) {
        let hair = &self.figure.character.hair;
        let color = self.figure.character.eyes.brows;
        let color = color.unwrap_or_else(|| hair.color.dimmed(0.6));
        let anger = self.figure.scene.expression.brows + self.slant * 8.0;
        let height = -1.0 - 0.085 / self.half.1;
        let lift = anger.clamp(-1.2, 1.2) * 0.2;
        let brow = line_through(&[
            self.at(-0.75, height - 0.1 + lift),
            self.at(0.1, height - 0.28),
            self.at(0.95, height - lift),
        ]);
        pen.stroke(brow, color, pen.style().line.clamp(0.025, 0.045));
    }
}
