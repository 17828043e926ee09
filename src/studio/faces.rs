//! Pictures to learn finding faces from: one character, crowds, costumes in their surroundings, and
//! pictures without anybody.

use friends_core::geometry::Rect;
use image::RgbImage;
use rand::{Rng, RngExt as _};

use crate::character::Character;
use crate::character::invent::random_character;
use crate::costume::dress_in_photo;
use crate::degrade::Camera;
use crate::group::group;
use crate::photographed::{Photographed, Wearer};
use crate::random::Dice;
use crate::scene::Scene;
use crate::stage;

/// Width and height of drawn scenes, chosen at random.
const SIZES: [(u32, u32); 6] =
    [(320, 320), (320, 240), (320, 180), (240, 320), (200, 320), (320, 214)];
/// Faces of which a neighbour's head covers more than this share are [`FaceKind::Vague`].
const COVERED: f32 = 0.25;

/// What kind of face a box is around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceKind {
    /// Drawn.
    Drawn,
    /// A photographed face with a drawn costume.
    Dressed,
    /// A photographed face as it is.
    Photographed,
    /// So far covered that it is neither a face nor background.
    Vague,
}

impl FaceKind {
    /// The name in `boxes.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Dressed => "dressed",
            Self::Photographed => "photographed",
            Self::Vague => "vague",
        }
    }
}

/// A picture and all faces in it.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceScene {
    /// The picture.
    pub image: RgbImage,
    /// The faces, clipped to the picture.
    pub faces: Vec<(Rect, FaceKind)>,
}

/// Draws a scene: in 100, about 20 with one character, 40 crowds of 2 to 12, 25 costumes worn in a
/// photo with its other people, 15 without anybody. Without `photos`, costumes are crowds.
#[must_use]
pub fn face_scene(photos: &[Photographed], rng: &mut (impl Rng + ?Sized)) -> FaceScene {
    match rng.whole(0, 99) {
        0..20 => single(rng),
        20..45 if !photos.is_empty() => {
            let photo = &photos[rng.random_range(0..photos.len())];
            costume(photo, rng).unwrap_or_else(|| crowd(rng))
        }
        20..85 => crowd(rng),
        _ => nobody(rng),
    }
}

fn single(rng: &mut (impl Rng + ?Sized)) -> FaceScene {
    let picture = stage::render(&random_character(rng), &Scene::sample(rng), 288);
    FaceScene { image: picture.image, faces: vec![(picture.face, FaceKind::Drawn)] }
}

fn crowd(rng: &mut (impl Rng + ?Sized)) -> FaceScene {
    let count = if rng.chance(0.8) { rng.whole(2, 6) } else { rng.whole(7, 12) };
    let size = if count > 3 { (320, rng.whole(110, 250)) } else { rng.pick(&SIZES) };
    let people: Vec<Character> = (0..count).map(|_| random_character(rng)).collect();
    let people: Vec<&Character> = people.iter().collect();
    let drawn = group(&people, &Scene::sample(rng), size, rng);
    // Each is drawn over those before it.
    let kind = |place: usize, face: Rect| {
        let later = &drawn.heads[place + 1..];
        if later.iter().any(|head| share(face, *head) > COVERED) {
            FaceKind::Vague
        } else {
            FaceKind::Drawn
        }
    };
    let faces =
        drawn.faces.iter().enumerate().map(|(place, face)| (*face, kind(place, *face))).collect();
    FaceScene { image: drawn.image, faces }
}

fn costume(photo: &Photographed, rng: &mut (impl Rng + ?Sized)) -> Option<FaceScene> {
    let wearers: Vec<Rect> = photo.large_faces().collect();
    if wearers.is_empty() {
        return None;
    }
    let worn = rng.pick(&wearers);
    let mut scene = Scene::sample(rng);
    (scene.camera, scene.mount) = (Camera::none(), None);
    scene.occlusion.clear();
    let wearer = Wearer { photo: photo.image.clone(), face: worn };
    let picture = dress_in_photo(&random_character(rng), &wearer, &scene);
    let kind = |face: Rect| match face {
        _ if face == worn => FaceKind::Dressed,
        _ if share(face, picture.head) > COVERED => FaceKind::Vague,
        _ => FaceKind::Photographed,
    };
    Some(FaceScene {
        image: picture.image,
        faces: photo.faces.iter().map(|face| (*face, kind(*face))).collect(),
    })
}

/// A background with what stands before it, the character out of sight.
fn nobody(rng: &mut (impl Rng + ?Sized)) -> FaceScene {
    let mut scene = Scene::sample(rng);
    scene.mount = None;
    scene.pose.shift = (30.0, 30.0);
    let image = stage::render(&random_character(rng), &scene, 320).image;
    FaceScene { image, faces: Vec::new() }
}

/// The share of `face` that lies in `cover`.
fn share(face: Rect, cover: Rect) -> f32 {
    face.intersection(cover).map_or(0.0, Rect::area) / face.area().max(1.0)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn faces_lie_in_their_pictures_and_some_pictures_have_none() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let face = Rect::new(60.0, 50.0, 44.0, 52.0);
        let photos = [Photographed {
            image: RgbImage::from_pixel(200, 150, image::Rgb([200, 160, 140])),
            faces: vec![face],
        }];
        let scenes: Vec<FaceScene> = (0..60).map(|_| face_scene(&photos, &mut rng)).collect();
        for scene in &scenes {
            let whole =
                Rect::new(0.0, 0.0, scene.image.width() as f32, scene.image.height() as f32);
            assert!(scene.faces.iter().all(|(face, _)| whole.contains(*face)), "{:?}", scene.faces);
        }
        let of = |kind: FaceKind| {
            scenes.iter().flat_map(|scene| &scene.faces).filter(|face| face.1 == kind).count()
        };
        assert!(of(FaceKind::Drawn) > 40 && of(FaceKind::Dressed) > 3);
        assert!(
            scenes.iter().any(|scene| scene.faces.is_empty())
                && scenes.iter().any(|scene| scene.faces.len() > 6)
        );
        let dressed = scenes
            .iter()
            .find(|scene| scene.faces == [(face, FaceKind::Dressed)])
            .expect("the photo is used");
        assert_eq!(dressed.image.dimensions(), (200, 150), "with all that is around");
    }
}
