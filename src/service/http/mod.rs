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
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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

/// The heading of the API's description.
#[derive(OpenApi)]
#[openapi(info(
    title = "フレンズ判定器 / Friends Judge",
    description = "Send a photo and learn which character the cosplayer is, or honestly that it is \
                   nobody. Errors are RFC 9457 problems with a stable `code`.",
    license(name = "MIT OR Apache-2.0")
))]
struct Heading;

/// All routes of the API, each with its description.
fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Heading::openapi())
        .routes(routes!(uploads::open_ticket))
        .routes(routes!(results::result, results::delete_result))
        .routes(routes!(results::delete_result_behind_cdn))
        .routes(routes!(judge::judge))
        .routes(routes!(feedback::feedback))
        .routes(routes!(share::share))
        .routes(routes!(share::shared))
        .routes(routes!(status::stats))
        .routes(routes!(status::health))
}

/// The description of the API, as `/openapi.json` has it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The API.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(async || Problem::from(Failure::not_found()))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), observed))
        .with_state(Api { app, bodies: Arc::default() })
}

/// Answers a request and writes its line.
async fn observed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The route's pattern, which holds no id.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let device = device::device(request.headers());
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
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
