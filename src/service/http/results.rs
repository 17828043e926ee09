//! `GET` and `DELETE /results/<id>`

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDetails};
use super::{Api, answer, buckets};
use crate::error::Failure;
use crate::tickets::{DeleteToken, Outcome, ResultDocument, TicketId, deletion};

/// Gives the result document of a ticket.
///
/// It is there from the moment that the ticket is, for seven days. One that waits past its deadline
/// reads as expired.
#[utoipa::path(
    get,
    path = "/results/{document}",
    params(("document" = String, Path, description = "The ticket's id, and `.json`.")),
    responses(
        (status = 200, description = "Where the ticket stands.", body = ResultDocument),
        (
            status = "4XX",
            description = "The ticket was never issued, or its result is gone.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn result(
    State(Api { app, .. }): State<Api>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let id = name.strip_suffix(".json").and_then(TicketId::parse).ok_or_else(Failure::not_found)?;
    let document = buckets(&app)?.result(&id).await?.ok_or_else(Failure::not_found)?.document;
    let is_overdue = document.is_overdue(OffsetDateTime::now_utc());
    Ok(answer(
        StatusCode::OK,
        &if is_overdue { document.ended(Outcome::Expired) } else { document },
    ))
}

/// What proves that one opened the ticket.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeleteResultRequest {
    /// The token that came with the ticket.
    delete_token: String,
}

/// Deletes a result at once, with its share page and what was said of it.
///
/// The token stands in the body, or in the header `Authorization: Bearer`. Where a CDN reads
/// `/results/` from a bucket, as in the stack, this is `DELETE /api/results/{id}`.
#[utoipa::path(
    delete,
    path = "/results/{document}",
    params(("document" = String, Path, description = "The ticket's id, with or without `.json`.")),
    request_body = Option<DeleteResultRequest>,
    responses(
        (status = 204, description = "All of it is gone."),
        (
            status = "4XX",
            description = "Another token than the ticket's, or no such ticket.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn delete_result(
    State(Api { app, bodies }): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let storage = buckets(&app)?;
    let id = TicketId::parse(name.strip_suffix(".json").unwrap_or(&name))
        .ok_or_else(Failure::not_found)?;
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = match bearer {
        Some(token) => Some(token.to_owned()),
        None => bodies
            .read_json(request)
            .await
            .ok()
            .map(|DeleteResultRequest { delete_token }| delete_token),
    };
    let token = token.map(DeleteToken::from).ok_or_else(deletion::refused)?;
    deletion::delete_result(storage, &id, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a result: the same as `DELETE /results/{id}`, under an address that no CDN reads from a
/// bucket.
#[utoipa::path(
    delete,
    path = "/api/results/{id}",
    params(("id" = String, Path, description = "The ticket's id.")),
    request_body = Option<DeleteResultRequest>,
    responses(
        (status = 204, description = "All of it is gone."),
        (
            status = "4XX",
            description = "Another token than the ticket's, or no such ticket.",
            body = ProblemDetails,
            content_type = "application/problem+json"
        ),
    )
)]
pub async fn delete_result_behind_cdn(
    api: State<Api>,
    id: Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    delete_result(api, id, request).await
}
