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
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use serde::Serialize;
use utoipa::OpenApi;

use self::body::Bodies;
use self::problem::Problem;
pub use self::problem::{rate_limited, timed_out};
use crate::app::App;
use crate::error::{Error, Failure};
use crate::observe::{LogLine, device};
use crate::site_page;
use crate::storage::Storage;

/// What all routes share.
#[derive(Clone)]
struct Api {
    app: Arc<App>,
    bodies: Arc<Bodies>,
}

/// Makes both the router and the description of the API from one list of routes, so that no route
/// stays undescribed. The function never builds the description, and the linker leaves it out.
macro_rules! routes {
    ($($path:literal => $($method:ident $file:ident::$handler:ident),+;)+) => {
        /// All routes of the API.
        fn routes() -> Router<Api> {
            Router::new()
                $(.route($path, MethodRouter::new()$(.$method($file::$handler))+))+
        }

        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "フレンズ判定器 / Friends Judge",
                description = "Send a photo and learn which character the cosplayer is, or \
                               honestly that it is nobody. Errors are RFC 9457 problems with a \
                               stable `code`.",
                license(name = "MIT OR Apache-2.0")
            ),
            paths($($($file::$handler),+),+)
        )]
        struct Description;
    };
}

routes! {
    "/api/uploads" => post uploads::open_ticket;
    "/results/{document}" => get results::result, delete results::delete_result;
    "/api/results/{id}" => delete results::delete_result_behind_cdn;
    "/api/judge" => post judge::judge;
    "/api/feedback" => post feedback::feedback;
    "/api/share" => post share::share;
    "/r/{share_id}" => get share::shared;
    "/stats.json" => get status::stats;
    "/api/health" => get status::health;
}

/// The description of the API, as `/openapi.json` has it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The API.
pub fn router(app: Arc<App>) -> Router {
    routes()
        .fallback(missing)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), observed))
        .with_state(Api { app, bodies: Arc::default() })
}

/// The answer where there is nothing: a page for a reader, a problem for a program.
///
/// A CDN does not pass on what the reader's browser takes, so that the address decides.
async fn missing(method: Method, address: Uri) -> Response {
    let is_call = ["/api/", "/results/"].iter().any(|root| address.path().starts_with(root));
    if is_call || !matches!(method, Method::GET | Method::HEAD) {
        return Problem::from(Failure::not_found()).into_response();
    }
    page(StatusCode::NOT_FOUND, site_page::missing())
}

/// A page that no cache may keep.
fn page(status: StatusCode, html: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, site_page::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, html.into()).into_response()
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
