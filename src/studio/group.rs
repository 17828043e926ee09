//! Several characters in one picture, for trying the head detector.

use image::RgbImage;
use rand::Rng;

use crate::character::Character;
use crate::geometry::Rect;
use crate::random::Dice;
use crate::scene::{Framing, Scene};
use crate::stage;

/// A picture of several characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The picture.
    pub image: RgbImage,
    /// The head boxes, in the order of the characters; parts may be hidden by a neighbour.
    pub heads: Vec<Rect>,
    /// The face boxes, in the same order.
    pub faces: Vec<Rect>,
}

/// Draws `characters` side by side in a picture of `width` × `height` pixels (kept between 16 and
/// 4096).
///
/// Background, occlusion and camera are those of `backdrop`; pose, expression, style and size of
/// every character are random.
#[must_use]
pub fn group(
    characters: &[&Character],
    backdrop: &Scene,
    (width, height): (u32, u32),
    rng: &mut (impl Rng + ?Sized),
) -> Group {
    let mut canvas = stage::canvas(width.clamp(16, 4096), height.clamp(16, 4096));
    let whole = stage::frame(&canvas.as_mut());
    backdrop.background.paint(&mut canvas.as_mut(), backdrop.seed);
    let (mut heads, mut faces) = (Vec::new(), Vec::new());
    let count = u16::try_from(characters.len()).unwrap_or(u16::MAX);
    let column = whole.width / f32::from(count);
    let mut left = 0.0;
    for character in characters {
        let mut scene = Scene::sample(rng);
        if scene.framing == Framing::Badge {
            scene.framing = Framing::Bust;
        }
        (scene.background, scene.mount) = (backdrop.background.clone(), None);
        let size = rng.between(0.6, 1.05);
        let cell = Rect {
            x: left + column * (1.0 - size) / 2.0,
            y: whole.height * rng.between(0.0, 0.3 * (1.0 - size).max(0.0) + 0.05),
            width: column * size,
            height: whole.height * size,
        };
        let transform = stage::placement(character, &scene, cell);
        let (head, face) = stage::pose(&mut canvas.as_mut(), character, &scene, transform);
        heads.push(head);
        faces.push(face);
        left += column;
    }
    Group { image: stage::develop(canvas, backdrop), heads, faces }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::character::invent::random_character;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn every_character_has_a_box_in_the_picture() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let people: Vec<Character> = (0..3).map(|_| random_character(&mut rng)).collect();
        let people: Vec<&Character> = people.iter().collect();
        let picture = group(&people, &Scene::plain(), (240, 120), &mut rng);
        let whole = Rect::from_edges(0.0, 0.0, 240.0, 120.0);
        assert_eq!(picture.heads.len(), 3);
        for (head, face) in picture.heads.iter().zip(&picture.faces) {
            assert!(whole.contains(*head) && head.contains(*face));
            assert!(head.width > 8.0);
        }
    }
}
