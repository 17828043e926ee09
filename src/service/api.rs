//! The HTTP API: the same router on Lambda and in `friends serve`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use friends_core::error::{Code, Error, Reason, Rejection};
use friends_core::geometry::Rect;
use friends_core::limits::{RESULT_LIFETIME, WAIT};
use friends_core::model::Label;
use friends_core::photo::{ACCEPTED_TYPES, HEIC_ADVICE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::app::{App, UploadAddress};
use super::body::{check_bare, queue_full};
use super::deletion;
use super::detector::CloudVision;
use super::feedback::{self, Feedback};
use super::pipeline::RegionSource;
use super::report;
use super::result::{Outcome, ResultDocument};
use super::share::{self, ShareRequest};
use super::storage::{Storage, StorageKey, Upload};
use super::ticket::{DeleteToken, TicketId};

/// All routes of the API.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/uploads", post(open_ticket))
        .route("/results/{document}", get(result).delete(delete_result))
        // The same where a CDN reads /results/ from a bucket and sends only /api/ here.
        .route("/api/results/{id}", delete(delete_result))
        .route("/api/judge", post(judge))
        .route("/api/feedback", post(feedback))
        .route("/api/share", post(share))
        .route("/r/{id}", get(share_page))
        .route("/stats.json", get(stats))
        .route("/api/health", get(health))
        .fallback(async || Problem::from(Rejection::not_found()))
        .method_not_allowed_fallback(async || Problem {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Rejection::bad_request("This address does not take that method.").into()
        })
        .layer(axum::middleware::from_fn(reported))
        .with_state(app)
}

/// Answers a request and writes its line.
async fn reported(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (route, device) = (report::route(request.uri().path()), report::device(request.headers()));
    let response = next.run(request).await;
    report::request(route, device, response.status(), started.elapsed());
    response
}

/// `POST /api/uploads`: a ticket and one presigned upload.
async fn open_ticket(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    #[derive(Deserialize)]
    struct OpenTicketRequest {
        content_type: String,
        size_bytes: u64,
    }
    #[derive(Serialize)]
    struct Ticket {
        id: String,
        upload: Upload,
        result_url: String,
        delete_token: String,
    }

    let storage = buckets(&app)?;
    let endpoint = match &app.upload_address {
        UploadAddress::Storage => None,
        UploadAddress::SameHost => Some(format!("http://{}", host(request.headers())?)),
        UploadAddress::Public(url) => Some(url.clone()),
    };
    let wanted: OpenTicketRequest = app.bodies.read_json(request).await?;
    let content_type = accepted_type(&wanted.content_type)?;
    check_size(wanted.size_bytes, app.judge.limits.upload_bytes)?;

    let id = TicketId::random()?;
    let now = OffsetDateTime::now_utc();
    let token = DeleteToken::random()?;
    let document = ResultDocument {
        delete_token_sha256: Some(token.sha256()),
        ..ResultDocument::waiting(id.as_str().to_owned(), now, now + WAIT, now + RESULT_LIFETIME)
    };
    storage.open(&id, &document).await?;
    let upload = storage.presign_upload(&id, content_type, wanted.size_bytes, now, endpoint).await?;
    let result_url = format!("/{}", StorageKey::Result(&id).path());
    tracing::info!(ticket = id.log_name(), photo.size_bytes = wanted.size_bytes, "a ticket was opened");
    Ok(answer(StatusCode::CREATED, &Ticket { id: id.as_str().to_owned(), upload, result_url, delete_token: token.into_string() }))
}

/// `GET /results/<id>.json`: the document; one that waits past its deadline reads as expired.
async fn result(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let id = name.strip_suffix(".json").and_then(TicketId::parse).ok_or_else(Rejection::not_found)?;
    let document = buckets(&app)?.result(&id).await?.ok_or_else(Rejection::not_found)?.document;
    let is_overdue = document.is_overdue(OffsetDateTime::now_utc());
    Ok(answer(StatusCode::OK, &if is_overdue { document.ended(Outcome::Expired) } else { document }))
}

/// `DELETE /results/<id>`: takes a result back. The token that came with the ticket stands in the body, `{"delete_token": "…"}`, or as
/// `Authorization: Bearer`.
async fn delete_result(State(app): State<Arc<App>>, Path(name): Path<String>, request: Request) -> Result<StatusCode, Problem> {
    #[derive(Deserialize)]
    struct DeleteResultRequest {
        delete_token: String,
    }

    let storage = buckets(&app)?;
    let id = TicketId::parse(name.strip_suffix(".json").unwrap_or(&name)).ok_or_else(Rejection::not_found)?;
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = match bearer {
        Some(token) => Some(token.to_owned()),
        None => app.bodies.read_json(request).await.ok().map(|DeleteResultRequest { delete_token }| delete_token),
    };
    let token = token.map(DeleteToken::from).ok_or_else(deletion::refused)?;
    deletion::delete_result(storage, &id, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/judge[?box=x,y,w,h]`: judges the photo in the body and keeps nothing.
async fn judge(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let source = match query_value(request.uri().query(), "box") {
        Some(text) => RegionSource::Drawn(parse_box(&text)?),
        None => RegionSource::Detect,
    };
    if app.judge.queue_place().is_none() {
        app.bodies.discard(request).await;
        return Err(queue_full().into());
    }
    // A place is for those whose photo is here: what drips in keeps nobody out.
    let headers = request.headers().clone();
    let bytes = app.bodies.read(request, app.judge.limits.judge_bytes).await?;
    check_bare(&headers, &bytes)?;
    let _place = app.judge.queue_place().ok_or_else(queue_full)?;
    let permit = app.judge.permit().await;
    let document = app.judge.document(bytes, &source, permit).await?;
    report::job(None, &document);
    Ok(answer(StatusCode::OK, &document))
}

/// `POST /api/feedback`: what a visitor says of a verdict.
async fn feedback(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let said: Feedback = app.bodies.read_json(request).await?;
    feedback::keep(storage, &app.judge.bundle().slugs(), said).await?;
    Ok(answer(StatusCode::ACCEPTED, &json!({"status": "accepted"})))
}

/// `POST /api/share`: a page of who it is, which whoever has its address may read.
async fn share(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let wanted: ShareRequest = app.bodies.read_json(request).await?;
    let url = share::publish(storage, &app.judge.bundle().manifest.labels, wanted).await?;
    Ok(answer(StatusCode::CREATED, &json!({"url": url})))
}

/// `GET /r/<share id>`: that page.
async fn share_page(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = TicketId::parse(&id).ok_or_else(Rejection::not_found)?;
    let page = buckets(&app)?.share_page(&id).await?.ok_or_else(Rejection::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, share::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, page).into_response())
}

/// `GET /stats.json`: how the service is used, see [`usage`](super::usage).
async fn stats(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let counts = buckets(&app)?.json::<Value>(StorageKey::Stats, "reading the counts").await?;
    Ok(answer(StatusCode::OK, &counts.ok_or_else(Rejection::not_found)?))
}

/// `GET /api/health`: version, bundle, detector, whom to write to; how Cloud Vision answers, and what is used of the month's cap, where there are such.
async fn health(State(app): State<Arc<App>>) -> Response {
    let vision = match app.judge.detector().vision().and_then(CloudVision::quota) {
        Some(quota) => quota.spend(OffsetDateTime::now_utc()).await.inspect_err(log_failure).ok(),
        None => None,
    };
    let bundle = app.judge.bundle();
    let friends = bundle.manifest.labels.iter();
    let friends = friends.map(|Label { slug, ja, en, color, line, threshold }| {
        json!({"slug": slug, "ja": ja, "en": en, "color": color, "line": line, "threshold": threshold})
    });
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "model": {
            "name": bundle.manifest.name,
            "sha256": bundle.sha256,
            "friends": friends.collect::<Vec<_>>(),
            "bands": bundle.manifest.bands,
        },
        "detector": app.judge.detector().name(),
        "contact": app.contact,
        "vision": vision,
        "vision_condition": app.judge.detector().vision().map(|vision| vision.condition().name()),
    });
    answer(StatusCode::OK, &body)
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

/// An error as RFC 9457 has it, with our stable `code`.
struct Problem {
    status: StatusCode,
    rejection: Rejection,
    /// With [`Code::TooManyRequests`]: when to come back.
    retry_after: Duration,
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self { status: status(rejection.code), rejection, retry_after: Duration::from_secs(2) }
    }
}

/// The HTTP status that goes with the code.
fn status(code: Code) -> StatusCode {
    match code {
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::PhotoTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::PhotoRejected | Code::PhotoTooCostly => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A short English title, the same for every occurrence of the code.
fn title(code: Code) -> &'static str {
    match code {
        Code::BadRequest => "Bad request",
        Code::Forbidden => "Forbidden",
        Code::NotFound => "Not found",
        Code::PhotoTooLarge => "Photo too large",
        Code::UnsupportedMediaType => "Unsupported media type",
        Code::PhotoRejected => "Photo rejected",
        Code::PhotoTooCostly => "Photo too costly",
        Code::TooManyRequests => "Too many requests",
        Code::Internal => "Internal error",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if !matches!(error, Error::Rejected(_)) {
            log_failure(&error);
        }
        error.public().into()
    }
}

fn log_failure(error: &Error) {
    tracing::error!(error = error.chain(), "a request failed");
}

/// The answer to a request that could not be answered in time.
#[must_use]
pub fn timed_out() -> Response {
    Problem::from(Error::transient("answering a request", "the time for it is over")).into_response()
}

/// The answer to an address that asks too often, and may again after `wait`.
#[must_use]
pub fn rate_limited(wait: Duration) -> Response {
    let rejection =
        Rejection::new(Code::TooManyRequests, "Too many requests came from this address. Please try again in a moment.");
    Problem { retry_after: wait, ..rejection.into() }.into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, rejection, retry_after } = self;
        let mut body = json!({
            "type": "about:blank",
            "title": title(rejection.code),
            "status": status.as_u16(),
            "detail": rejection.message,
            "code": rejection.code,
        });
        if let Some(reason) = rejection.reason {
            body["reason"] = json!(reason);
        }
        let mut response = answer(status, &body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if rejection.code == Code::TooManyRequests {
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

fn buckets(app: &App) -> Result<&Storage, Error> {
    app.storage
        .as_ref()
        .ok_or_else(|| Error::fault("finding the buckets", "FRIENDS_UPLOAD_BUCKET and FRIENDS_SITE_BUCKET are not set"))
}

/// The host that the visitor asked, as far as it can stand in a URL.
fn host(headers: &HeaderMap) -> Result<String, Rejection> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<axum::http::uri::Authority>().ok());
    host.map(|host| host.to_string()).ok_or_else(|| Rejection::bad_request("The request names no host."))
}

/// The declared type without parameters, if photos of that type are taken.
fn accepted_type(declared: &str) -> Result<&'static str, Rejection> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Names that are no standard, and that old systems send all the same.
    let meant = match &*essence {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        _ => &essence,
    };
    ACCEPTED_TYPES.into_iter().find(|accepted| *accepted == meant).ok_or_else(|| {
        if essence.starts_with("image/hei") {
            return Rejection::new(Code::UnsupportedMediaType, HEIC_ADVICE).because(Reason::Heic);
        }
        Rejection::new(Code::UnsupportedMediaType, "Send a JPEG, PNG, WebP or GIF.")
    })
}

fn check_size(bytes: u64, limit: u64) -> Result<(), Rejection> {
    match bytes {
        0 => Err(Rejection::bad_request("size_bytes is 0: there is no photo to send.")),
        bytes if bytes > limit => Err(Rejection::new(
            Code::PhotoTooLarge,
            format!("The photo has {bytes} bytes; at most {limit} are taken. Send a smaller copy."),
        )),
        _ => Ok(()),
    }
}

/// The percent-decoded value of a query parameter.
fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pair = query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_encoding::percent_decode_str(pair).decode_utf8_lossy().into_owned())
}

/// `x,y,w,h` in pixels of the upright photo.
fn parse_box(text: &str) -> Result<Rect, Rejection> {
    let wrong =
        || Rejection::bad_request("box must be x,y,w,h: four numbers, in pixels of the upright photo, width and height over 0.");
    let numbers: Vec<f32> = text.split(',').map(|n| n.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    match numbers[..] {
        [x, y, width, height] if numbers.iter().all(|n| n.is_finite()) && width > 0.0 && height > 0.0 => {
            Ok(Rect { x, y, width, height })
        }
        _ => Err(wrong()),
    }
}
