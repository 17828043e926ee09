//! Small things worn on the head.

use super::contour::{Contour, blob, ellipse, line_through, polygon};
use super::figure::{Figure, View};
use super::pen::{Ink, Pen};
use crate::character::OrnamentKind;
use crate::color::Color;
use crate::geometry::{Point, sin_cos};

/// Ornaments that lie behind the hair.
pub(super) fn behind(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    for ornament in &figure.character.ornaments {
        match ornament.kind {
            OrnamentKind::Horns => horns(pen, ornament.color),
            OrnamentKind::Antlers => antlers(pen, ornament.color),
            _ => {}
        }
    }
}

/// Ornaments in front of the hair.
pub(super) fn before(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let view = &figure.view;
    for ornament in &figure.character.ornaments {
        let sign = ornament.side.sign();
        let color = ornament.color;
        // Where clips are worn: on the hair above the temple.
        let temple = view.on_skull(sign * 0.72, -0.66);
        match ornament.kind {
            OrnamentKind::Tassel => tassel(pen, view.at(sign * 0.98, 0.42, 0.1), color),
            OrnamentKind::Bow => bow(pen, temple, color),
            OrnamentKind::Flower => flower(pen, temple, color),
            OrnamentKind::Star => star(pen, temple, color),
            OrnamentKind::Pebble => pebble(pen, view.on_skull(0.05, -0.92), color),
            OrnamentKind::Glasses => glasses(pen, view, color),
            OrnamentKind::Eyepatch => eyepatch(pen, view, sign, color),
            OrnamentKind::Halo => halo(pen, color),
            OrnamentKind::Hairband => hairband(pen, color),
            OrnamentKind::Headphones => headphones(pen, color),
            OrnamentKind::Horns | OrnamentKind::Antlers => {}
        }
    }
}

fn horns(pen: &mut Pen<'_>, color: Color) {
    for sign in [-1.0, 1.0] {
        let horn = Contour::from((sign * 0.34, -1.0))
            .through(&[(sign * 0.62, -1.4), (sign * 0.62, -1.78)])
            .through(&[(sign * 0.92, -1.35), (sign * 0.76, -0.85)])
            .close();
        pen.fill(horn, Ink::new(color));
    }
}

fn antlers(pen: &mut Pen<'_>, color: Color) {
    for sign in [-1.0, 1.0] {
        let beam = [(sign * 0.42, -1.0), (sign * 0.62, -1.45), (sign * 1.0, -1.85)];
        pen.limb(line_through(&beam), color, 0.14);
        let twig = [(sign * 0.60, -1.42), (sign * 0.52, -1.85)];
        pen.limb(line_through(&twig), color, 0.12);
    }
}

/// A feather-shaped tassel that hangs from a wooden bead at `(x, y)`.
fn tassel(pen: &mut Pen<'_>, (x, y): Point, color: Color) {
    let bead = line_through(&[(x, y - 0.1), (x, y)]);
    pen.limb(bead, color.dimmed(0.45), 0.14);
    let feather = Contour::from((x - 0.06, y))
        .through(&[(x - 0.20, y + 0.42), (x, y + 0.98)])
        .through(&[(x + 0.21, y + 0.46), (x + 0.06, y)])
        .close();
    pen.fill(feather, Ink::new(color));
    let quill = line_through(&[(x, y + 0.1), (x, y + 0.68)]);
    pen.crease(quill, color, 0.5);
}

fn bow(pen: &mut Pen<'_>, (x, y): Point, color: Color) {
    for flip in [-1.0, 1.0] {
        let wing = Contour::from((x, y))
            .through(&[(x + flip * 0.34, y - 0.24), (x + flip * 0.36, y + 0.18)])
            .line((x, y))
            .close();
        pen.fill(wing, Ink::new(color));
    }
    pen.fill(ellipse((x, y), 0.09, 0.10), Ink::new(color));
}

fn flower(pen: &mut Pen<'_>, middle: Point, color: Color) {
    for petal in 0..5_u8 {
        let at = around(middle, 0.15, f32::from(petal) / 5.0);
        pen.fill(ellipse(at, 0.12, 0.12), Ink::new(color).unshaded());
    }
    let pollen = Color::new(0.98, 0.85, 0.35);
    pen.fill(ellipse(middle, 0.09, 0.09), Ink::detail(pollen));
}

fn star(pen: &mut Pen<'_>, middle: Point, color: Color) {
    let points: Vec<Point> = (0..10_u8)
        .map(|corner| {
            let radius = if corner % 2 == 0 { 0.24 } else { 0.10 };
            around(middle, radius, f32::from(corner) / 10.0)
        })
        .collect();
    pen.fill(polygon(&points), Ink::new(color));
}

/// The point on a circle `turn` turns clockwise from its top.
fn around(middle: Point, radius: f32, turn: f32) -> Point {
    let (right, up) = sin_cos(turn * std::f32::consts::TAU);
    (middle.0 + right * radius, middle.1 - up * radius)
}

fn pebble(pen: &mut Pen<'_>, (x, y): Point, color: Color) {
    let stone = blob(&[(x - 0.2, y), (x, y - 0.17), (x + 0.2, y), (x, y + 0.15)]);
    pen.fill(stone, Ink::new(color));
}

fn glasses(pen: &mut Pen<'_>, view: &View, color: Color) {
    let width = pen.style().line.max(0.04);
    for x in [-0.40, 0.40] {
        let rim = ellipse(view.on_skull(x, 0.27), 0.29 * view.width_at(x), 0.28);
        pen.stroke(rim, color, width);
    }
    let bridge = [-0.12, 0.12].map(|x| view.on_skull(x, 0.24));
    pen.stroke(line_through(&bridge), color, width);
}

fn eyepatch(pen: &mut Pen<'_>, view: &View, sign: f32, color: Color) {
    let (x, y) = view.on_skull(sign * 0.40, 0.26);
    let strap = [(x - 0.6 * sign, y - 0.5), (x + 0.5 * sign, y - 0.2)];
    pen.stroke(line_through(&strap), color, 0.06);
    let patch = ellipse((x, y), 0.26 * view.width_at(sign * 0.4), 0.28);
    pen.fill(patch, Ink::new(color));
}

fn halo(pen: &mut Pen<'_>, color: Color) {
    let ring = ellipse((0.0, -1.72), 0.62, 0.17);
    pen.stroke(ring.clone(), color.dimmed(0.6), 0.15);
    pen.stroke(ring, color, 0.09);
}

fn hairband(pen: &mut Pen<'_>, color: Color) {
    let band = [(-1.06, -0.30), (-0.80, -0.86), (0.0, -1.14), (0.80, -0.86), (1.06, -0.30)];
    pen.limb(line_through(&band), color, 0.15);
}

fn headphones(pen: &mut Pen<'_>, color: Color) {
    let band = [(-1.14, 0.1), (-1.0, -0.85), (0.0, -1.38), (1.0, -0.85), (1.14, 0.1)];
    pen.limb(line_through(&band), color.dimmed(0.6), 0.12);
    for sign in [-1.0, 1.0] {
        let shell = ellipse((sign * 1.12, 0.15), 0.2, 0.32);
        pen.fill(shell, Ink::new(color));
    }
}
