//! The skin of the face, the mouth, blush and nose; the eyes have their own file.

use super::contour::{Contour, blob, ellipse, line_through};
use super::eyes;
use super::figure::Figure;
use super::pen::{Ink, Pen};
use crate::color::Color;
use crate::scene::Mouth;

const LIP: Color = Color::new(0.62, 0.25, 0.22);
const TONGUE: Color = Color::new(0.93, 0.52, 0.50);
const BLUSH: Color = Color::new(0.96, 0.48, 0.44);

/// The face without features.
pub(super) fn skin(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let round = figure.scene.style.roundness;
    let cheek = 0.84 + 0.10 * round;
    let jaw = 0.58 + 0.18 * round;
    let chin = 0.06 + 0.20 * round;
    let low = 0.95 - 0.09 * round;
    let side = |sign: f32| {
        [
            figure.view.at(sign * 0.5, -0.75, 0.3),
            figure.view.at(sign * 0.84, -0.2, 0.12),
            figure.view.at(sign * cheek, 0.28, 0.16),
            figure.view.at(sign * jaw, 0.70, 0.34),
            figure.view.at(sign * chin, low, 0.46),
        ]
    };
    let mut points = side(-1.0).to_vec();
    points.extend(side(1.0).iter().rev());
    pen.fill(blob(&points), Ink::new(figure.character.skin).unshaded());
}

/// Eyes, mouth, nose and blush.
pub(super) fn features(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    blush(pen, figure);
    nose(pen, figure);
    mouth(pen, figure);
    eyes::draw(pen, figure);
}

fn blush(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let strength = figure.scene.expression.blush;
    if strength <= 0.0 {
        return;
    }
    for x in [-0.58, 0.58] {
        let middle = figure.view.on_skull(x, 0.52);
        let width = 0.17 * figure.view.width_at(x);
        // Three discs on top of each other fade out softly.
        for share in [1.0, 0.75, 0.5] {
            let disc = ellipse(middle, width * share, 0.09 * share);
            pen.fill(disc, Ink::detail(BLUSH).opacity(0.17 * strength));
        }
    }
}

fn nose(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    if figure.scene.style.roundness > 0.7 {
        return;
    }
    let (x, y) = figure.view.at(0.0, 0.46, 0.92);
    let tip = line_through(&[(x - 0.012, y), (x + 0.012, y + 0.02)]);
    pen.stroke(tip, figure.character.skin.shadowed().dimmed(0.8), 0.022);
}

fn mouth(pen: &mut Pen<'_>, figure: &Figure<'_>) {
    let (x, y) = figure.view.at(0.0, 0.64, 0.80);
    let wide = figure.view.width_at(0.0);
    let at = |dx: f32, dy: f32| (x + dx * wide, y + dy);
    let width = pen.style().line.clamp(0.022, 0.06);
    match figure.scene.expression.mouth {
        Mouth::Smile => {
            let line = Contour::from(at(-0.14, -0.02)).bow(at(0.14, -0.02), -0.16).open();
            pen.stroke(line, LIP, width);
        }
        Mouth::Flat => pen.stroke(line_through(&[at(-0.07, 0.0), at(0.07, 0.0)]), LIP, width),
        Mouth::Frown => {
            let line = Contour::from(at(-0.10, 0.02)).bow(at(0.10, 0.02), 0.14).open();
            pen.stroke(line, LIP, width);
        }
        Mouth::Cat => {
            let line = Contour::from(at(-0.16, -0.03))
                .bow(at(0.0, -0.01), -0.28)
                .bow(at(0.16, -0.03), -0.28)
                .open();
            pen.stroke(line, LIP, width);
        }
        Mouth::Laugh => {
            let open = Contour::from(at(-0.20, -0.08))
                .bow(at(0.20, -0.08), -0.04)
                .through(&[at(0.13, 0.11), at(0.0, 0.16), at(-0.13, 0.11), at(-0.20, -0.08)])
                .close();
            pen.fill(open.clone(), Ink::detail(LIP));
            pen.fill(ellipse(at(0.0, 0.08), 0.10 * wide, 0.06), Ink::detail(TONGUE));
            pen.fill(open, Ink::outline(LIP).lined(0.7));
        }
        Mouth::Triangle => {
            let open = Contour::from(at(-0.09, -0.05))
                .bow(at(0.09, -0.05), 0.02)
                .bow(at(0.0, 0.08), 0.08)
                .bow(at(-0.09, -0.05), 0.08)
                .close();
            pen.fill(open, Ink::detail(TONGUE).lined(0.7));
        }
        Mouth::Round => pen.fill(
            ellipse(at(0.0, 0.0), 0.06 * wide, 0.07),
            Ink::detail(TONGUE.dimmed(0.8)).lined(0.6),
        ),
    }
}
