//! The detector inside the program: the boxes that another runtime computes, crowds, turned photos.

use friends_core::crop::{self, RegionKind};
use friends_core::face::Face;
use friends_core::geometry::Rect;
use friends_core::heads::FaceDetector;
use friends_core::limits::Limits;
use friends_core::photo::Photo;

use crate::common::pictures;

const SIX: &[u8] = include_bytes!("fixtures/six.jpg");

/// What ONNX Runtime gives for `six.jpg` with the same network, Pillow's JPEG decoder and its bilinear filter: the surest first.
const GOLDEN: [(Rect, f32); 6] = [
    (Rect { x: 53.45, y: 188.34, width: 78.80, height: 70.11 }, 0.8276),
    (Rect { x: 933.82, y: 177.17, width: 110.52, height: 89.42 }, 0.8260),
    (Rect { x: 422.24, y: 192.93, width: 71.51, height: 52.75 }, 0.7950),
    (Rect { x: 563.88, y: 204.63, width: 108.89, height: 86.96 }, 0.7381),
    (Rect { x: 820.88, y: 113.29, width: 57.26, height: 49.02 }, 0.7063),
    (Rect { x: 225.77, y: 227.39, width: 78.30, height: 60.36 }, 0.5399),
];

fn decoded(bytes: &[u8]) -> Photo {
    Photo::decode(bytes.to_vec(), &Limits::default()).expect("a photo of ours opens")
}

fn faces(photo: &Photo) -> Vec<Face> {
    FaceDetector::load().and_then(|detector| detector.find(photo)).expect("the network runs")
}

#[test]
fn the_boxes_are_those_that_another_runtime_computes() {
    let found = faces(&decoded(SIX));
    assert_eq!(found.len(), GOLDEN.len());
    for (face, (rect, score)) in found.iter().zip(GOLDEN) {
        let differences =
            [face.rect.x - rect.x, face.rect.y - rect.y, face.rect.width - rect.width, face.rect.height - rect.height];
        assert!(differences.iter().all(|pixels| pixels.abs() < 1.0), "{face:?} instead of {rect:?}");
        assert!((face.confidence - score).abs() < 0.01, "{face:?} instead of {score}");
    }
}

#[test]
fn six_friends_are_six_heads_from_left_to_right() {
    let photo = decoded(SIX);
    let regions = crop::regions(&faces(&photo), photo.size(), 20);
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
    let lying = pictures::with_orientation(&pictures::jpeg(&image::imageops::rotate270(&picture)), 6);
    let turned = faces(&decoded(&lying));
    assert_eq!(turned.len(), 1, "{turned:?}");
    assert!(upright[0].rect.iou(turned[0].rect) > 0.9, "{upright:?} and {turned:?}");
}

#[test]
fn an_empty_picture_has_no_faces() {
    for shade in [0, 127, 255] {
        let empty = Photo::from_upright(image::RgbImage::from_pixel(300, 200, image::Rgb([shade; 3])));
        assert_eq!(faces(&empty), []);
    }
}

#[test]
fn twelve_in_a_row_are_all_found_though_they_are_small() {
    let crowd = pictures::crowd(12, 2400, 630);
    let photo = Photo::from_upright(crowd.image);
    let found = faces(&photo);
    for face in &crowd.faces {
        assert!(found.iter().any(|one| one.rect.iou(*face) > 0.5), "{face:?} is not among {found:?}");
    }
    let regions = crop::regions(&found, photo.size(), 20);
    assert!(regions.windows(2).all(|pair| pair[0].area.x <= pair[1].area.x), "from left to right");
}
