//! `POST /api/feedback`

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails};
use super::{Api, answer, buckets};
use crate::tickets::feedback::{self, Feedback};

/// That an opinion was kept.
#[derive(Serialize, ToSchema)]
pub(super) struct FeedbackAnswer {
    /// Always `accepted`.
    status: &'static str,
}

/// Keeps what a visitor says of a verdict: right, wrong, and who it is.
///
/// The latest opinion of a face is kept, the first one is counted. A crop is kept for 30 days; an opinion without one deletes
/// an earlier crop of that face.
#[utoipa::path(
    post,
    path = "/api/feedback",
    request_body = Feedback,
    responses(
        (status = 202, description = "The opinion is kept.", body = FeedbackAnswer),
        (
            status = "4XX",
            description = "Another token than the ticket's; no such ticket, face or Friend; or no such crop.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn feedback(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let feedback: Feedback = bodies.read_json(request).await?;
    let kept = feedback::keep(storage, &app.judge.bundle().slugs(), feedback).await?;
    if kept.is_first {
        app.observer.usage().count("feedback", if kept.is_right { "right" } else { "wrong" });
    }
    Ok(answer(StatusCode::ACCEPTED, &FeedbackAnswer { status: "accepted" }))
}
