//! `POST /api/share` and `GET /r/<share id>`

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails};
use super::{Api, answer, buckets, page};
use crate::site_page;
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
            status = 404,
            description = "There is no such page, or it is gone: a page that says so.",
            body = String,
            content_type = "text/html"
        ),
    )
)]
pub async fn shared(
    State(Api { app, .. }): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let written = match ShareId::parse(&id) {
        Some(id) => buckets(&app)?.share_page(&id).await?,
        None => None,
    };
    Ok(match written {
        Some(html) => page(StatusCode::OK, html),
        None => page(StatusCode::NOT_FOUND, site_page::missing()),
    })
}
