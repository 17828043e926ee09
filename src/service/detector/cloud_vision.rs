//! Google Cloud Vision, `images:annotate` with `FACE_DETECTION`.
//!
//! The photo is shrunk before it leaves. The key travels in the query, as the REST reference has
//! it, and is kept out of every error. Passing faults are tried again a few times, within one
//! deadline for all tries.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use friends_core::face::Face;
use friends_core::geometry::Rect;
use friends_core::photo::Photo;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::breaker::{Breaker, Condition};
use super::quota::Quota;
use crate::error::Error;
use crate::run_blocking::run_blocking;

/// The address of Cloud Vision.
pub const DEFAULT_URL: &str = "https://vision.googleapis.com";
/// Longer side of the photo that is sent; the reference recommends 1600 by 1200 for faces.
const SENT_SIDE: u32 = 1600;
/// JPEG quality of the photo that is sent.
const SENT_QUALITY: u8 = 88;
/// Faces asked for; overlapping ones are still to be sorted out.
const MAX_RESULTS: u32 = 50;
/// Time for one try.
const TRY_TIMEOUT: Duration = Duration::from_secs(4);
/// Time for all tries together.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(9);
/// Tries in all.
const TRIES: u32 = 3;
/// The pause before the second try; it doubles, and up to as much again is added at random.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
/// gRPC status codes that may pass: deadline exceeded, resource exhausted, internal, unavailable.
const RETRYABLE_CODES: [i64; 4] = [4, 8, 13, 14];
/// What fails when it fails.
const ATTEMPT: &str = "asking Cloud Vision";

/// A client for Cloud Vision.
pub struct CloudVision {
    http: reqwest::Client,
    endpoint: String,
    key: String,
    quota: Option<Quota>,
    breaker: Breaker,
}

impl CloudVision {
    /// A client that asks the service at `url` with an API key, as often as `quota` allows.
    #[must_use]
    pub fn new(http: reqwest::Client, url: &str, key: String, quota: Option<Quota>) -> Self {
        Self {
            http,
            endpoint: format!("{}/v1/images:annotate", url.trim_end_matches('/')),
            key,
            quota,
            breaker: Breaker::default(),
        }
    }

    /// How it has answered last.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.breaker.condition()
    }

    /// What keeps the month's calls under a cap, if anything does.
    #[must_use]
    pub fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }

    /// The faces in a photo, in no order.
    ///
    /// # Errors
    /// [`Error::Transient`] when no try succeeded, or none did for an earlier photo in the last
    /// minute; [`Error::Fault`] when Vision refuses the request (a wrong key, say) or the month's
    /// cap is reached.
    pub async fn find<P: Borrow<Photo> + Send + Sync + 'static>(
        &self,
        photo: &Arc<P>,
    ) -> Result<Vec<Face>, Error> {
        if !self.breaker.lets_through() {
            return Err(Error::transient(ATTEMPT, "it has failed in the last minute"));
        }
        let full = (**photo).borrow().size();
        let sent = full.shrunk_to(SENT_SIDE);
        let shrunk = Arc::clone(photo);
        let encoding = move || (*shrunk).borrow().to_jpeg(sent, SENT_QUALITY);
        let content = run_blocking("encoding the photo for Cloud Vision", encoding).await??;
        let body = json!({"requests": [{
            "image": {"content": STANDARD.encode(content)},
            "features": [{"type": "FACE_DETECTION", "maxResults": MAX_RESULTS}],
        }]});
        // When the store gives no call, that is no failure of Vision.
        self.take_call().await?;
        let answer = tokio::time::timeout(TOTAL_TIMEOUT, self.ask(&body)).await;
        let answer = answer.unwrap_or_else(|elapsed| Err(Error::transient(ATTEMPT, elapsed)));
        match &answer {
            Ok(_) => {
                self.breaker.note(Condition::Answering);
            }
            Err(Error::Transient { .. }) => {
                self.breaker.note(Condition::Unreachable);
            }
            // A refusal has been noted already.
            Err(_) => {}
        }
        let answer = answer?;
        let horizontal = full.width as f32 / sent.width as f32;
        let vertical = full.height as f32 / sent.height as f32;
        Ok(answer
            .iter()
            .filter_map(FaceAnnotation::face)
            .map(|face| Face { rect: face.rect.scaled(horizontal, vertical), ..face })
            // It guesses where a face goes on beyond the border, and now and then sees one that
            // lies there as a whole.
            .filter(|face| face.rect.intersection(full.rect()).is_some())
            .collect())
    }

    /// Asks with the call that was taken, and with more as long as there are such, until an answer
    /// comes or the tries are used up.
    async fn ask(&self, body: &serde_json::Value) -> Result<Vec<FaceAnnotation>, Error> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let end = self.try_once(body).await;
            if !matches!(end, Err(Error::Transient { .. })) {
                return end;
            }
            tokio::time::sleep(with_jitter(pause)).await;
            pause *= 2;
            if self.take_call().await.is_err() {
                return end;
            }
        }
        self.try_once(body).await
    }

    /// Takes one of the month's calls, if they are counted.
    async fn take_call(&self) -> Result<(), Error> {
        match &self.quota {
            Some(quota) if !Box::pin(quota.take(OffsetDateTime::now_utc())).await? => {
                Err(Error::fault(ATTEMPT, "the cap of this month's calls is reached"))
            }
            _ => Ok(()),
        }
    }

    async fn try_once(&self, body: &serde_json::Value) -> Result<Vec<FaceAnnotation>, Error> {
        // The URL holds the key, so that the error must not hold the URL.
        let passing = |error: reqwest::Error| Error::transient(ATTEMPT, error.without_url());
        let request = self
            .http
            .post(&self.endpoint)
            .query(&[("key", &self.key)])
            .timeout(TRY_TIMEOUT)
            .json(body);
        let response = request.send().await.map_err(passing)?;
        let status = response.status();
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(Error::transient(ATTEMPT, format!("it answered {status}")));
        }
        if !status.is_success() {
            let refusal = Error::fault(
                ATTEMPT,
                format!("it answered {status}; check the key and that the API is enabled"),
            );
            if self.breaker.note(Condition::Refusing) {
                tracing::error!(error = refusal.chain(), "Cloud Vision refuses our requests");
            }
            return Err(refusal);
        }
        let answer: Answer = response.json().await.map_err(passing)?;
        match answer.responses.into_iter().next().unwrap_or_default() {
            Annotation { error: Some(status), .. } if RETRYABLE_CODES.contains(&status.code) => {
                Err(Error::transient(
                    ATTEMPT,
                    format!("status {}: {}", status.code, status.message),
                ))
            }
            Annotation { error: Some(status), .. } => {
                Err(Error::fault(ATTEMPT, format!("status {}: {}", status.code, status.message)))
            }
            annotation => Ok(annotation.face_annotations),
        }
    }
}

/// `pause` and up to as much again, so that many clients do not come back in step.
fn with_jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(0);
    pause + pause.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Every field may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    responses: Vec<Annotation>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Annotation {
    face_annotations: Vec<FaceAnnotation>,
    error: Option<Status>,
}

/// An error of one response arrives with HTTP status 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: i64,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FaceAnnotation {
    /// Frames the head loosely.
    bounding_poly: Poly,
    /// Frames the skin only.
    fd_bounding_poly: Poly,
    detection_confidence: f32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Poly {
    vertices: Vec<Vertex>,
}

/// A coordinate that is zero, or outside of the picture, is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Vertex {
    x: f32,
    y: f32,
}

impl FaceAnnotation {
    fn face(&self) -> Option<Face> {
        let rect = self.fd_bounding_poly.rect().or_else(|| self.bounding_poly.rect())?;
        Some(Face { rect, confidence: self.detection_confidence.clamp(0.0, 1.0) })
    }
}

impl Poly {
    /// The smallest rectangle around all vertices, if it has an area.
    fn rect(&self) -> Option<Rect> {
        let bounds = |values: fn(&Vertex) -> f32| {
            let values = self.vertices.iter().map(values);
            (values.clone().fold(f32::INFINITY, f32::min), values.fold(f32::NEG_INFINITY, f32::max))
        };
        let ((left, right), (top, bottom)) = (bounds(|v| v.x), bounds(|v| v.y));
        (right > left && bottom > top).then(|| Rect::new(left, top, right - left, bottom - top))
    }
}
