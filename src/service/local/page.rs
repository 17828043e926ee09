//! The static page, as files in the program.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Scripts, styles and pictures come from here and nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/jpeg";

macro_rules! files {
    ($($path:literal $name:literal $type:ident),* $(,)?) => {
        &[$(($path, $type, include_bytes!(concat!("../../web/", $name)))),*]
    };
}

/// Path, type and content of every file of the page.
static FILES: &[(&str, &str, &[u8])] = files![
    "/" "index.html" HTML,
    "/style.css" "style.css" STYLE,
    "/app.js" "app.js" SCRIPT,
    "/api.js" "api.js" SCRIPT,
    "/box.js" "box.js" SCRIPT,
    "/card.js" "card.js" SCRIPT,
    "/color.js" "color.js" SCRIPT,
    "/feedback.js" "feedback.js" SCRIPT,
    "/keep.js" "keep.js" SCRIPT,
    "/photo.js" "photo.js" SCRIPT,
    "/result.js" "result.js" SCRIPT,
    "/share.js" "share.js" SCRIPT,
    "/view.js" "view.js" SCRIPT,
    "/words.js" "words.js" SCRIPT,
    "/demo-serval.jpg" "demo-serval.jpg" PICTURE,
    "/demo-shoebill.jpg" "demo-shoebill.jpg" PICTURE,
    "/demo-raccoon.jpg" "demo-raccoon.jpg" PICTURE,
    "/demo-nobody.jpg" "demo-nobody.jpg" PICTURE,
    "/friends/everyone-wide.jpg" "friends/everyone-wide.jpg" PICTURE,
    "/friends/fennec.jpg" "friends/fennec.jpg" PICTURE,
    "/friends/fennec-wide.jpg" "friends/fennec-wide.jpg" PICTURE,
    "/friends/ibis.jpg" "friends/ibis.jpg" PICTURE,
    "/friends/ibis-wide.jpg" "friends/ibis-wide.jpg" PICTURE,
    "/friends/kaban.jpg" "friends/kaban.jpg" PICTURE,
    "/friends/kaban-wide.jpg" "friends/kaban-wide.jpg" PICTURE,
    "/friends/otter.jpg" "friends/otter.jpg" PICTURE,
    "/friends/otter-wide.jpg" "friends/otter-wide.jpg" PICTURE,
    "/friends/raccoon.jpg" "friends/raccoon.jpg" PICTURE,
    "/friends/raccoon-wide.jpg" "friends/raccoon-wide.jpg" PICTURE,
    "/friends/serval.jpg" "friends/serval.jpg" PICTURE,
    "/friends/serval-wide.jpg" "friends/serval-wide.jpg" PICTURE,
    "/friends/shoebill.jpg" "friends/shoebill.jpg" PICTURE,
    "/friends/shoebill-wide.jpg" "friends/shoebill-wide.jpg" PICTURE,
];

/// Routes to all files of the page.
pub fn router() -> Router {
    FILES.iter().fold(Router::new(), |router, &(path, kind, content)| router.route(path, get(async move || file(kind, content))))
}

fn file(kind: &'static str, content: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, content).into_response()
}
