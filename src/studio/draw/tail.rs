//! Tails, behind the body.

use super::build::Build;
use super::contour::{Contour, blob, line_through};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::TailKind;
use crate::geometry::{Point, between};

/// The tail, sticking out to the right.
pub(super) fn draw(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let Some(tail) = figure.character.tail else {
        return;
    };
    let build = Build::of(figure);
    let reach = 1.15 + (build.sole - build.hip) * 0.25;
    let root = (0.1, build.hip);
    if tail.kind == TailKind::Feathers {
        for lean in [-0.25, 0.0, 0.25] {
            let (x, y) = (root.0 + lean + 0.3, root.1 + reach);
            let feather =
                blob(&[root, (x - 0.12, y - reach * 0.4), (x, y), (x + 0.16, y - reach * 0.4)]);
            let ink = Ink::new(tail.color).fading(
                tail.tip.unwrap_or(tail.color),
                (0.0, root.1),
                (0.0, y),
            );
            pen.fill(feather, ink);
        }
        return;
    }
    let spine: [Point; 4] = [
        root,
        (root.0 + reach * 0.55, root.1 + 0.26),
        (root.0 + reach, root.1 - 0.05),
        (root.0 + reach * 1.1, root.1 - reach * 0.55),
    ];
    let thick = match tail.kind {
        TailKind::Cat => [0.11, 0.13, 0.14, 0.12],
        TailKind::Bushy => [0.10, 0.26, 0.32, 0.13],
        TailKind::Tapered => [0.24, 0.19, 0.12, 0.02],
        TailKind::Feathers => [0.0; 4],
    };
    let side = |sign: f32| {
        let mut points = [(0.0, 0.0); 4];
        for (index, point) in points.iter_mut().enumerate() {
            let (x, y) = spine[index];
            // Across the direction in which the spine runs here.
            let (before, after) = (spine[index.saturating_sub(1)], spine[(index + 1).min(3)]);
            let (dx, dy) = (after.0 - before.0, after.1 - before.1);
            let reach = sign * thick[index] / (dx * dx + dy * dy).sqrt();
            *point = (x - dy * reach, y + dx * reach);
        }
        points
    };
    let (upper, mut lower) = (side(-1.0), side(1.0));
    lower.reverse();
    // The end is rounded off beyond the last point of the spine.
    let end = (spine[3].0 + thick[3] * 0.1, spine[3].1 - thick[3] * 1.1);
    let outline = Contour::from(upper[0]).through(&[&upper[1..], &[end], &lower].concat()).close();
    let ink = match tail.tip {
        Some(tip) => Ink::new(tail.color).fading(
            tip,
            between(spine[2], spine[3], 0.2),
            between(spine[2], spine[3], 0.4),
        ),
        None => Ink::new(tail.color),
    };
    pen.fill(outline, ink);
    if let Some(rings) = tail.rings {
        lower.reverse();
        for (first, second, share) in
            [(0, 1, 0.7), (1, 2, 0.2), (1, 2, 0.8), (2, 3, 0.3), (2, 3, 0.75)]
        {
            // The ends stay inside, so that the round line ends do not stick out.
            let above = between(upper[first], upper[second], share);
            let below = between(lower[first], lower[second], share);
            let ring = line_through(&[between(above, below, 0.2), between(above, below, 0.8)]);
            pen.stroke(ring, rings, 0.1);
        }
    }
}
