//! The static page, as files in the program.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use friends_core::hash::sha256;
use tower_http::compression::CompressionLayer;

/// Scripts, styles and pictures come from here and nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page has no need of.
const PERMISSIONS_POLICY: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/jpeg";
const DRAWING: &str = "image/svg+xml";
const ICON: &str = "image/png";
const MANIFEST: &str = "application/manifest+json";

macro_rules! files {
    ($($path:literal $name:literal $type:ident),* $(,)?) => {
        &[$(($path, $type, include_bytes!(concat!("../web/", $name)))),*]
    };
}

/// Path, type and content of every file of the page.
static FILES: &[(&str, &str, &[u8])] = files![
    "/" "index.html" HTML,
    "/privacy.html" "privacy.html" HTML,
    "/manifest.webmanifest" "manifest.webmanifest" MANIFEST,
    "/icon.svg" "icon.svg" DRAWING,
    "/icon.png" "icon.png" ICON,
    "/style.css" "style.css" STYLE,
    "/app.js" "app.js" SCRIPT,
    "/api.js" "api.js" SCRIPT,
    "/box.js" "box.js" SCRIPT,
    "/card.js" "card.js" SCRIPT,
    "/certainty.js" "certainty.js" SCRIPT,
    "/color.js" "color.js" SCRIPT,
    "/feedback.js" "feedback.js" SCRIPT,
    "/keep.js" "keep.js" SCRIPT,
    "/known.js" "known.js" SCRIPT,
    "/language.js" "language.js" SCRIPT,
    "/photo.js" "photo.js" SCRIPT,
    "/privacy.js" "privacy.js" SCRIPT,
    "/result.js" "result.js" SCRIPT,
    "/share.js" "share.js" SCRIPT,
    "/stats.html" "stats.html" HTML,
    "/stats.js" "stats.js" SCRIPT,
    "/view.js" "view.js" SCRIPT,
    "/words.js" "words.js" SCRIPT,
    "/worker.js" "worker.js" SCRIPT,
    "/demo-serval.jpg" "demo-serval.jpg" PICTURE,
    "/demo-shoebill.jpg" "demo-shoebill.jpg" PICTURE,
    "/demo-raccoon.jpg" "demo-raccoon.jpg" PICTURE,
    "/demo-nobody.jpg" "demo-nobody.jpg" PICTURE,
    "/friends/everyone-wide.jpg" "friends/everyone-wide.jpg" PICTURE,
    "/friends/fennec.jpg" "friends/fennec.jpg" PICTURE,
    "/friends/fennec-small.jpg" "friends/fennec-small.jpg" PICTURE,
    "/friends/fennec-wide.jpg" "friends/fennec-wide.jpg" PICTURE,
    "/friends/ibis.jpg" "friends/ibis.jpg" PICTURE,
    "/friends/ibis-small.jpg" "friends/ibis-small.jpg" PICTURE,
    "/friends/ibis-wide.jpg" "friends/ibis-wide.jpg" PICTURE,
    "/friends/kaban.jpg" "friends/kaban.jpg" PICTURE,
    "/friends/kaban-small.jpg" "friends/kaban-small.jpg" PICTURE,
    "/friends/kaban-wide.jpg" "friends/kaban-wide.jpg" PICTURE,
    "/friends/otter.jpg" "friends/otter.jpg" PICTURE,
    "/friends/otter-small.jpg" "friends/otter-small.jpg" PICTURE,
    "/friends/otter-wide.jpg" "friends/otter-wide.jpg" PICTURE,
    "/friends/raccoon.jpg" "friends/raccoon.jpg" PICTURE,
    "/friends/raccoon-small.jpg" "friends/raccoon-small.jpg" PICTURE,
    "/friends/raccoon-wide.jpg" "friends/raccoon-wide.jpg" PICTURE,
    "/friends/serval.jpg" "friends/serval.jpg" PICTURE,
    "/friends/serval-small.jpg" "friends/serval-small.jpg" PICTURE,
    "/friends/serval-wide.jpg" "friends/serval-wide.jpg" PICTURE,
    "/friends/shoebill.jpg" "friends/shoebill.jpg" PICTURE,
    "/friends/shoebill-small.jpg" "friends/shoebill-small.jpg" PICTURE,
    "/friends/shoebill-wide.jpg" "friends/shoebill-wide.jpg" PICTURE,
];

/// Routes to all files of the page.
pub fn router() -> Router {
    let files = FILES.iter().fold(Router::new(), |router, &(path, kind, content)| {
        // Weak, because the file may travel compressed.
        let tag = format!("W/\"{}\"", &sha256(content)[..16]);
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits can stand in a header");
        router.route(path, get(async move |headers: HeaderMap| file(kind, content, tag, &headers)))
    });
    files.layer(CompressionLayer::new())
}

/// A file, or that the one which the browser has is the same.
fn file(
    kind: &'static str,
    content: &'static [u8],
    tag: HeaderValue,
    asked: &HeaderMap,
) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let caching =
        [(header::ETAG, tag), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (caching, headers, content).into_response()
}
