//! `POST /api/uploads`

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use friends_core::error::Reason;
use friends_core::photo::{ACCEPTED_TYPES, HEIC_ADVICE};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails};
use super::{Api, answer, buckets};
use crate::app::UploadAddress;
use crate::error::{Code, Failure};
use crate::limits::{RESULT_LIFETIME, UPLOAD_BYTES, WAIT};
use crate::storage::{StorageKey, Upload};
use crate::tickets::{DeleteToken, ResultDocument, TicketId};

/// The photo that is to come.
#[derive(Deserialize, ToSchema)]
pub(super) struct OpenTicketRequest {
    /// `image/jpeg`, `image/png`, `image/webp` or `image/gif`.
    #[schema(examples("image/jpeg"))]
    content_type: String,
    /// Bytes of the photo, 15 MiB at most.
    #[schema(minimum = 1, maximum = 15_728_640)]
    size_bytes: u64,
}

/// A ticket: one upload, and where its result will be.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// The ticket's id; whoever knows it may read the result.
    id: String,
    upload: Upload,
    /// Where the result document is from now on, as a path of this site.
    #[schema(examples("/results/AAAAAAAAAAAAAAAAAAAAAAAA.json"))]
    result_url: String,
    /// Whoever has it may take the result back and share it; this answer alone carries it.
    delete_token: String,
}

/// Opens a ticket, with one presigned upload.
///
/// Send the photo by `PUT` to `upload.url` with exactly `upload.headers`, within five minutes; then
/// ask for `result_url` until its `status` is no longer `waiting`. A second upload answers 412.
#[utoipa::path(
    post,
    path = "/api/uploads",
    request_body = OpenTicketRequest,
    responses(
        (status = 201, description = "The ticket waits for its photo.", body = Ticket),
        (
            status = "4XX",
            description = "The photo may not be sent: its type, its size.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn open_ticket(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let endpoint = match &app.upload_address {
        UploadAddress::Storage => None,
        UploadAddress::SameHost => Some(format!("http://{}", host(request.headers())?)),
        UploadAddress::Public(url) => Some(url.clone()),
    };
    let wanted: OpenTicketRequest = bodies.read_json(request).await?;
    let content_type = accepted_type(&wanted.content_type)?;
    check_size(wanted.size_bytes, UPLOAD_BYTES)?;

    let id = TicketId::random()?;
    let now = OffsetDateTime::now_utc();
    let token = DeleteToken::random()?;
    let document = ResultDocument {
        delete_token_sha256: Some(token.sha256()),
        ..ResultDocument::waiting(id.as_str().to_owned(), now, now + WAIT, now + RESULT_LIFETIME)
    };
    storage.open(&id, &document).await?;
    let upload = storage
        .presign_upload(
            StorageKey::Upload(id.as_str()),
            content_type,
            wanted.size_bytes,
            now,
            endpoint,
        )
        .await?;
    let result_url = format!("/{}", StorageKey::Result(id.as_str()).path());
    tracing::info!(
        ticket = id.log_name(),
        photo.size_bytes = wanted.size_bytes,
        "a ticket was opened"
    );
    Ok(answer(
        StatusCode::CREATED,
        &Ticket {
            id: id.as_str().to_owned(),
            upload,
            result_url,
            delete_token: token.into_string(),
        },
    ))
}

/// The host that the visitor asked, as far as it can stand in a URL.
fn host(headers: &HeaderMap) -> Result<String, Failure> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok()?.parse::<axum::http::uri::Authority>().ok());
    host.map(|host| host.to_string())
        .ok_or_else(|| Failure::bad_request("The request names no host."))
}

/// The declared type without parameters, if photos of that type are taken.
fn accepted_type(declared: &str) -> Result<&'static str, Failure> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Names that are no standard, and that old systems send all the same.
    let meant = match &*essence {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        _ => &essence,
    };
    ACCEPTED_TYPES.into_iter().find(|accepted| *accepted == meant).ok_or_else(|| {
        if essence.starts_with("image/hei") {
            return Failure::new(Code::UnsupportedMediaType, HEIC_ADVICE).because(Reason::Heic);
        }
        Failure::new(Code::UnsupportedMediaType, "Send a JPEG, PNG, WebP or GIF.")
    })
}

fn check_size(bytes: u64, limit: u64) -> Result<(), Failure> {
    match bytes {
        0 => Err(Failure::bad_request("size_bytes is 0: there is no photo to send.")),
        bytes if bytes > limit => Err(Failure::new(
            Code::PhotoTooLarge,
            format!("The photo has {bytes} bytes; at most {limit} are taken. Send a smaller copy."),
        )),
        _ => Ok(()),
    }
}
