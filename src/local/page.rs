//! The static page, as files in the program.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use rust_embed::Embed;
use tower_http::compression::CompressionLayer;

/// Scripts, styles and pictures come from here and nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page has no need of.
const PERMISSIONS_POLICY: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Every file of the page.
#[derive(Embed)]
#[folder = "../web"]
struct Files;

/// What stands before the picture of the start page's link preview.
const PREVIEW: &str = "property=\"og:image\" content=\"";

/// Routes to all files of the page; `index.html` stands for its folder.
///
/// `site` is where visitors reach the page, without a slash at its end: link previews need whole
/// addresses.
pub fn router(site: Option<&str>) -> Router {
    let files = Files::iter().fold(Router::new(), |router, name| {
        let file = Files::get(&name).expect("it was listed");
        // Weak, because the file may travel compressed.
        let hash = file.metadata.sha256_hash();
        let tag: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("W/\"{tag}\"");
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits can stand in a header");
        let mut content = Bytes::from(file.data.into_owned());
        if let Some(site) = site.filter(|_| name == "index.html") {
            let page = String::from_utf8_lossy(&content);
            content = page.replacen(PREVIEW, &format!("{PREVIEW}{site}/"), 1).into();
        }
        let kind = media_type(&name);
        let path = format!("/{}", name.strip_suffix("index.html").unwrap_or(&name));
        let answer = async move |headers: HeaderMap| answer(kind, content, tag, &headers);
        router.route(&path, get(answer))
    });
    files.layer(CompressionLayer::new())
}

/// The media type by the ending of a file's name, as infra/stack.py gives it.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("jpg") => "image/jpeg",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// A file, or that the one which the browser has is the same.
fn answer(kind: &'static str, content: Bytes, tag: HeaderValue, asked: &HeaderMap) -> Response {
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
