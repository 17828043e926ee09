//! The detector inside the program: the boxes that another runtime computes, crowds, turned photos.

use friends_core::crop::{self, RegionKind};
use friends_core::face::Face;
use friends_core::face_detector::FaceDetector;
use friends_core::geometry::Rect;
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use friends_studio::Scene;
use friends_training::detection::FOUND_IOU;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::common::pictures;

const SIX: &[u8] = include_bytes!("fixtures/six.jpg");

/// A drawn person in a drawn costume, as the studio draws costumes onto photographed ones.
const COSTUME: &[u8] = include_bytes!("fixtures/costume.jpg");

/// A photo, and the boxes in it with their scores.
type Golden = (&'static [u8], &'static [(Rect, f32)]);

/// What ONNX Runtime gives with the same network, Pillow's JPEG decoder and its bilinear filter;
/// `tests/peers/golden.py` prints it.
const GOLDEN: [Golden; 2] = [
    (
        SIX,
        &[
            (Rect { x: 578.26, y: 195.32, width: 102.29, height: 112.59 }, 0.785),
            (Rect { x: 64.47, y: 188.94, width: 55.43, height: 60.50 }, 0.7679),
            (Rect { x: 432.17, y: 207.42, width: 51.20, height: 55.81 }, 0.7432),
            (Rect { x: 826.03, y: 109.74, width: 45.33, height: 49.23 }, 0.7164),
            (Rect { x: 934.31, y: 166.87, width: 111.86, height: 123.26 }, 0.6849),
            (Rect { x: 255.84, y: 203.35, width: 50.62, height: 55.26 }, 0.6545),
        ],
    ),
    (COSTUME, &[(Rect { x: 134.86, y: 214.36, width: 112.57, height: 125.49 }, 0.8714)]),
];

fn decoded(bytes: &[u8]) -> Photo {
    Photo::decode(bytes.to_vec(), &Limits::default()).expect("a photo of ours opens")
}

fn faces(photo: &Photo) -> Vec<Face> {
    FaceDetector::load().and_then(|detector| detector.find(photo)).expect("the network runs")
}

#[test]
fn the_boxes_are_those_that_another_runtime_computes() {
    for (file, golden) in GOLDEN {
        // In full: the other runtime saw all pixels.
        let photo = Photo::decode_for(file, &Limits::default(), u32::MAX).unwrap();
        let found = faces(&photo);
        assert_eq!(found.len(), golden.len(), "{found:?}");
        for (rect, score) in golden {
            let is_it = |face: &&Face| {
                let [one, other] =
                    [face.rect, *rect].map(|rect| [rect.x, rect.y, rect.width, rect.height]);
                one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1.0)
            };
            let face = found
                .iter()
                .find(is_it)
                .unwrap_or_else(|| panic!("{rect:?} is not among {found:?}"));
            assert!((face.confidence - score).abs() < 0.01, "{face:?} instead of {score}");
        }
    }
}

#[test]
fn six_friends_are_six_heads_from_left_to_right() {
    let photo = decoded(SIX);
    let regions = crop::regions(&faces(&photo), photo.size(), 40);
    assert_eq!(regions.len(), 6);
    assert!(regions.iter().all(|region| region.kind == RegionKind::Head));
    assert!(regions.windows(2).all(|pair| pair[0].area.x < pair[1].area.x));
}

#[test]
fn a_turned_photo_has_its_faces_where_they_are_seen() {
    let picture = pictures::serval(400);
    let upright = faces(&Photo::from_upright(picture.clone()));
    assert_eq!(upright.len(), 1, "{upright:?}");
    // Stored lying on its side, to be turned by 90 degrees clockwise.
    let lying =
        pictures::with_orientation(&pictures::jpeg(&image::imageops::rotate270(&picture)), 6);
    let turned = faces(&decoded(&lying));
    assert_eq!(turned.len(), 1, "{turned:?}");
    assert!(upright[0].rect.iou(turned[0].rect) > 0.9, "{upright:?} and {turned:?}");
}

#[test]
fn an_empty_picture_has_no_faces() {
    for shade in [0, 127, 255] {
        let empty =
            Photo::from_upright(image::RgbImage::from_pixel(300, 200, image::Rgb([shade; 3])));
        assert_eq!(faces(&empty), []);
    }
}

#[test]
fn twelve_in_a_row_are_all_found_though_they_are_small() {
    let crowd = pictures::crowd(12, 2400, 630);
    let photo = Photo::from_upright(crowd.image);
    let found = faces(&photo);
    assert_eq!(found.len(), 12, "{found:?}");
    for face in &crowd.faces {
        assert!(
            found.iter().any(|one| one.rect.iou(*face) > FOUND_IOU),
            "{face:?} is not among {found:?}"
        );
    }
    let regions = crop::regions(&found, photo.size(), 40);
    assert!(regions.windows(2).all(|pair| pair[0].area.x <= pair[1].area.x), "from left to right");
}

#[test]
fn a_grid_of_thirty_six_is_found_and_judged() {
    let mut random = ChaCha8Rng::seed_from_u64(36);
    let mut grid = image::RgbImage::new(1200, 1200);
    for place in 0..36 {
        let one = friends_studio::render(
            &friends_studio::random_character(&mut random),
            &Scene::plain(),
            200,
        );
        image::imageops::replace(&mut grid, &one.image, place % 6 * 200, place / 6 * 200);
    }
    let photo = Photo::from_upright(grid);
    let regions = crop::regions(&faces(&photo), photo.size(), 40);
    assert!(regions.len() > 25, "{} heads of 36", regions.len());
}
