//! The hair behind the face and the locks in front of the ears.

use tiny_skia::Path;

use super::contour::{Contour, blob, line_through};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{Cut, Ends, Fade};
use crate::color::Color;
use crate::geometry::{Point, between};

/// Ink for hair that hangs from `top` to `bottom`, with the tips in a second color.
pub(super) fn hair_ink(color: Color, tips: Option<Fade>, top: f32, bottom: f32) -> Ink {
    let ink = Ink::new(color);
    match tips {
        Some(fade) => {
            let at = |share: f32| (0.0, top + (bottom - top) * share);
            ink.fading(fade.color, at(fade.from), at(fade.to.max(fade.from + 0.01)))
        }
        None => ink,
    }
}

/// The back hair, with tails and knots.
pub(super) fn back(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    tails(pen, figure);
    let length = hair.length * figure.scene.style.hair;
    let volume = hair.volume;
    // Width at the cheeks and at the lower edge, as factors on the volume.
    let (cheek, hem) = match hair.cut {
        Cut::Bob => (1.14, 1.02),
        Cut::Short | Cut::Buns | Cut::Ponytail | Cut::HighTails | Cut::LowTails => (1.0, 0.86),
        Cut::Long => (1.04, 1.10),
        Cut::Wavy => (1.10, 1.28),
    };
    // The back of the head moves against the turn of the face.
    let middle = figure.view.at(0.0, 0.0, -0.2).0;
    let point = |x: f32, y: f32| (middle + x * volume, y);
    let (left, right) = (point(-hem, length), point(hem, length));
    let over_the_crown = Contour::from(left).through(&[
        point(-cheek, length * 0.5),
        point(-1.0, -0.2),
        point(-0.86, -0.82),
        point(-0.46, -1.17),
        point(0.0, -1.26),
        point(0.46, -1.17),
        point(0.86, -0.82),
        point(1.0, -0.2),
        point(cheek, length * 0.5),
        right,
    ]);
    let outline = hem_edge(over_the_crown, figure, hair.ends, right, left).close();
    let color = hair.color.mix(hair.color.shadowed(), 0.45);
    pen.fill(outline, hair_ink(color, hair.tips, -0.9, length));
    if pen.style().line < 0.06 {
        for x in [-0.88, -0.72, 0.72, 0.88] {
            let (root, tip) = (point(x * cheek, 0.3), point(x * hem * 1.05, length * 0.85));
            pen.crease(line_through(&[root, tip]), hair.color, 0.6);
        }
    }
}

/// The lower edge of the back hair from `right` to `left`.
fn hem_edge(
    mut contour: Contour,
    figure: &Figure<'_>,
    ends: Ends,
    right: Point,
    left: Point,
) -> Contour {
    let (strands, rise, bulge) = match ends {
        // Thick lines leave room for fewer strands.
        Ends::Pointed if figure.scene.style.line > 0.06 => (5_u8, 0.22, 0.12),
        Ends::Pointed => (7, 0.20, 0.12),
        Ends::Blunt => (6, 0.02, 0.0),
        Ends::Curled => (6, 0.10, -0.35),
        Ends::Shaggy => (12, 0.13, 0.05),
    };
    for strand in 0..strands {
        let share = |part: f32| (f32::from(strand) + part) / f32::from(strands);
        let wobble = figure.wobble(900 + usize::from(strand)) * 2.0;
        let notch = between(right, left, share(0.42));
        let tip = between(right, left, share(1.0));
        let last = strand + 1 == strands;
        let drop = match ends {
            _ if last => 0.0,
            Ends::Blunt => wobble,
            _ => 0.06 + wobble,
        };
        contour = contour.bow((notch.0, notch.1 - rise), bulge).bow((tip.0, tip.1 + drop), -bulge);
    }
    contour
}

/// Tails and knots of tied hair.
fn tails(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    let end = hair.length * figure.scene.style.hair + 0.9;
    let ink = hair_ink(hair.color, hair.tips, -0.6, end - 0.3);
    for sign in [-1.0, 1.0] {
        match hair.cut {
            Cut::HighTails => pen.fill(tail(sign, (0.85, -0.6), 0.62, end), ink),
            Cut::LowTails => pen.fill(tail(sign, (0.75, 0.55), 0.45, end), ink),
            Cut::Ponytail if sign > 0.0 => pen.fill(tail(sign, (0.35, -1.0), 1.05, end), ink),
            Cut::Buns => pen.fill(bun(sign), ink),
            Cut::Ponytail | Cut::Bob | Cut::Short | Cut::Long | Cut::Wavy => {}
        }
    }
}

/// A tail of hair that starts at `root` and swings `reach` outwards on its way down to `end`.
fn tail(sign: f32, root: Point, reach: f32, end: f32) -> Option<Path> {
    let drop = end - root.1;
    let at = |out: f32, down: f32| (sign * (root.0 + reach * out), root.1 + down);
    Contour::from(at(0.0, -0.12))
        .through(&[at(0.8, -0.05), at(1.2, drop * 0.5), at(0.8, drop)])
        .through(&[at(0.45, drop * 0.55), at(0.0, 0.2)])
        .close()
}

/// A knot of hair on top of the head.
fn bun(sign: f32) -> Option<Path> {
    blob(&[
        (sign * 0.45, -1.0),
        (sign * 0.62, -1.42),
        (sign * 1.02, -1.36),
        (sign * 1.12, -0.95),
        (sign * 0.8, -0.72),
    ])
}

/// The two locks in front of the ears.
pub(super) fn locks(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    let Some(locks) = hair.locks else { return };
    let length = locks.length * figure.scene.style.hair;
    let color = locks.color.unwrap_or(hair.color);
    let ink = hair_ink(color, locks.tips, -0.5, length);
    for (side, sign) in [-1.0, 1.0].into_iter().enumerate() {
        let wobble = |index: usize| figure.wobble(700 + side * 20 + index);
        // The lock grows at the temple, hangs beside the cheek and ends in two points.
        let inner = 0.96 - locks.width;
        let place =
            |x: f32, y: f32, depth: f32| figure.view.at(sign * x * hair.volume / 1.1, y, depth);
        // Its inner edge lies on the curved front of the face.
        let front = (1.0 - inner * inner).max(0.0).sqrt() * 0.8;
        let outline = Contour::from(place(inner + 0.02, -0.7, front))
            .through(&[
                place(1.02, -0.45, 0.1),
                place(1.06, length * 0.35, 0.12),
                place(0.98 + wobble(1), length, 0.15),
            ])
            .bow(place(inner + locks.width * 0.62, length - 0.24, 0.2), 0.04 * sign)
            .bow(place(inner + locks.width * 0.40 + wobble(2), length - 0.05, 0.2), 0.04 * sign)
            .through(&[
                place(inner - 0.03, length * 0.35, front * 0.9),
                place(inner, -0.25, front),
                place(inner + 0.02, -0.7, front),
            ])
            .close();
        pen.fill(outline, ink);
        if pen.style().line < 0.06 {
            let crease = line_through(&[
                place(inner + locks.width * 0.6, -0.1, 0.3),
                place(inner + locks.width * 0.62, length * 0.6, 0.2),
            ]);
            pen.crease(crease, color, 0.55);
        }
    }
}
