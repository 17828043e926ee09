//! `POST /api/judge`

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use friends_core::geometry::Rect;

use super::body::{check_bare, discard, queue_full};
use super::problem::Problem;
use super::{Api, answer};
use crate::error::Failure;
use crate::limits::JUDGE_BYTES;
use crate::observe::LogLine;
use crate::pipeline::RegionSource;

/// `POST /api/judge[?box=x,y,w,h]`: judges the photo in the body and keeps nothing.
pub async fn judge(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let source = match query_value(request.uri().query(), "box") {
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

/// The percent-decoded value of a query parameter.
fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pair = query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_encoding::percent_decode_str(pair).decode_utf8_lossy().into_owned())
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
