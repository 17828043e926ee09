//! What the buckets hold of a ticket: its document, its photo, the marker that it is open, its
//! share page.

use bytes::Bytes;
use time::{Duration, OffsetDateTime};

use super::document::ResultDocument;
use super::id::{ShareId, TicketId};
use crate::error::Error;
use crate::storage::{Storage, StorageKey, WriteCondition, json};

/// A result document as stored, with the tag that makes its replacement conditional.
#[derive(Clone, Debug)]
pub struct StoredResult {
    /// The document.
    pub document: ResultDocument,
    etag: String,
}

impl Storage {
    /// Writes the first document of a new ticket, and a marker that it is open.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn open(&self, id: &TicketId, document: &ResultDocument) -> Result<(), Error> {
        let marker = Box::pin(self.put(
            StorageKey::Waiting(id.as_str()),
            Bytes::new(),
            WriteCondition::None,
        ));
        let first = Box::pin(self.put_once(
            StorageKey::Result(id.as_str()),
            json(document)?,
            WriteCondition::Absent,
        ));
        let (_, first) = tokio::try_join!(marker, first)?;
        first.map(|_| ()).ok_or_else(|| Error::fault("opening a ticket", "its id is taken"))
    }

    /// A ticket's document; `None` when the ticket was never issued or has been deleted.
    ///
    /// # Errors
    /// When the store does not answer, or the document is not one of ours.
    pub async fn result(&self, id: &TicketId) -> Result<Option<StoredResult>, Error> {
        let stored = self.get_json(StorageKey::Result(id.as_str()), "reading a result").await?;
        Ok(stored.map(|(document, etag)| StoredResult { document, etag }))
    }

    /// Replaces the document that was read as `before`, and returns the new one as stored; `None`
    /// when another writer was quicker.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn replace(
        &self,
        id: &TicketId,
        before: &StoredResult,
        document: ResultDocument,
    ) -> Result<Option<StoredResult>, Error> {
        let written = self
            .put_once(
                StorageKey::Result(id.as_str()),
                json(&document)?,
                WriteCondition::Unchanged(&before.etag),
            )
            .await?;
        Ok(written.map(|etag| StoredResult { document, etag }))
    }

    /// A ticket's photo; `None` when there is none.
    ///
    /// # Errors
    /// `photo_too_large` over `limit_bytes`, or when the store does not answer.
    pub async fn photo(&self, id: &TicketId, limit_bytes: u64) -> Result<Option<Bytes>, Error> {
        let photo =
            self.get(StorageKey::Upload(id.as_str()), limit_bytes, "fetching a photo").await?;
        Ok(photo.map(|(bytes, _)| bytes))
    }

    /// A share page's HTML; `None` when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn share_page(&self, id: &ShareId) -> Result<Option<Bytes>, Error> {
        let page =
            self.get(StorageKey::Share(id.as_str()), u64::MAX, "reading a share page").await?;
        Ok(page.map(|(bytes, _)| bytes))
    }

    /// Deletes a ticket's photo; it is as good if there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_photo(&self, id: &TicketId) -> Result<(), Error> {
        self.delete(StorageKey::Upload(id.as_str()), "deleting a photo").await
    }

    /// Deletes the marker that a ticket is open, as the last thing that is done for it: as long as
    /// there is one, a sweep comes back to the ticket.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn close(&self, id: &TicketId) -> Result<(), Error> {
        self.delete(StorageKey::Waiting(id.as_str()), "closing a ticket").await
    }

    /// Tickets whose photo lies in the upload bucket: it waits to be judged, or its event got lost.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn uploaded(&self) -> Result<Vec<TicketId>, Error> {
        let listed =
            self.list(StorageKey::UPLOADS, OffsetDateTime::now_utc() + Duration::days(1)).await?;
        Ok(listed.iter().filter_map(|path| TicketId::parse(StorageKey::uploaded(path)?)).collect())
    }

    /// Tickets that were opened before this time and are not closed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_since_before(&self, time: OffsetDateTime) -> Result<Vec<TicketId>, Error> {
        let listed = self.list(StorageKey::WAITING, time).await?;
        Ok(listed.iter().filter_map(|path| TicketId::parse(StorageKey::marked(path)?)).collect())
    }
}
