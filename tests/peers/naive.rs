//! The function without any care for its start or for the size of a photo, for comparison:
//! everything is loaded one after the other before the first request, and a photo is decoded in
//! full by `image`.
//!
//! Built and run by `tests/peers/function.py`.

use friends_core::crop;
use friends_core::face_detector::FaceDetector;
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use friends_service::settings::{Settings, bundle_dir};
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let classifier = bundle_dir::find(None, &Settings::from_environment())
        .classifier()
        .map_err(|error| error.to_string())?;
    let detector = FaceDetector::load()?;
    let (classifier, detector) = (&classifier, &detector);
    run(service_fn(move |request: Request| async move {
        let photo = Photo::from_upright(image::load_from_memory(request.body().as_ref())?.into_rgb8());
        let found = detector.find(&photo)?;
        let mut faces = Vec::new();
        for region in crop::regions(&found, photo.size(), Limits::default().heads) {
            let scores = classifier.scores(&photo, region.area)?;
            let verdict = classifier.bundle().thresholds().judge(&scores, &classifier.bundle().slugs());
            let area = region.area;
            let (x, y, width, height) = (area.x, area.y, area.width, area.height);
            faces.push(json!({"box": {"x": x, "y": y, "width": width, "height": height}, "verdict": verdict, "scores": scores}));
        }
        let answer = json!({"schema": 1, "status": "done", "faces": faces}).to_string();
        Ok::<_, Error>(Response::new(Body::from(answer)))
    }))
    .await
}
