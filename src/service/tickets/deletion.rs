//! A visitor takes a result back before its time: photo, feedback, share page and result are gone
//! at once.

use crate::error::{Code, Error, Failure};

use super::ResultDocument;
use super::{DeleteToken, TicketId};
use crate::storage::{Storage, StorageKey};

/// Deletes all that is kept of a ticket. The result goes last: until then, another try finds what
/// is left.
///
/// # Errors
/// `not_found` for a ticket that was never issued or is gone, `forbidden` for another token than
/// its own; or when the store does not answer.
pub async fn delete_result(
    storage: &Storage,
    id: &TicketId,
    token: &DeleteToken,
) -> Result<(), Error> {
    let document = document_of(storage, id, token).await?;
    let faces = document.judgement().map_or(0, |judgement| judgement.faces.len());
    storage.delete_photo(id).await?;
    storage.close(id).await?;
    delete_feedback(storage, id, 0..faces).await?;
    delete_share_page(storage, token).await?;
    storage.delete(StorageKey::Result(id.as_str()), "deleting a result").await?;
    // Who wrote an opinion or a page since then looks for the result afterwards. If the result was
    // still there, what was written is here to be found; if not, the writer deletes it.
    delete_feedback(storage, id, 0..faces).await?;
    delete_share_page(storage, token).await?;
    tracing::info!(ticket = id.log_name(), "a result was taken back");
    Ok(())
}

/// Deletes what was said of these faces, with the crops.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn delete_feedback(
    storage: &Storage,
    id: &TicketId,
    faces: impl IntoIterator<Item = usize>,
) -> Result<(), Error> {
    const ATTEMPT: &str = "deleting an opinion";
    for face in faces {
        storage.delete(StorageKey::FeedbackCrop(&id.log_name(), face), ATTEMPT).await?;
        storage.delete(StorageKey::Feedback(&id.log_name(), face), ATTEMPT).await?;
    }
    Ok(())
}

/// Deletes the share page of the ticket with this token.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn delete_share_page(storage: &Storage, token: &DeleteToken) -> Result<(), Error> {
    storage.delete(StorageKey::Share(token.share_id().as_str()), "deleting a share page").await
}

/// The document of a ticket, for the one who opened it.
///
/// # Errors
/// `not_found` for a ticket that was never issued or is gone, `forbidden` for another token than
/// its own; or when the store does not answer.
pub async fn document_of(
    storage: &Storage,
    id: &TicketId,
    token: &DeleteToken,
) -> Result<ResultDocument, Error> {
    let document = storage.result(id).await?.ok_or_else(Failure::not_found)?.document;
    if document.delete_token_sha256 == Some(token.sha256()) {
        Ok(document)
    } else {
        Err(refused().into())
    }
}

/// The answer to another token, or to none.
#[must_use]
pub fn refused() -> Failure {
    Failure::new(
        Code::Forbidden,
        "Only who opened the ticket can do this: the delete_token does not belong to it.",
    )
}
