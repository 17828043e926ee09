//! `POST /api/feedback`

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::problem::Problem;
use super::{Api, answer, buckets};
use crate::tickets::feedback::{self, Feedback};

/// `POST /api/feedback`: what a visitor says of a verdict.
pub async fn feedback(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let feedback: Feedback = bodies.read_json(request).await?;
    let is_right = feedback::keep(storage, &app.judge.bundle().slugs(), feedback).await?;
    app.observer.usage().count("feedback", if is_right { "right" } else { "wrong" });
    Ok(answer(StatusCode::ACCEPTED, &json!({"status": "accepted"})))
}
