//! `GET` and `DELETE /results/<id>`

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use time::OffsetDateTime;

use super::problem::Problem;
use super::{Api, answer, buckets};
use crate::error::Failure;
use crate::tickets::{DeleteToken, Outcome, TicketId, deletion};

/// `GET /results/<id>.json`: the document; one that waits past its deadline reads as expired.
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

/// `DELETE /results/<id>`: takes a result back. The token that came with the ticket stands in the
/// body, `{"delete_token": "…"}`, or as `Authorization: Bearer`.
pub async fn delete_result(
    State(Api { app, bodies }): State<Api>,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    #[derive(Deserialize)]
    struct DeleteResultRequest {
        delete_token: String,
    }

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
