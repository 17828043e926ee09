//! The front hair: crown, fringe, the marks on it and the gloss.

use super::contour::{Contour, blob, line_through};
use super::figure::Figure;
use super::marks;
use super::pen::{Ink, Pen};
use crate::character::Fringe;
use crate::color::Color;
use crate::geometry::Point;
use crate::scene::Shading;

/// The lower edge from the right temple to the left: strand tips and the notches between them in
/// turn, as seen from the front. It starts and ends with a tip.
#[rustfmt::skip]
fn edge(fringe: Fringe) -> &'static [Point] {
    match fringe {
        Fringe::Jagged => &[
            (0.90, 0.34), (0.70, -0.08), (0.56, 0.10), (0.40, -0.16), (0.20, 0.12), (0.04, -0.14),
            (-0.16, 0.10), (-0.34, -0.16), (-0.52, 0.12), (-0.70, -0.08), (-0.90, 0.34),
        ],
        Fringe::Centre => &[
            (0.90, 0.38), (0.70, -0.06), (0.52, 0.06), (0.26, -0.26), (0.02, 0.30),
            (-0.24, -0.26), (-0.50, 0.06), (-0.70, -0.06), (-0.90, 0.38),
        ],
        Fringe::Blunt => &[
            (0.90, 0.10), (0.62, -0.03), (0.40, 0.00), (0.20, -0.03), (0.00, 0.00), (-0.20, -0.03),
            (-0.40, 0.00), (-0.62, -0.03), (-0.90, 0.10),
        ],
        Fringe::Parted => &[
            (0.90, 0.42), (0.74, -0.02), (0.58, 0.10), (0.38, -0.22), (0.26, -0.02), (0.10, -0.52),
            (-0.20, 0.02), (-0.36, -0.22), (-0.54, 0.12), (-0.72, -0.02), (-0.90, 0.42),
        ],
        Fringe::Swept => &[
            (0.90, 0.40), (0.78, -0.10), (0.70, -0.02), (0.50, -0.42), (0.02, 0.04), (-0.12, -0.14),
            (-0.36, 0.14), (-0.50, -0.06), (-0.68, 0.20), (-0.78, 0.04), (-0.92, 0.46),
        ],
        Fringe::Beak => &[
            (0.92, 0.40), (0.80, 0.02), (0.62, 0.16), (0.44, 0.02), (0.00, 0.50), (-0.40, 0.02),
            (-0.60, 0.16), (-0.80, 0.02), (-0.92, 0.40),
        ],
        Fringe::Open => &[
            (0.92, 0.30), (0.62, -0.42), (0.00, -0.62), (-0.62, -0.42), (-0.92, 0.30),
        ],
    }
}

/// The fringe as this artist draws it.
fn shape(figure: &Figure<'_>) -> Fringe {
    let described = figure.character.hair.fringe;
    match described {
        Fringe::Blunt | Fringe::Beak | Fringe::Open => described,
        Fringe::Jagged | Fringe::Centre | Fringe::Parted | Fringe::Swept => {
            figure.scene.style.careless_fringe.unwrap_or(described)
        }
    }
}

/// Crown, fringe, marks and gloss.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    marks::behind(pen, figure);
    let path = outline(figure);
    shadow(pen, figure);
    let ink = super::hair::hair_ink(hair.color, hair.fringe_fade, -1.2, 0.2);
    pen.fill(path.clone(), ink.lined(0.0));
    marks::before(pen, figure);
    creases(pen, figure);
    if pen.style().gloss {
        gloss(pen, figure);
    }
    pen.fill(path, Ink::outline(hair.color));
}

/// The crown and fringe as one shape.
fn outline(figure: &Figure<'_>) -> Option<tiny_skia::Path> {
    let hair = &figure.character.hair;
    let volume = hair.volume;
    let top = |x: f32, y: f32| (x * volume, y);
    let mut tips: Vec<Point> = edge(shape(figure))
        .iter()
        .map(|&(x, y)| figure.view.on_skull(x * 1.06, y + figure.scene.style.fringe))
        .collect();
    figure.unsteady(1, &mut tips);
    let (first, rest) = tips.split_first()?;
    let last = *tips.last()?;
    let bend = match shape(figure) {
        Fringe::Blunt => 0.0,
        Fringe::Open => 0.1,
        _ => 0.07,
    };
    let crown = Contour::from(last).through(&[
        top(-0.97, -0.3),
        top(-0.84, -0.82),
        top(-0.45, -1.16),
        top(0.0, -1.24),
        top(0.45, -1.16),
        top(0.84, -0.82),
        top(0.97, -0.3),
        *first,
    ]);
    let fringe = rest.iter().enumerate().fold(crown, |contour, (index, &point)| {
        // Strands lean away from the middle: the side that faces outwards is the fuller one.
        let to_notch = index % 2 == 0;
        let fuller = to_notch == (point.0 > 0.0);
        contour.bow(point, if fuller { bend } else { -0.4 * bend })
    });
    fringe.close()
}

/// The shadow that the fringe casts on the face.
fn shadow(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    if pen.style().shading == Shading::Flat || shape(figure) == Fringe::Open {
        return;
    }
    // The face reaches to the temples, so the shadow keeps clear of the outermost strands.
    let skin = figure.character.skin;
    let tips = edge(shape(figure));
    let inner = &tips[1..tips.len() - 1];
    let place = |x: f32, y: f32| figure.view.on_skull(x, y + figure.scene.style.fringe);
    let start = inner.first().map_or((0.7, 0.0), |&(x, _)| place(x, -0.4));
    let contour = inner
        .iter()
        .fold(Contour::from(start), |contour, &(x, y)| contour.line(place(x, y + 0.10)));
    let end = inner.last().map_or((-0.7, 0.0), |&(x, _)| place(x, -0.4));
    let ink = Ink::detail(skin.shadowed()).opacity(0.3 + 0.5 * pen.style().shade);
    pen.fill(contour.line(end).close(), ink);
}

/// A few lines that continue the notches upwards.
fn creases(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let hair = &figure.character.hair;
    let drop = figure.scene.style.fringe;
    let notches = edge(shape(figure)).iter().skip(1).step_by(2);
    for &(x, y) in notches {
        let rise = if shape(figure) == Fringe::Blunt { 0.42 } else { 0.2 };
        let from = figure.view.on_skull(x * 1.06, y + drop);
        let to = figure.view.on_skull(x * 0.98, y + drop - rise);
        pen.crease(line_through(&[from, to]), hair.color, 0.5);
    }
}

/// The shine on smooth hair.
fn gloss(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let light = figure.character.hair.color.mix(Color::WHITE, 0.55);
    for (x, width) in [(-0.52, 0.16), (-0.24, 0.07), (0.44, 0.10)] {
        let arc = blob(&[
            figure.view.on_skull(x - width, -0.62),
            figure.view.on_skull(x, -0.72),
            figure.view.on_skull(x + width, -0.70),
            figure.view.on_skull(x, -0.62),
        ]);
        pen.fill(arc, Ink::detail(light).opacity(0.75));
    }
}
