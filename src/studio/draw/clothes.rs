//! Clothes on the body.

use super::build::Build;
use super::contour::{Contour, ellipse, line_through, polygon};
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::character::{Bottom, Garment, Sleeves};
use crate::color::Color;
use crate::geometry::{Point, between};
use crate::random::scatter;

/// Stocking and shoe of one leg (hip, knee, ankle).
pub(super) fn leg(
    pen: &mut Pen<'_>,
    figure: &Figure<'_>,
    build: &Build,
    [hip, knee, ankle]: [Point; 3],
) {
    let clothes = &figure.character.clothes;
    if let Some(stocking) = clothes.stockings {
        let top = between(hip, knee, 0.35);
        pen.limb(line_through(&[top, knee, ankle]), stocking.color, build.leg * 1.04);
        if let Some(trim) = stocking.trim {
            pen.limb(line_through(&[between(knee, ankle, 0.4), ankle]), trim, build.leg * 1.04);
        }
        dots_along(pen, stocking, top, ankle, build.leg);
    }
    if clothes.cut == Bottom::Trousers {
        pen.limb(line_through(&[hip, knee, ankle]), clothes.bottom.color, build.leg * 1.3);
    }
    let shoe = ellipse((ankle.0, build.sole - 0.1), build.leg * 0.72, build.leg * 0.45);
    pen.fill(shoe, Ink::new(clothes.shoes));
}

/// Sleeve and glove of one arm (shoulder, elbow, hand).
pub(super) fn arm(
    pen: &mut Pen<'_>,
    figure: &Figure<'_>,
    build: &Build,
    [shoulder, elbow, hand]: [Point; 3],
) {
    let clothes = &figure.character.clothes;
    if let Some(glove) = clothes.gloves {
        let top = between(shoulder, elbow, 0.7);
        pen.limb(line_through(&[top, elbow, hand]), glove.color, build.arm * 1.08);
        dots_along(pen, glove, top, hand, build.arm);
        let palm = ellipse(hand, build.arm * 0.62, build.arm * 0.62);
        pen.fill(palm, Ink::new(glove.trim.unwrap_or(glove.color)).unshaded());
    } else {
        let palm = ellipse(hand, build.arm * 0.52, build.arm * 0.52);
        pen.fill(palm, Ink::new(figure.character.skin).unshaded());
    }
    let color = clothes.top.color;
    let cuff = clothes.top.trim.unwrap_or(color);
    match clothes.sleeves {
        Sleeves::None => {}
        Sleeves::Short => {
            pen.limb(
                line_through(&[shoulder, between(shoulder, elbow, 0.6)]),
                color,
                build.arm * 1.3,
            );
        }
        Sleeves::Puffed => {
            let middle = between(shoulder, elbow, 0.3);
            pen.fill(ellipse(middle, build.arm * 0.95, build.arm * 0.9), Ink::new(color));
        }
        Sleeves::Long => {
            pen.limb(
                line_through(&[shoulder, elbow, between(elbow, hand, 0.8)]),
                color,
                build.arm * 1.25,
            );
            pen.limb(
                line_through(&[between(elbow, hand, 0.72), between(elbow, hand, 0.8)]),
                cuff,
                build.arm * 1.3,
            );
        }
        Sleeves::Wide => {
            pen.limb(line_through(&[shoulder, elbow]), color, build.arm * 1.3);
            let (dx, dy) = (hand.0 - elbow.0, hand.1 - elbow.1);
            let wide = |at: Point, factor: f32| (at.0 - dy * factor, at.1 + dx * factor);
            let sleeve = polygon(&[
                wide(elbow, 0.22),
                wide(hand, 0.48),
                wide(hand, -0.48),
                wide(elbow, -0.22),
            ]);
            pen.fill(sleeve, Ink::new(color));
            pen.limb(line_through(&[wide(hand, 0.48), wide(hand, -0.48)]), cuff, build.arm * 0.5);
        }
    }
}

/// The upper garment.
pub(super) fn upper(pen: &mut Pen<'_>, figure: &Figure<'_>, build: &Build) {
    let clothes = &figure.character.clothes;
    let garment = clothes.top;
    let (shoulder, half) = (build.shoulder, build.shoulder_half);
    let hem = if clothes.cut == Bottom::Dress { build.waist } else { build.waist + 0.1 };
    let torso = Contour::from((-0.18, shoulder - 0.06))
        .bow((0.18, shoulder - 0.06), -0.18)
        .bow((half, shoulder + 0.20), 0.14)
        .through(&[(half * 0.92, shoulder + 0.5), (build.waist_half, hem)])
        .bow((-build.waist_half, hem), -0.05)
        .through(&[(-half * 0.92, shoulder + 0.5), (-half, shoulder + 0.20)])
        .bow((-0.18, shoulder - 0.06), 0.14)
        .close();
    pen.fill(torso, Ink::new(garment.color));
    if let Some(spots) = garment.spots {
        scatter_spots(
            pen,
            spots,
            (shoulder + 0.25, half * 0.85),
            (hem - 0.05, build.waist_half * 0.85),
        );
    }
    if let Some(stripes) = garment.stripes {
        let mut y = shoulder + 0.25;
        while y < hem - 0.05 {
            let wide = build.waist_half * 0.96;
            pen.stroke(line_through(&[(-wide, y), (wide, y)]), stripes, 0.07);
            y += 0.2;
        }
    }
    if let Some(straps) = clothes.straps {
        for sign in [-1.0, 1.0] {
            let strap = line_through(&[
                (sign * half * 0.62, shoulder),
                (sign * half * 0.66, shoulder + 0.35),
                (sign * half * 0.82, hem - 0.1),
            ]);
            pen.limb(strap, straps, 0.14);
        }
    }
    let seam = line_through(&[(0.0, shoulder + 0.15), (0.0, hem)]);
    pen.crease(seam, garment.color, 0.4);
    if let Some(belt) = clothes.belt {
        let belt_line =
            line_through(&[(-build.waist_half, hem), (0.0, hem + 0.04), (build.waist_half, hem)]);
        pen.limb(belt_line, belt, 0.14);
    }
}

/// The lower garment.
pub(super) fn lower(pen: &mut Pen<'_>, figure: &Figure<'_>, build: &Build) {
    let clothes = &figure.character.clothes;
    let garment = clothes.bottom;
    let ink = Ink::new(garment.color);
    let (waist, top) = (build.waist, build.waist_half);
    let length = build.sole - waist;
    let (hem, flare) = match clothes.cut {
        Bottom::Skirt | Bottom::Pleats => (waist + length * 0.42, build.hip_half * 1.75),
        Bottom::Dress => (waist + length * 0.75, build.hip_half * 1.6),
        Bottom::Frill => (waist + length * 0.26, build.hip_half * 1.35),
        Bottom::Shorts | Bottom::Trousers => (waist + length * 0.38, build.hip_half * 1.12),
    };
    if matches!(clothes.cut, Bottom::Shorts | Bottom::Trousers) {
        let shorts = polygon(&[
            (-top, waist),
            (top, waist),
            (flare, hem),
            (0.06, hem),
            (0.0, build.hip + 0.12),
            (-0.06, hem),
            (-flare, hem),
        ]);
        pen.fill(shorts, ink);
        return;
    }
    let mut skirt = Contour::from((-top, waist)).line((top, waist)).bow((flare, hem), -0.06);
    let folds = 6_u8;
    for fold in 1..=folds {
        let share = f32::from(fold) / f32::from(folds);
        skirt = skirt.bow((flare - 2.0 * flare * share, hem), -0.16);
    }
    pen.fill(skirt.bow((-top, waist), -0.06).close(), ink);
    if clothes.cut != Bottom::Frill {
        for fold in 1..folds {
            let share = f32::from(fold) / f32::from(folds) * 2.0 - 1.0;
            let from = (share * flare * 0.8, between((0.0, waist), (0.0, hem), 0.55).1);
            pen.crease(line_through(&[from, (share * flare, hem)]), garment.color, 0.4);
        }
    }
    if let Some(spots) = garment.spots {
        scatter_spots(pen, spots, (waist + 0.12, top * 0.95), (hem - 0.05, flare * 0.9));
    }
    if let Some(trim) = garment.trim {
        let edge = line_through(&[(-flare, hem), (0.0, hem + 0.05), (flare, hem)]);
        pen.limb(edge, trim, 0.14);
    }
}

/// Irregular spots between two heights (`top`, `bottom`), each with its half width there.
fn scatter_spots(pen: &mut Pen<'_>, color: Color, top: (f32, f32), bottom: (f32, f32)) {
    let mut index = 0;
    let (mut y, mut odd) = (top.0, false);
    while y < bottom.0 {
        let half = top.1 + (bottom.1 - top.1) * (y - top.0) / (bottom.0 - top.0);
        let mut x = if odd { 0.13 - half } else { 0.04 - half };
        while x < half {
            index += 1;
            let jitter = |salt: u64| scatter(17 + salt, index);
            let spot = (x + jitter(0) * 0.03, y + jitter(1) * 0.03);
            let radius = 0.055 + 0.018 * jitter(2);
            pen.fill(ellipse(spot, radius * 1.15, radius), Ink::detail(color));
            x += 0.21;
        }
        y += 0.18;
        odd = !odd;
    }
}

/// Spots along a sleeve or stocking, left and right of its middle in turn.
fn dots_along(pen: &mut Pen<'_>, garment: Garment, from: Point, to: Point, width: f32) {
    let Some(spots) = garment.spots else { return };
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(f32::EPSILON);
    for step in 0..6_u8 {
        let (x, y) = between(from, to, (f32::from(step) + 0.5) / 6.0);
        let aside = if step % 2 == 0 { 0.2 } else { -0.2 } * width / length;
        let spot = ellipse((x - dy * aside, y + dx * aside), width * 0.15, width * 0.15);
        pen.fill(spot, Ink::detail(spots));
    }
}
