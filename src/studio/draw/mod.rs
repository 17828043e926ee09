//! Draws one character: the order of the parts, back to front.
//!
//! Figure coordinates: the skull is a circle of radius 1 around the origin, x grows to the right
//! and y downwards. Parts of the head are placed on that skull in three dimensions and projected
//! by [`View`], so that a turned head shifts and foreshortens them consistently.

mod body;
mod clothes;
mod contour;
mod ears;
mod eyes;
mod face;
mod fringe;
mod hair;
mod hat;
mod marks;
mod neck;
mod ornament;
pub(super) mod pen;
mod plumage;
mod tail;

use super::character::{Character, EarKind, HatKind, WingKind};
use super::geometry::{Point, sin_cos};
use super::random::scatter;
use super::scene::{Framing, Scene};
use pen::{Part, Pen};

/// How the head is turned.
#[derive(Clone, Copy)]
struct View {
    yaw: (f32, f32),
    pitch: (f32, f32),
}

impl View {
    /// Where a point of the head appears; `depth` grows towards the viewer.
    fn at(&self, x: f32, y: f32, depth: f32) -> Point {
        let ((sine, cosine), (nod_sine, nod_cosine)) = (self.yaw, self.pitch);
        let turned = depth * cosine - x * sine;
        (x * cosine + depth * sine, y * nod_cosine + turned * nod_sine)
    }

    /// Where a point on the front of the skull appears.
    fn on_skull(&self, x: f32, y: f32) -> Point {
        let depth = (1.0 - x * x * 0.94).max(0.0).sqrt() * 0.82;
        self.at(x, y, depth)
    }

    /// How wide a small thing at `x` on the front of the skull appears, 1 seen from the front.
    fn width_at(&self, x: f32) -> f32 {
        let depth = (1.0 - x * x * 0.94).max(0.05).sqrt();
        (self.yaw.1 - x / depth * self.yaw.0).clamp(0.45, 1.15)
    }
}

/// One character in one scene: what every part needs to know.
struct Figure<'a> {
    character: &'a Character,
    scene: &'a Scene,
    view: View,
}

impl Figure<'_> {
    /// The irregularity number `index` of the drawing hand, in head radii.
    fn wobble(&self, index: usize) -> f32 {
        scatter(self.scene.seed, index as u64) * self.scene.style.wobble
    }

    /// `points` as an unsteady hand sets them.
    fn unsteady(&self, salt: usize, points: &mut [Point]) {
        for (index, point) in points.iter_mut().enumerate() {
            let index = salt * 64 + index * 2;
            *point = (point.0 + self.wobble(index), point.1 + self.wobble(index + 1));
        }
    }

    /// How tall the figure is: 0 for chibi, 1 for grown-up proportions.
    fn tallness(&self) -> f32 {
        ((self.scene.style.heads - 2.0) / 4.0).clamp(0.0, 1.0)
    }
}

/// What is drawn together, back to front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Tail, back hair, body, neckwear, what stands up from the head.
    Behind,
    /// Human ears, skin, eyes, mouth.
    Face,
    /// Fringe, locks, hat, what lies on the hair.
    Front,
}

/// What of a character is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worn {
    /// Body, clothes, neckwear and tail.
    pub(super) clothes: bool,
    /// Hair.
    pub(super) hair: bool,
}

/// Draws `character` as `scene` wants it; the pen decides where.
pub(super) fn figure(pen: &mut Pen<'_>, character: &Character, scene: &Scene) {
    let worn = Worn { clothes: scene.framing != Framing::Badge, hair: true };
    for part in [Layer::Behind, Layer::Face, Layer::Front] {
        layer(pen, character, scene, part, worn);
    }
}

/// Draws one layer of `character`.
pub(super) fn layer(pen: &mut Pen<'_>, character: &Character, scene: &Scene, layer: Layer, worn: Worn) {
    let figure = Figure {
        character,
        scene,
        view: View { yaw: sin_cos(scene.pose.yaw.to_radians()), pitch: sin_cos(scene.pose.pitch.to_radians()) },
    };
    let hooded = matches!(&character.hat, Some(hat) if hat.kind == HatKind::Hood);
    match layer {
        Layer::Behind => {
            if worn.clothes {
                pen.part(Part::Body);
                tail::draw(pen, &figure);
            }
            pen.part(Part::Head);
            ornament::behind(pen, &figure);
            hat::behind(pen, &figure);
            if worn.hair {
                hair::back(pen, &figure);
            }
            if worn.clothes {
                pen.part(Part::Body);
                body::draw(pen, &figure);
                neck::draw(pen, &figure);
            }
            pen.part(Part::Head);
            plumage::crest(pen, &figure);
            plumage::wings(pen, &figure, WingKind::Raised);
            if !hooded {
                ears::behind_hair(pen, &figure);
            }
        }
        Layer::Face => {
            pen.part(Part::Head);
            ears::human(pen, &figure);
            pen.part(Part::Face);
            face::skin(pen, &figure);
            pen.part(Part::Head);
            face::features(pen, &figure);
        }
        Layer::Front => {
            pen.part(Part::Head);
            if worn.hair {
                hair::locks(pen, &figure);
                fringe::draw(pen, &figure);
            }
            plumage::wings(pen, &figure, WingKind::Folded);
            ears::before_hair(pen, &figure);
            ornament::before(pen, &figure);
            hat::draw(pen, &figure);
            if hooded {
                ears::behind_hair(pen, &figure);
            }
        }
    }
}

/// Whether ears of this kind sit in front of the hair.
fn lies_on_hair(kind: EarKind) -> bool {
    matches!(kind, EarKind::Floppy)
}
