//! Marks on the front hair: what tells a serval from a fennec.

use super::contour::{Contour, line_through, strand};
use super::figure::{Figure, View};
use super::pen::{Ink, Pen};
use crate::character::{Mark, MarkKind};
use crate::color::Color;

/// Marks behind the fringe.
pub(super) fn behind(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    for mark in &figure.character.hair.marks {
        if mark.kind == MarkKind::Whiskers {
            whiskers(pen, &figure.view, mark.color);
        }
    }
}

/// Marks on the crown and fringe.
pub(super) fn before(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    let view = &figure.view;
    for &Mark { kind, color } in &hair.marks {
        match kind {
            MarkKind::Em => em(pen, view, color),
            MarkKind::Crown => crown(pen, figure, color),
            MarkKind::Mask => mask(pen, view, color, hair.color),
            MarkKind::Patches => patches(pen, view, color),
            MarkKind::Brows => brows(pen, view, color),
            MarkKind::Streak => wedge(pen, view, [-0.44, -0.40, -0.18], [-0.98, -0.02], color),
            MarkKind::Dot => wedge(pen, view, [-0.10, 0.0, 0.10], [-0.34, -0.08], color),
            MarkKind::Stripes => {
                for x in [-0.62, -0.22, 0.2, 0.6] {
                    wedge(pen, view, [x - 0.05, x + 0.02, x + 0.06], [-0.82, -0.12], color);
                }
            }
            MarkKind::Parting => {
                let line = [(0.0, -1.2), view.on_skull(0.02, -0.9), view.on_skull(0.0, -0.6)];
                pen.stroke(line_through(&line), color, 0.05);
            }
            MarkKind::Whiskers => {}
        }
    }
}

/// A pointed strand: left, tip and right in x; root and tip in y.
fn wedge(
    pen: &mut Pen<'_>,
    view: &View,
    [left, tip, right]: [f32; 3],
    [top, bottom]: [f32; 2],
    color: Color,
) {
    let path = strand(
        view.on_skull(left, top),
        view.on_skull(tip, bottom),
        view.on_skull(right, top),
        0.06,
    );
    pen.fill(path, Ink::detail(color));
}

/// An M of two arches, each of two leaves that meet at its top.
fn em(pen: &mut Pen<'_>, view: &View, color: Color) {
    let at = |x: f32, y: f32| view.on_skull(x, y);
    for sign in [-1.0, 1.0] {
        let inner = Contour::from(at(sign * 0.02, -0.42))
            .bow(at(sign * 0.15, -0.76), -0.10 * sign)
            .bow(at(sign * 0.02, -0.42), -0.16 * sign)
            .close();
        let outer = Contour::from(at(sign * 0.33, -0.40))
            .bow(at(sign * 0.13, -0.77), 0.20 * sign)
            .bow(at(sign * 0.33, -0.40), 0.08 * sign)
            .close();
        pen.fill(inner, Ink::detail(color));
        pen.fill(outer, Ink::detail(color));
    }
}

/// Another color on the crown that fades out towards the forehead.
fn crown(pen: &mut Pen<'_>, figure: &Figure<'_>, color: Color) {
    let at = |x: f32, y: f32| figure.view.on_skull(x, y);
    let hair = &figure.character.hair;
    let edge = |x: f32, y: f32| (x * hair.volume, y);
    let cap = Contour::from(edge(-0.90, -0.62))
        .through(&[
            edge(-0.78, -0.90),
            edge(-0.44, -1.15),
            edge(0.0, -1.23),
            edge(0.44, -1.15),
            edge(0.78, -0.90),
            edge(0.90, -0.62),
        ])
        .bow(at(0.36, -0.72), 0.06)
        .bow(at(0.0, -0.66), 0.06)
        .bow(at(-0.36, -0.72), 0.06)
        .bow(edge(-0.90, -0.62), 0.06)
        .close();
    let ink = Ink::detail(color).fading(hair.color, (0.0, -0.92), (0.0, -0.64));
    pen.fill(cap, ink);
}

/// Two pale bands over the forehead, a dark wedge between them and a pale point below.
fn mask(pen: &mut Pen<'_>, view: &View, pale: Color, dark: Color) {
    let at = |x: f32, y: f32| view.on_skull(x, y);
    let wedge = Contour::from(at(-0.26, -0.40))
        .bow((at(0.0, -1.0).0, -1.16), -0.08)
        .bow(at(0.26, -0.40), -0.08)
        .close();
    pen.fill(wedge, Ink::detail(dark));
    for sign in [-1.0, 1.0] {
        let band = Contour::from(at(sign * 0.07, -0.98))
            .bow(at(sign * 0.52, -0.76), 0.06 * sign)
            .bow(at(sign * 0.94, -0.26), 0.12 * sign)
            .bow(at(sign * 0.54, -0.54), -0.05 * sign)
            .bow(at(sign * 0.24, -0.44), -0.06 * sign)
            .bow(at(sign * 0.07, -0.98), -0.10 * sign)
            .close();
        pen.fill(band, Ink::detail(pale));
    }
    let point = strand(at(-0.08, -0.16), at(0.0, 0.08), at(0.08, -0.16), 0.1);
    pen.fill(point, Ink::detail(pale));
}

/// A leaf-shaped patch on either side above the eyes.
fn patches(pen: &mut Pen<'_>, view: &View, color: Color) {
    for sign in [-1.0, 1.0] {
        let at = |x: f32, y: f32| view.on_skull(sign * x, y);
        let patch = Contour::from(at(0.12, -0.54))
            .bow(at(0.24, -0.04), -0.10 * sign)
            .bow(at(0.36, -0.46), -0.06 * sign)
            .bow(at(0.12, -0.54), -0.16 * sign)
            .close();
        pen.fill(patch, Ink::detail(color));
    }
}

/// Two strokes that slant down to the nose.
fn brows(pen: &mut Pen<'_>, view: &View, color: Color) {
    for sign in [-1.0, 1.0] {
        let at = |x: f32, y: f32| view.on_skull(sign * x, y);
        let brow = strand(at(0.17, -0.06), at(0.46, -0.30), at(0.24, -0.17), -0.06 * sign);
        pen.fill(brow, Ink::detail(color));
    }
}

/// Dark strands that stick out beside the face.
fn whiskers(pen: &mut Pen<'_>, view: &View, color: Color) {
    for sign in [-1.0, 1.0] {
        for (length, drop) in [(0.62, 0.34), (0.52, 0.54)] {
            let root = |y: f32| view.at(sign * 0.86, y, 0.15);
            let (x, y) = root(-0.18);
            let end = (x + sign * length, y + drop);
            let hair = strand(root(-0.26), end, root(-0.08), -0.16 * sign);
            pen.fill(hair, Ink::new(color).unshaded().lined(0.6));
        }
    }
}
