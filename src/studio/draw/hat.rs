//! Hats.

use tiny_skia::Transform;

use super::contour::{Contour, blob, ellipse, line_through, polygon};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{Hat, HatKind};
use crate::color::Color;
use crate::geometry::{Point, rotation};

/// The parts of a hat that lie behind the head.
pub(super) fn behind(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let Some(hat) = &figure.character.hat else {
        return;
    };
    let far_side = match hat.kind {
        HatKind::Hood => blob(&[
            (-1.25, 0.4),
            (-1.22, -0.6),
            (-0.7, -1.3),
            (0.0, -1.5),
            (0.7, -1.3),
            (1.22, -0.6),
            (1.25, 0.4),
            (0.8, 1.1),
            (-0.8, 1.1),
        ]),
        HatKind::Safari => ellipse((0.0, -0.42), 1.38, 0.24),
        HatKind::Straw | HatKind::Witch => ellipse((0.0, -0.42), 1.7, 0.24),
        HatKind::Cap | HatKind::Beret | HatKind::Beanie | HatKind::Crown => None,
    };
    pen.fill(far_side, Ink::new(hat.color.shadowed()));
}

/// The hat itself.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let Some(hat) = &figure.character.hat else {
        return;
    };
    let band = hat.band.unwrap_or_else(|| hat.color.shadowed());
    let view = &figure.view;
    let place = Transform::from_translate(view.yaw.0 * 0.1, view.pitch.0 * 0.6);
    pen.within(place, |pen| {
        feathers(pen, hat);
        match hat.kind {
            HatKind::Safari => safari(pen, hat.color, band),
            HatKind::Cap => cap(pen, hat.color, band),
            HatKind::Witch => witch(pen, hat.color, band),
            HatKind::Beret => beret(pen, hat.color, band),
            HatKind::Beanie => beanie(pen, hat.color, band),
            HatKind::Crown => crown(pen, hat.color, band),
            HatKind::Straw => straw(pen, hat.color, band),
            HatKind::Hood => hood(pen, hat.color),
        }
    });
}

/// A dome: from `(-half, foot)` over `(±shoulder)` and the top to `(half, foot)`.
fn dome(half: f32, foot: f32, shoulder: Point, top: f32) -> Option<tiny_skia::Path> {
    Contour::from((-half, foot))
        .through(&[(-shoulder.0, shoulder.1), (0.0, top), shoulder, (half, foot)])
        .bow((-half, foot), 0.09)
        .close()
}

/// A line across the front of a hat.
fn band_line(half: f32, height: f32, bulge: f32) -> Option<tiny_skia::Path> {
    Contour::from((-half, height)).bow((half, height), bulge).open()
}

/// A sun helmet: a round ringed crown and a short brim with a hole on either side.
fn safari(pen: &mut Pen<'_>, color: Color, band: Color) {
    let crown = Contour::from((-1.10, -0.44))
        .through(&[
            (-1.05, -0.92),
            (-0.66, -1.42),
            (0.0, -1.60),
            (0.66, -1.42),
            (1.05, -0.92),
            (1.10, -0.44),
        ])
        .bow((-1.10, -0.44), 0.08)
        .close();
    pen.fill(crown, Ink::new(color));
    for lift in [0.16, 0.26, 0.36] {
        pen.crease(band_line(1.08, -0.44 - lift, 0.08), band, 0.7);
    }
    let brim = Contour::from((-1.46, -0.26))
        .through(&[(-0.9, -0.56), (0.0, -0.68), (0.9, -0.56), (1.46, -0.26)])
        .through(&[(0.8, -0.36), (0.0, -0.44), (-0.8, -0.36), (-1.46, -0.26)])
        .close();
    pen.fill(brim, Ink::new(color));
    for sign in [-1.0, 1.0] {
        let hole = ellipse((sign * 1.17, -0.375), 0.05, 0.035);
        pen.fill(hole, Ink::detail(Color::INK));
    }
}

fn cap(pen: &mut Pen<'_>, color: Color, band: Color) {
    pen.fill(dome(1.12, -0.42, (0.95, -1.05), -1.46), Ink::new(color));
    let peak = Contour::from((-0.85, -0.52))
        .bow((0.85, -0.52), 0.14)
        .through(&[(0.70, -0.24), (0.0, -0.16), (-0.70, -0.24), (-0.85, -0.52)])
        .close();
    pen.fill(peak, Ink::new(band));
}

fn witch(pen: &mut Pen<'_>, color: Color, band: Color) {
    let cone = polygon(&[(-0.95, -0.55), (-0.1, -2.3), (0.35, -2.15), (0.95, -0.55)]);
    pen.fill(cone, Ink::new(color));
    let brim =
        Contour::from((-1.75, -0.35)).bow((1.75, -0.35), 0.16).bow((-1.75, -0.35), -0.03).close();
    pen.fill(brim, Ink::new(color));
    pen.limb(band_line(0.95, -0.75, 0.12), band, 0.16);
}

fn beret(pen: &mut Pen<'_>, color: Color, band: Color) {
    let cloth = blob(&[
        (-1.2, -0.62),
        (-1.1, -1.2),
        (-0.1, -1.5),
        (0.9, -1.3),
        (1.08, -0.66),
        (0.0, -0.78),
    ]);
    pen.fill(cloth, Ink::new(color));
    pen.limb(line_through(&[(-0.1, -1.46), (-0.05, -1.62)]), band, 0.1);
}

fn beanie(pen: &mut Pen<'_>, color: Color, band: Color) {
    pen.fill(ellipse((0.0, -1.52), 0.24, 0.24), Ink::new(band));
    pen.fill(dome(1.12, -0.45, (1.0, -1.1), -1.45), Ink::new(color));
    pen.limb(band_line(1.05, -0.48, 0.08), band, 0.26);
}

fn crown(pen: &mut Pen<'_>, color: Color, jewel: Color) {
    let spikes = polygon(&[
        (-0.5, -1.0),
        (-0.62, -1.55),
        (-0.28, -1.28),
        (0.0, -1.68),
        (0.28, -1.28),
        (0.62, -1.55),
        (0.5, -1.0),
    ]);
    pen.fill(spikes, Ink::new(color));
    pen.fill(ellipse((0.0, -1.18), 0.09, 0.09), Ink::new(jewel));
}

fn straw(pen: &mut Pen<'_>, color: Color, band: Color) {
    pen.fill(dome(1.0, -0.55, (0.9, -1.15), -1.42), Ink::new(color));
    pen.limb(band_line(0.97, -0.68, 0.10), band, 0.2);
    let brim =
        Contour::from((-1.85, -0.38)).bow((1.85, -0.38), 0.12).bow((-1.85, -0.38), -0.02).close();
    pen.fill(brim, Ink::new(color));
}

fn hood(pen: &mut Pen<'_>, color: Color) {
    let rim = Contour::from((-1.18, 0.5))
        .through(&[
            (-1.24, -0.5),
            (-0.74, -1.3),
            (0.0, -1.52),
            (0.74, -1.3),
            (1.24, -0.5),
            (1.18, 0.5),
        ])
        .through(&[
            (0.98, -0.3),
            (0.56, -0.78),
            (0.0, -0.90),
            (-0.56, -0.78),
            (-0.98, -0.3),
            (-1.18, 0.5),
        ])
        .close();
    pen.fill(rim, Ink::new(color));
}

/// Feathers stuck behind the band, the first on the left, the second on the right.
fn feathers(pen: &mut Pen<'_>, hat: &Hat) {
    for (&color, sign) in hat.feathers.iter().zip([-1.0, 1.0]) {
        let place = Transform::from_translate(sign * 1.02, -0.48)
            .pre_concat(rotation(sign * 9.0))
            .pre_scale(sign, 1.12);
        pen.within(place, |pen| {
            // A broad vane with a slanted top and a notch in its outer side.
            let vane = Contour::from((-0.02, 0.0))
                .through(&[(-0.13, -0.45), (-0.12, -0.98), (0.10, -1.36)])
                .through(&[(0.19, -1.0), (0.18, -0.72)])
                .line((0.12, -0.66))
                .through(&[(0.17, -0.52), (0.10, -0.2), (-0.02, 0.0)])
                .close();
            let ink = Ink::new(color.dimmed(0.55)).fading(color, (0.0, -0.36), (0.0, -0.42));
            pen.fill(vane, ink);
            let quill = line_through(&[(0.0, -0.1), (0.02, -0.6), (0.06, -1.1)]);
            pen.crease(quill, color, 0.4);
        });
    }
}
