//! `POST /api/judge`

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use friends_core::geometry::Rect;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{check_bare, discard, queue_full};
use super::problem::{Problem, ProblemDetails};
use super::{Api, answer};
use crate::error::Failure;
use crate::limits::JUDGE_BYTES;
use crate::observe::LogLine;
use crate::pipeline::RegionSource;
use crate::tickets::ResultDocument;

/// What may be asked of a photo.
#[derive(Deserialize, IntoParams)]
pub(super) struct JudgeQuery {
    /// `x,y,width,height` in pixels of the upright photo: this part is judged, and no face is
    /// looked for.
    #[serde(rename = "box")]
    #[param(example = "812,330,640,640")]
    drawn: Option<String>,
}

/// Judges the photo in the body at once and keeps nothing.
#[utoipa::path(
    post,
    path = "/api/judge",
    params(JudgeQuery),
    request_body(
        content = Vec<u8>,
        content_type = "image/*",
        description = "The bytes of a JPEG, PNG, WebP or GIF, 4.5 MB at most."
    ),
    responses(
        (
            status = 200,
            description = "The verdict, without id and expiry.",
            body = ResultDocument
        ),
        (
            status = "4XX",
            description = "The photo cannot be judged, or too many wait (429, with Retry-After).",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn judge(
    State(Api { app, bodies }): State<Api>,
    query: Result<Query<JudgeQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Query(JudgeQuery { drawn }) =
        query.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let source = match drawn {
        Some(text) => RegionSource::Drawn(parse_box(&text)?),
        None => RegionSource::Detect,
    };
    if app.judge.queue_place().is_none() {
        discard(request).await;
        return Err(queue_full().into());
    }
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    // A request takes a place when its photo has arrived, so that slow senders take none.
    let bytes = bodies.read(request, JUDGE_BYTES).await?;
    check_bare(kind.as_ref(), &bytes)?;
    let _place = app.judge.queue_place().ok_or_else(queue_full)?;
    let permit = app.judge.permit().await;
    let document = app.judge.document(bytes, &source, permit).await?;
    app.observer.take(&LogLine::job(None, &document));
    Ok(answer(StatusCode::OK, &document))
}

/// `x,y,w,h` in pixels of the upright photo.
fn parse_box(text: &str) -> Result<Rect, Failure> {
    let refusal = || {
        Failure::bad_request(
            "box must be x,y,w,h: four numbers, in pixels of the upright photo, width and height over 0.",
        )
    };
    let numbers: Vec<f32> = text
        .split(',')
        .map(|n| n.trim().parse().map_err(|_| refusal()))
        .collect::<Result<_, _>>()?;
    match numbers[..] {
        [x, y, width, height]
            if numbers.iter().all(|n| n.is_finite()) && width > 0.0 && height > 0.0 =>
        {
            Ok(Rect { x, y, width, height })
        }
        _ => Err(refusal()),
    }
}
