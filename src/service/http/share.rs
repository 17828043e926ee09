//! `POST /api/share` and `GET /r/<share id>`

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::problem::Problem;
use super::{Api, answer, buckets};
use crate::error::Failure;
use crate::tickets::ShareId;
use crate::tickets::share_page::{self, ShareRequest};

/// `POST /api/share`: a page of who it is, which whoever has its address may read.
pub async fn share(
    State(Api { app, bodies }): State<Api>,
    request: Request,
) -> Result<Response, Problem> {
    let storage = buckets(&app)?;
    let wanted: ShareRequest = bodies.read_json(request).await?;
    let url = share_page::publish(storage, &app.judge.bundle().manifest.labels, wanted).await?;
    Ok(answer(StatusCode::CREATED, &json!({"url": url})))
}

/// `GET /r/<share id>`: that page.
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
