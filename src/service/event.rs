//! The events that reach us without a visitor waiting for the answer: S3 notifications, the sweep's
//! schedule, and events that Lambda has given up, from the failure queue.

use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::SqsEvent;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use time::OffsetDateTime;

use super::app::App;
use super::pipeline;
use super::storage::{Storage, StorageKey};
use crate::error::Error;
use crate::tickets::TicketId;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Photos have arrived.
    Uploaded(Vec<TicketId>),
    /// Photos whose event failed every time.
    GivenUp(Vec<TicketId>),
    /// Time to end overdue tickets.
    Sweep,
}

impl Event {
    /// Reads an event as AWS delivers it. Records that are not photos in our upload bucket are
    /// passed over.
    ///
    /// An event that was given up comes as the envelope of an on-failure destination, or as it is,
    /// in messages of a queue.
    ///
    /// # Errors
    /// For events that are none of these.
    pub fn parse(event: &Value, uploads_bucket: &str) -> Result<Self, Error> {
        const ATTEMPT: &str = "reading an event";
        if event["detail-type"] == "Scheduled Event" {
            return Ok(Self::Sweep);
        }
        // Sent once when a notification is set up, and never again.
        if event["Event"] == "s3:TestEvent" {
            return Ok(Self::Uploaded(Vec::new()));
        }
        if event["requestContext"]["condition"].is_string() {
            return Ok(Self::parse(&event["requestPayload"], uploads_bucket)?.given_up());
        }
        if event["Records"][0]["eventSource"] == "aws:sqs" {
            let messages: SqsEvent = serde_json::from_value(event.clone())
                .map_err(|error| Error::fault(ATTEMPT, error))?;
            let mut tickets = Vec::new();
            for message in messages.records {
                let body = serde_json::from_str(message.body.as_deref().unwrap_or_default());
                let body: Value = body.map_err(|error| {
                    Error::fault("reading a message of the failure queue", error)
                })?;
                tickets.extend(Self::parse(&body, uploads_bucket)?.into_tickets());
            }
            return Ok(Self::GivenUp(tickets));
        }
        let notification: S3Event =
            serde_json::from_value(event.clone()).map_err(|error| Error::fault(ATTEMPT, error))?;
        let photo = |record: &aws_lambda_events::event::s3::S3EventRecord| {
            let created =
                record.event_name.as_deref().is_some_and(|name| name.starts_with("ObjectCreated:"));
            let ours = record.s3.bucket.name.as_deref() == Some(uploads_bucket);
            (created && ours).then(|| {
                TicketId::parse(StorageKey::uploaded(&decode_key(
                    record.s3.object.key.as_deref()?,
                ))?)
            })?
        };
        Ok(Self::Uploaded(notification.records.iter().filter_map(photo).collect()))
    }

    /// What is left to do when this event failed every time. A sweep that failed needs nothing: the
    /// next one does its work.
    fn given_up(self) -> Self {
        Self::GivenUp(self.into_tickets())
    }

    fn into_tickets(self) -> Vec<TicketId> {
        match self {
            Self::Uploaded(tickets) | Self::GivenUp(tickets) => tickets,
            Self::Sweep => Vec::new(),
        }
    }
}

/// Keys arrive form-encoded: spaces as `+`, everything unusual as `%xx`.
fn decode_key(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Reads an event as AWS delivers it and does what it asks for.
///
/// # Errors
/// For what is no event of ours, and as [`run`].
pub async fn handle(app: &App, event: &Value) -> Result<(), Error> {
    run(app, Event::parse(event, storage(app)?.uploads_bucket())?).await
}

/// Does what the event asks for. Every photo gets its try even when another one fails.
///
/// # Errors
/// When anything is left to be tried again: the caller passes the error on, so that the event is
/// delivered once more.
pub async fn run(app: &App, event: Event) -> Result<(), Error> {
    let (storage, observer) = (storage(app)?, &app.observer);
    let handled = match event {
        Event::Sweep => {
            let ended = pipeline::sweep(storage, observer, OffsetDateTime::now_utc()).await?;
            tracing::info!(tickets.expired = ended, "swept overdue tickets");
            Ok(())
        }
        Event::Uploaded(tickets) => {
            each(&tickets, |id| pipeline::judge_upload(&app.judge, storage, observer, id)).await
        }
        Event::GivenUp(tickets) => {
            each(&tickets, |id| pipeline::give_up(storage, observer, id)).await
        }
    };
    // Nobody waits any more: the verdict is written.
    observer.usage().write(storage, false).await;
    handled
}

fn storage(app: &App) -> Result<&Storage, Error> {
    app.storage.as_ref().ok_or_else(|| {
        Error::fault(
            "handling an event",
            "FRIENDS_UPLOAD_BUCKET and FRIENDS_SITE_BUCKET are not set",
        )
    })
}

/// Does `work` for each ticket, whatever becomes of the others.
async fn each<'a, F: Future<Output = Result<(), Error>>>(
    tickets: &'a [TicketId],
    work: impl Fn(&'a TicketId) -> F,
) -> Result<(), Error> {
    let mut left_over = None;
    for id in tickets {
        if let Err(error) = work(id).await {
            tracing::warn!(ticket = id.log_name(), error = error.chain(), "to be tried again");
            left_over = Some(error);
        }
    }
    left_over.map_or(Ok(()), Err)
}
