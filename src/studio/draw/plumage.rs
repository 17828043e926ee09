//! Head wings and crests.

use tiny_skia::Transform;

use super::contour::{Contour, strand};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{WingKind, Wings};
use crate::geometry::rotation;

/// The wings, if they are held as `kind`.
pub(super) fn wings(pen: &mut Pen<'_>, figure: &Figure<'_>, kind: WingKind) {
    let Some(wings) = figure.character.wings.filter(|wings| wings.kind == kind) else {
        return;
    };
    let root = match kind {
        WingKind::Raised => (0.72, -0.86),
        WingKind::Folded => (0.90, -0.72),
    };
    let size = wings.size * figure.scene.style.ears;
    for sign in [-1.0, 1.0] {
        let (x, y) = figure.view.at(sign * root.0, root.1, 0.0);
        let narrow = (1.0 - 0.4 * (sign * figure.view.yaw.0).max(0.0)).max(0.6);
        let place = Transform::from_translate(x, y).pre_scale(sign * size * narrow, size);
        pen.within(place, |pen| match kind {
            WingKind::Raised => raised(pen, figure, &wings),
            WingKind::Folded => folded(pen, figure, &wings),
        });
    }
}

/// A wing held up and out; the root is the origin and x points outwards.
fn raised(pen: &mut Pen<'_>, figure: &Figure<'_>, wings: &Wings) {
    let color = wings.color.unwrap_or(figure.character.hair.color);
    let tip = wings.tip.unwrap_or(color);
    pen.within(rotation(figure.wobble(500) * 250.0), |pen| {
        // An arm that rises and turns outwards, with four fingers of feathers on its lower side.
        let wing = Contour::from((-0.14, 0.10))
            .through(&[(-0.02, -0.42), (0.20, -0.82), (0.56, -0.98), (0.98, -0.92)])
            .through(&[(0.82, -0.74), (0.66, -0.68)])
            .line((0.92, -0.62))
            .through(&[(0.78, -0.46), (0.60, -0.42)])
            .line((0.82, -0.34))
            .through(&[(0.66, -0.20), (0.50, -0.18)])
            .line((0.66, -0.10))
            .through(&[(0.46, 0.04), (0.22, 0.20), (-0.14, 0.10)])
            .close();
        pen.fill(wing, Ink::new(color).fading(tip, (0.18, -0.30), (0.46, -0.62)));
        for (from, to) in [
            ((0.66, -0.68), (0.36, -0.62)),
            ((0.60, -0.42), (0.30, -0.40)),
            ((0.50, -0.18), (0.24, -0.18)),
        ] {
            pen.crease(Contour::from(from).line(to).open(), tip, 0.6);
        }
    });
}

/// A wing hanging down; the root is the origin and x points outwards.
fn folded(pen: &mut Pen<'_>, figure: &Figure<'_>, wings: &Wings) {
    let color = wings.color.unwrap_or(figure.character.hair.color);
    let tip = wings.tip.unwrap_or(color);
    for (x, length, width) in
        [(0.10, 1.85, 0.22), (0.26, 1.80, 0.22), (0.42, 1.62, 0.22), (0.56, 1.36, 0.20)]
    {
        let feather = Contour::from((x - width * 0.4, 0.5))
            .through(&[(x - width * 0.5 + 0.06, length * 0.75), (x + 0.10, length)])
            .through(&[(x + width * 0.6 + 0.06, length * 0.75), (x + width * 0.4, 0.5)])
            .close();
        let ink = Ink::new(tip).fading(tip.dimmed(0.8), (0.0, 0.6), (0.0, length));
        pen.fill(feather, ink.unshaded());
    }
    let cover = Contour::from((-0.16, 0.25))
        .through(&[(-0.18, -0.22), (0.06, -0.42), (0.34, -0.22), (0.58, 0.36), (0.66, 0.86)])
        .bow((0.48, 0.74), 0.1)
        .bow((0.40, 0.98), 0.1)
        .bow((0.26, 0.80), 0.1)
        .bow((0.14, 1.0), 0.1)
        .through(&[(0.0, 0.66), (-0.16, 0.25)])
        .close();
    pen.fill(cover, Ink::new(color).fading(tip, (0.0, 0.30), (0.0, 0.86)));
}

/// The tuft on the crown.
pub(super) fn crest(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let Some(crest) = figure.character.crest else {
        return;
    };
    let color = crest.color.unwrap_or(figure.character.hair.color);
    let size = crest.size * figure.scene.style.ears;
    let strands = crest.strands.clamp(1, 7);
    let middle = figure.view.at(0.0, -1.1, -0.2);
    if strands > 2 {
        // The strands grow out of a common stem.
        let stem = Contour::from((middle.0 - 0.42, middle.1 + 0.06))
            .through(&[
                (middle.0 - 0.17, middle.1 - 0.10),
                (middle.0 - 0.08, middle.1 - 0.30 * size),
            ])
            .line((middle.0 + 0.34, middle.1 - 0.28 * size))
            .through(&[(middle.0 + 0.26, middle.1 - 0.10), (middle.0 + 0.46, middle.1 + 0.06)])
            .close();
        pen.fill(stem, Ink::new(color).unshaded());
    }
    for index in 0..strands {
        // Spread evenly from the left to the right, the outer ones lower.
        let spread =
            if strands == 1 { 0.0 } else { f32::from(index) / f32::from(strands - 1) * 2.0 - 1.0 };
        let lean = spread * 0.30 + 0.14;
        let wobble = figure.wobble(520 + usize::from(index)) * 3.0;
        let height = size * (0.72 - 0.22 * spread * spread + wobble);
        let root = middle.0 + spread * 0.16;
        let path = strand(
            (root - 0.16, middle.1 + 0.1),
            (root + lean * size, middle.1 - height),
            (root + 0.16, middle.1 + 0.1),
            0.12,
        );
        pen.fill(path, Ink::new(color));
    }
}
