//! Animal ears and human ears.

use tiny_skia::{Path, Transform};

use super::contour::{Contour, ellipse, line_through};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{EarKind, Ears};
use crate::geometry::{Point, rotation};

/// Where and how an ear of a kind grows.
struct Build {
    /// Place of the root on the right side of the head.
    root: Point,
    /// Outward lean in degrees.
    lean: f32,
    /// Width at the root and height.
    size: (f32, f32),
    /// Half outline for the right-hand side in units of width and height, root to tip.
    side: &'static [Point],
    /// Whether the tip is a corner.
    pointed: bool,
}

fn build(kind: EarKind) -> Option<Build> {
    let build = |root, lean, size, side, pointed| Build { root, lean, size, side, pointed };
    Some(match kind {
        EarKind::Cat => {
            build((0.66, -0.88), 20.0, (0.66, 0.78), &[(0.5, 0.2), (0.46, -0.25)], true)
        }
        EarKind::Tall => build(
            (0.37, -1.02),
            6.0,
            (0.72, 1.44),
            &[(0.42, 0.2), (0.53, -0.22), (0.48, -0.55), (0.25, -0.88)],
            false,
        ),
        EarKind::Huge => build(
            (0.78, -0.66),
            46.0,
            (0.98, 1.30),
            &[(0.36, 0.15), (0.57, -0.20), (0.50, -0.52), (0.26, -0.84)],
            true,
        ),
        EarKind::Round => build(
            (0.68, -0.90),
            22.0,
            (0.76, 0.72),
            &[(0.5, 0.2), (0.52, -0.35), (0.30, -0.84)],
            false,
        ),
        EarKind::Small => build(
            (0.92, -0.74),
            44.0,
            (0.48, 0.46),
            &[(0.5, 0.2), (0.54, -0.4), (0.30, -0.86)],
            false,
        ),
        EarKind::Rabbit => build(
            (0.40, -1.02),
            9.0,
            (0.46, 1.9),
            &[(0.40, 0.1), (0.52, -0.3), (0.56, -0.65), (0.34, -0.93)],
            false,
        ),
        EarKind::Floppy => build(
            (0.86, -0.70),
            152.0,
            (0.56, 1.05),
            &[(0.42, 0.1), (0.56, -0.35), (0.54, -0.7), (0.30, -0.95)],
            false,
        ),
        EarKind::Human => return None,
    })
}

impl Build {
    /// The ear's outline shrunk by `shrink` around a point low in its middle.
    fn outline(&self, shrink: f32, size: f32) -> Option<Path> {
        let (width, height) = (self.size.0 * size, self.size.1 * size);
        let place = |x: f32, y: f32| {
            let y = (y + 0.3) * shrink - 0.3;
            (x * shrink * width, y * height)
        };
        let right: Vec<Point> = self.side.iter().map(|&(x, y)| place(x, y)).collect();
        let left = self.side.iter().rev().map(|&(x, y)| place(-x, y));
        let tip = place(0.0, -1.0);
        let mut up = right[1..].to_vec();
        up.push(tip);
        let down: Vec<Point> = left.collect();
        let contour = Contour::from(right[0]);
        if self.pointed {
            contour.through(&up).through(&down).close()
        } else {
            up.extend(down);
            contour.through(&up).close()
        }
    }
}

/// Ears that grow out of the hair from behind.
pub(super) fn behind_hair(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    if let Some(ears) = figure.character.ears.filter(|ears| !lies_on_hair(ears.kind)) {
        pair(pen, figure, &ears);
    }
}

/// Ears that lie on the hair.
pub(super) fn before_hair(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    if let Some(ears) = figure.character.ears.filter(|ears| lies_on_hair(ears.kind)) {
        pair(pen, figure, &ears);
    }
}

fn pair(pen: &mut Pen<'_>, figure: &Figure<'_>, ears: &Ears) {
    let Some(build) = build(ears.kind) else {
        return;
    };
    for (side, sign) in [-1.0, 1.0].into_iter().enumerate() {
        let (x, y) = figure.view.at(sign * build.root.0, build.root.1, 0.0);
        let lean = sign * (build.lean + figure.wobble(600 + side) * 300.0);
        // The ear on the far side is seen narrower.
        let narrow = (1.0 - 0.5 * (sign * figure.view.yaw.0).max(0.0)).max(0.6);
        let place = Transform::from_translate(x, y)
            .pre_concat(rotation(lean))
            .pre_scale(sign * narrow, 1.0);
        pen.within(place, |pen| draw_ear(pen, figure, ears, &build));
    }
}

/// One ear; its root is the origin and it points upwards.
fn draw_ear(pen: &mut Pen<'_>, figure: &Figure<'_>, ears: &Ears, build: &Build) {
    let size = ears.size * figure.scene.style.ears;
    let color = ears.color.unwrap_or(figure.character.hair.color);
    let height = build.size.1 * size;
    let width = build.size.0 * size;
    let tipped = |ink: Ink| match ears.tip {
        // The gradient runs from the root up.
        Some(tip) => ink.fading(tip, (0.0, -height * 0.60), (0.0, -height * 0.80)),
        None => ink,
    };
    pen.fill(build.outline(1.0, size), tipped(Ink::new(color)));
    if let Some(rim) = ears.rim {
        pen.fill(build.outline(0.86, size), Ink::detail(rim));
        pen.fill(build.outline(0.66, size), Ink::detail(color));
    }
    let inner = if ears.rim.is_some() { 0.52 } else { 0.74 };
    let shade = Ink::detail(ears.inner).fading(
        ears.inner.mix(color, 0.35),
        (0.0, -height * 0.45),
        (0.0, height * 0.15),
    );
    pen.fill(build.outline(inner, size), shade.lined(0.35));
    if let Some(fluff) = ears.fluff {
        let at = |x: f32, y: f32| (x * width, y * height);
        let tuft = Contour::from(at(-0.44, 0.16))
            .bow(at(-0.36, -0.42), 0.08)
            .bow(at(-0.24, -0.22), 0.1)
            .bow(at(-0.16, -0.44), 0.1)
            .bow(at(-0.06, -0.16), 0.1)
            .bow(at(0.06, -0.30), 0.1)
            .bow(at(0.12, 0.16), 0.05)
            .close();
        pen.fill(tuft, Ink::detail(fluff).lined(0.4));
    }
}

/// Human ears, for those who have no animal ears on their head.
pub(super) fn human(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let animal = figure.character.ears.is_some_and(|ears| ears.kind != EarKind::Human);
    if animal || figure.character.wings.is_some() {
        return;
    }
    for sign in [-1.0, 1.0] {
        let (x, y) = figure.view.at(sign * 0.88, 0.22, 0.0);
        pen.fill(ellipse((x, y), 0.15, 0.22), Ink::new(figure.character.skin));
        let fold = line_through(&[
            (x + sign * 0.05, y - 0.1),
            (x - sign * 0.02, y),
            (x + sign * 0.02, y + 0.1),
        ]);
        pen.crease(fold, figure.character.skin, 0.5);
    }
}

/// Whether ears of this kind sit in front of the hair.
fn lies_on_hair(kind: EarKind) -> bool {
    matches!(kind, EarKind::Floppy)
}
