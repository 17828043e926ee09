//! `GET /api/health` and `GET /stats.json`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use friends_core::model::{Band, Label};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails, log_failure};
use super::{Api, answer, buckets};
use crate::detector::{CloudVision, Spend};
use crate::error::Failure;
use crate::observe::UsageDocument;
use crate::storage::StorageKey;

/// Says how the service is used: numbers of the last days, nothing of a visitor or a photo.
#[utoipa::path(
    get,
    path = "/stats.json",
    responses(
        (status = 200, description = "Counts by day.", body = UsageDocument),
        (
            status = "4XX",
            description = "Nothing was counted yet.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn stats(State(Api { app, .. }): State<Api>) -> Result<Response, Problem> {
    let counts: Option<UsageDocument> =
        buckets(&app)?.json(StorageKey::Stats, "reading the counts").await?;
    Ok(answer(StatusCode::OK, &counts.ok_or_else(Failure::not_found)?))
}

/// What answers here.
#[derive(Serialize, ToSchema)]
pub(super) struct Health<'a> {
    /// Always `ok`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
    model: HealthModel<'a>,
    /// `embedded`, `cloud-vision` or `cascade`.
    detector: &'static str,
    /// Whom visitors write to: a mail address, or one that begins with `https://`.
    contact: Option<&'a str>,
    /// How much of a month's calls of Cloud Vision is used, where there is a cap.
    vision: Option<Spend>,
    /// How Cloud Vision answers, where it is asked: `answering`, `unreachable` or `refusing`.
    vision_condition: Option<&'static str>,
}

/// The bundle that judges.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthModel<'a> {
    /// Its name.
    name: &'a str,
    /// SHA-256 of its manifest.
    sha256: &'a str,
    /// Whom it can name.
    friends: &'a [Label],
    /// How often a score of such a height was right on photos that were left out of training.
    bands: &'a [Band],
}

/// Says what answers here: version, bundle, detector, whom to write to.
#[utoipa::path(
    get,
    path = "/api/health",
    responses((status = 200, description = "The service answers.", body = Health))
)]
pub async fn health(State(Api { app, .. }): State<Api>) -> Response {
    let vision = match app.judge.detector().vision().and_then(CloudVision::quota) {
        Some(quota) => quota.spend(OffsetDateTime::now_utc()).await.inspect_err(log_failure).ok(),
        None => None,
    };
    let bundle = app.judge.bundle();
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        model: HealthModel {
            name: &bundle.manifest.name,
            sha256: &bundle.sha256,
            friends: &bundle.manifest.labels,
            bands: &bundle.manifest.bands,
        },
        detector: app.judge.detector().name(),
        contact: app.contact.as_deref(),
        vision,
        vision_condition: app.judge.detector().vision().map(|vision| vision.condition().name()),
    };
    answer(StatusCode::OK, &health)
}
