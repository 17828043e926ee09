//! Draws one character: the order of the parts, back to front.
//!
//! Figure coordinates: the skull is a circle of radius 1 around the origin, x grows to the right
//! and y downwards. Parts of the head are placed on that skull in three dimensions and projected by
//! `figure::View`, so that a turned head shifts and foreshortens them consistently.

mod body;
mod build;
mod clothes;
mod contour;
mod ears;
mod eyes;
mod face;
mod figure;
mod fringe;
mod hair;
mod hat;
mod marks;
mod neck;
mod ornament;
pub(super) mod pen;
mod plumage;
mod tail;

use figure::{Figure, View};
use pen::{Part, Pen};

use crate::character::{Character, HatKind, WingKind};
use crate::geometry::sin_cos;
use crate::scene::{Framing, Scene};

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
pub(super) fn layer(
    pen: &mut Pen<'_>,
    character: &Character,
    scene: &Scene,
    layer: Layer,
    worn: Worn,
) {
    let figure = Figure {
        character,
        scene,
        view: View {
            yaw: sin_cos(scene.pose.yaw.to_radians()),
            pitch: sin_cos(scene.pose.pitch.to_radians()),
        },
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
