//! The HTTP API: the same router on Lambda and in `friends serve`. One file holds each route.

pub mod body;
mod feedback;
mod judge;
mod problem;
mod results;
mod share;
mod status;
mod uploads;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use serde::Serialize;

use self::body::Bodies;
use self::problem::Problem;
pub use self::problem::{rate_limited, timed_out};
use crate::app::App;
use crate::error::{Error, Failure};
use crate::observe::{LogLine, device};
use crate::storage::Storage;

/// What all routes share.
#[derive(Clone)]
struct Api {
    app: Arc<App>,
    bodies: Arc<Bodies>,
}

/// All routes of the API.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/uploads", post(uploads::open_ticket))
        .route("/results/{document}", get(results::result).delete(results::delete_result))
        // The same where a CDN reads /results/ from a bucket and sends only /api/ here.
        .route("/api/results/{id}", delete(results::delete_result))
        .route("/api/judge", post(judge::judge))
        .route("/api/feedback", post(feedback::feedback))
        .route("/api/share", post(share::share))
        .route("/r/{id}", get(share::shared))
        .route("/stats.json", get(status::stats))
        .route("/api/health", get(status::health))
        .fallback(async || Problem::from(Failure::not_found()))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), observed))
        .with_state(Api { app, bodies: Arc::default() })
}

/// Answers a request and writes its line.
async fn observed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (route, device) = (device::route(request.uri().path()), device::device(request.headers()));
    let response = next.run(request).await;
    app.observer.take(&LogLine::request(route, device, response.status(), started.elapsed()));
    response
}

/// A JSON answer that no cache may keep.
fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("our own types can be written as JSON");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, bytes).into_response()
}

fn buckets(app: &App) -> Result<&Storage, Error> {
    app.storage.as_ref().ok_or_else(|| {
        Error::fault(
            "finding the buckets",
            "FRIENDS_UPLOAD_BUCKET and FRIENDS_SITE_BUCKET are not set",
        )
    })
}
