//! `POST /api/share` and `GET /r/<share id>`

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails};
use super::{Api, answer, buckets};
use crate::error::Failure;
use crate::tickets::ShareId;
use crate::tickets::share_page::{self, ShareRequest};

/// The page that was written.
#[derive(Serialize, ToSchema)]
pub(super) struct Shared {
    /// Its path on this site.
    #[schema(examples("/r/AAAAAAAAAAAAAAAAAAAAAAAA"))]
    url: String,
}

/// Writes a page of who it is, without the photo, which whoever has its address may read.
#[utoipa::path(
    post,
    path = "/api/share",
    request_body = ShareRequest,
    responses(
        (status = 201, description = "The page is there, for as long as the result.", body = Shared),
        (
            status = "4XX",
            description = "Another token than the ticket's, no such ticket, or no verdict.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn share(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let wanted: ShareRequest = bodies.read_json(request).await?;
    let url = share_page::publish(storage, &app.judge.bundle().manifest.labels, wanted).await?;
    Ok(answer(StatusCode::CREATED, &Shared { url }))
}

/// Gives a page that somebody shared.
#[utoipa::path(
    get,
    path = "/r/{share_id}",
    params(("share_id" = String, Path, description = "The page's id, which is not the ticket's.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (
            status = "4XX",
            description = "There is no such page, or it is gone.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn shared(
    State(Api { app, .. }): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = ShareId::parse(&id).ok_or_else(Failure::not_found)?;
    let page = buckets(&app)?.share_page(&id).await?.ok_or_else(Failure::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, share_page::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, page).into_response())
}
