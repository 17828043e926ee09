//! `GET /api/health` and `GET /stats.json`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use friends_core::model::Label;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::problem::{Problem, log_failure};
use super::{Api, answer, buckets};
use crate::detector::CloudVision;
use crate::error::Failure;
use crate::storage::StorageKey;

/// `GET /stats.json`: how the service is used, see [`Usage`](crate::observe::Usage).
pub async fn stats(State(Api { app, .. }): State<Api>) -> Result<Response, Problem> {
    let counts = buckets(&app)?.json::<Value>(StorageKey::Stats, "reading the counts").await?;
    Ok(answer(StatusCode::OK, &counts.ok_or_else(Failure::not_found)?))
}

/// `GET /api/health`: version, bundle, detector, whom to write to; how Cloud Vision answers, and
/// what is used of the month's cap, where there are such.
pub async fn health(State(Api { app, .. }): State<Api>) -> Response {
    let vision = match app.judge.detector().vision().and_then(CloudVision::quota) {
        Some(quota) => quota.spend(OffsetDateTime::now_utc()).await.inspect_err(log_failure).ok(),
        None => None,
    };
    let bundle = app.judge.bundle();
    let friends = bundle.manifest.labels.iter();
    let friends = friends.map(|Label { slug, ja, en, color, line, threshold }| {
        json!({"slug": slug, "ja": ja, "en": en, "color": color, "line": line, "threshold": threshold})
    });
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "model": {
            "name": bundle.manifest.name,
            "sha256": bundle.sha256,
            "friends": friends.collect::<Vec<_>>(),
            "bands": bundle.manifest.bands,
        },
        "detector": app.judge.detector().name(),
        "contact": app.contact,
        "vision": vision,
        "vision_condition": app.judge.detector().vision().map(|vision| vision.condition().name()),
    });
    answer(StatusCode::OK, &body)
}
