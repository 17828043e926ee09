//! Cloud Vision: the exact REST contract, and each of its faults.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use friends_core::face::Face;
use friends_core::face_detector::FaceDetector;
use friends_core::geometry::Rect;
use friends_core::photo::Photo;
use friends_local::object_store::ObjectStore;
use friends_service::detector::{CloudVision, Condition, Detector, Quota};
use friends_service::error::Error;
use friends_service::judgement::DetectorName;
use friends_service::settings::transport;
use friends_service::storage::{Storage, StorageSettings};
use image::RgbImage;
use serde_json::json;
use time::OffsetDateTime;

use crate::common::cloud_vision::{Answer, FakeVision, face, faces};
use crate::common::pictures;

const KEY: &str = "secret-key";

fn photo(width: u32, height: u32) -> Arc<Photo> {
    Arc::new(Photo::from_upright(RgbImage::new(width, height)))
}

fn client(fake: &FakeVision) -> CloudVision {
    CloudVision::new(transport::client().unwrap(), &fake.url, KEY.into(), None)
}

fn no_faces() -> Answer {
    Answer::Json(json!({"responses": [{}]}))
}

#[tokio::test]
async fn a_big_photo_is_shrunk_and_its_faces_come_back_in_its_own_pixels() {
    let skin = [
        json!({"x": 100, "y": 50}),
        json!({"x": 300, "y": 50}),
        json!({"x": 300, "y": 250}),
        json!({"x": 100, "y": 250}),
    ];
    let fake = FakeVision::start([faces(&[face(skin, 0.9)])]).await;
    let found = client(&fake).find(&photo(3200, 2400)).await.unwrap();
    assert_eq!(found, [Face { rect: Rect::new(200.0, 100.0, 400.0, 400.0), confidence: 0.9 }]);
    let asked = &fake.asked()[0];
    assert_eq!((asked.width, asked.height), (1600, 1200));
    assert_eq!(asked.query, format!("key={KEY}"));
}

#[tokio::test]
async fn omitted_coordinates_are_zero() {
    let skin = [json!({}), json!({"x": 80}), json!({"x": 80, "y": 60}), json!({"y": 60})];
    let fake = FakeVision::start([faces(&[face(skin, 0.5)])]).await;
    let found = client(&fake).find(&photo(400, 300)).await.unwrap();
    assert_eq!(found[0].rect, Rect::new(0.0, 0.0, 80.0, 60.0));
}

#[tokio::test]
async fn a_face_without_any_box_is_passed_over() {
    let fake = FakeVision::start([faces(&[json!({"detectionConfidence": 0.8})])]).await;
    assert_eq!(client(&fake).find(&photo(400, 300)).await.unwrap(), []);
}

#[tokio::test]
async fn no_face_is_no_error() {
    let fake = FakeVision::start([no_faces()]).await;
    assert_eq!(client(&fake).find(&photo(400, 300)).await.unwrap(), []);
}

#[tokio::test]
async fn passing_faults_are_tried_again() {
    for fault in [
        Answer::Status(429),
        Answer::Status(500),
        Answer::Status(503),
        Answer::Json(json!({"responses": [{"error": {"code": 14, "message": "unavailable"}}]})),
    ] {
        let fake = FakeVision::start([fault, no_faces()]).await;
        assert_eq!(client(&fake).find(&photo(64, 64)).await.unwrap(), []);
        assert_eq!(fake.asked().len(), 2);
    }
}

#[tokio::test]
async fn tries_are_bounded_and_the_key_stays_out_of_the_error() {
    let fake = FakeVision::start([Answer::Status(503)]).await;
    let error = client(&fake).find(&photo(64, 64)).await.unwrap_err();
    assert!(matches!(error, Error::Transient { .. }));
    assert_eq!(fake.asked().len(), 3);
    assert!(!error.chain().contains(KEY) && !format!("{error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    for refusal in [
        Answer::Status(403),
        Answer::Json(json!({"responses": [{"error": {"code": 3, "message": "bad image"}}]})),
    ] {
        let fake = FakeVision::start([refusal]).await;
        assert!(matches!(client(&fake).find(&photo(64, 64)).await, Err(Error::Fault { .. })));
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn after_a_failure_the_next_photos_do_not_wait_for_it() {
    let fake = FakeVision::start([Answer::Status(503)]).await;
    let vision = client(&fake);
    assert_eq!(vision.condition(), Condition::Answering);
    assert!(vision.find(&photo(64, 64)).await.is_err());
    let asked = fake.asked().len();
    assert!(matches!(vision.find(&photo(64, 64)).await, Err(Error::Transient { .. })));
    assert_eq!((fake.asked().len(), vision.condition()), (asked, Condition::Unreachable));
}

/// A count of calls in a store that does not answer.
fn quota_out_of_reach(folder: &Path) -> Quota {
    let settings = ObjectStore::open(folder).unwrap().settings();
    let nowhere = StorageSettings { endpoint: Some("http://127.0.0.1:1".into()), ..settings };
    Quota::new(Storage::new(nowhere, transport::for_sdk(transport::client().unwrap())), 1000)
}

#[tokio::test]
async fn a_store_that_gives_no_calls_says_nothing_of_vision() {
    let fake = FakeVision::start([no_faces()]).await;
    let folder = tempfile::tempdir().unwrap();
    let quota = quota_out_of_reach(folder.path());
    let vision = CloudVision::new(transport::client().unwrap(), &fake.url, KEY.into(), Some(quota));
    assert!(matches!(vision.find(&photo(64, 64)).await, Err(Error::Transient { .. })));
    assert_eq!((fake.asked().len(), vision.condition()), (0, Condition::Answering));
}

#[tokio::test]
async fn the_count_of_calls_is_read_again_after_a_minute_however_often_it_is_shown() {
    let data = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(data.path()).unwrap();
    let [shown, other] = [(); 2].map(|()| Quota::new(store.storage(), 1000));
    let start = OffsetDateTime::now_utc();
    let calls =
        async |seconds| shown.spend(start + Duration::from_secs(seconds)).await.unwrap().calls;
    assert_eq!(calls(0).await, 0);
    assert!(other.take(start).await.unwrap());
    assert_eq!([calls(40).await, calls(59).await], [0, 0], "up to a minute old");
    assert_eq!(calls(80).await, 10, "a block of another instance");
}

#[tokio::test]
async fn a_refused_key_shows_in_the_condition() {
    let fake = FakeVision::start([Answer::Status(403)]).await;
    let detector = Detector::CloudVision(client(&fake), FaceDetector::load().unwrap().into());
    assert_eq!(detector.find(&photo(64, 64)).await.unwrap().detector, DetectorName::Embedded);
    assert_eq!(detector.vision().unwrap().condition(), Condition::Refusing);
}

#[tokio::test]
async fn a_host_that_is_not_there_does_not_give_the_key_away() {
    let vision =
        CloudVision::new(transport::client().unwrap(), "http://127.0.0.1:1", KEY.into(), None);
    let error = vision.find(&photo(64, 64)).await.unwrap_err();
    assert!(!error.chain().contains(KEY) && !format!("{error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn a_slow_vision_is_given_up_and_the_embedded_detector_steps_in() {
    let slow = Answer::After(Duration::from_hours(1), json!({"responses": [{}]}));
    let fake = FakeVision::start([slow]).await;
    let detector = Detector::CloudVision(client(&fake), FaceDetector::load().unwrap().into());
    let found = detector.find(&photo(64, 64)).await.unwrap();
    assert_eq!(
        (found.detector, found.fallback_from),
        (DetectorName::Embedded, Some(DetectorName::CloudVision))
    );
}

/// Photos in which the embedded detector finds nothing, one face that it is not sure of, and one
/// that it is.
fn three_photos() -> [Arc<Photo>; 3] {
    let serval = pictures::serval(400);
    // Paler and paler, until the detector doubts.
    let paler = |share: f32| {
        let mut picture = serval.clone();
        picture.pixels_mut().for_each(|pixel| {
            pixel.0 = pixel.0.map(|value| 255 - (f32::from(255 - value) * share) as u8);
        });
        Arc::new(Photo::from_upright(picture))
    };
    let detector = FaceDetector::load().unwrap();
    let is_unsure = |photo: &Arc<Photo>| {
        let found = detector.find(photo).unwrap();
        found.len() == 1 && found[0].confidence < 0.65
    };
    let unsure = (1..100).rev().map(|percent| paler(percent as f32 / 100.0)).find(is_unsure);
    [photo(64, 64), unsure.expect("some shade is doubted"), paler(1.0)]
}

#[tokio::test]
async fn a_face_that_lies_outside_of_the_photo_is_passed_over() {
    let square = |x: i32| {
        [
            json!({"x": x}),
            json!({"x": x + 20}),
            json!({"x": x + 20, "y": 20}),
            json!({"x": x, "y": 20}),
        ]
    };
    let fake = FakeVision::start([faces(&[
        face(square(-30), 0.9),
        face(square(-10), 0.8),
        face(square(64), 0.7),
    ])])
    .await;
    let found = client(&fake).find(&photo(64, 64)).await.unwrap();
    assert_eq!(found.iter().map(|face| face.confidence).collect::<Vec<_>>(), [0.8]);
}

#[tokio::test]
async fn a_cascade_asks_vision_where_nothing_sure_was_found() {
    let skin = [
        json!({"x": 10, "y": 10}),
        json!({"x": 30, "y": 10}),
        json!({"x": 30, "y": 30}),
        json!({"x": 10, "y": 30}),
    ];
    let seen = faces(&[face(skin, 0.7)]);
    let fake = FakeVision::start([seen.clone(), seen, faces(&[])]).await;
    let detector = Detector::Cascade(client(&fake), FaceDetector::load().unwrap().into());
    let [nothing, unsure, sure] = three_photos();
    for (photo, name, asked) in [
        (&nothing, DetectorName::CascadeCloudVision, 1),
        (&unsure, DetectorName::CascadeCloudVision, 2),
        (&unsure, DetectorName::CascadeEmbedded, 3),
        (&sure, DetectorName::CascadeEmbedded, 3),
    ] {
        let found = detector.find(photo).await.unwrap();
        assert_eq!((found.detector, found.faces.len(), fake.asked().len()), (name, 1, asked));
    }
}
