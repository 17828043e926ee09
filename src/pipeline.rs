//! The journey of a photo, from top to bottom.
//!
//! ```text
//! ticket ─► photo ─► faces ─► regions ─► scores ─► verdict ─► result document
//! ```
//!
//! [`judge_upload`] takes a ticket whose photo has arrived to its end. [`Judge::judge`] is the part in the middle, from bytes
//! to a judgement; `/api/judge` and the command line use it alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::crop::{self, Region};
use crate::error::{Code, Error, Rejection};
use crate::face::{Detector, Found};
use crate::geometry::Rect;
use crate::model::Classifier;
use crate::photo::{Limits, Photo};
use crate::result::{DetectorName, JudgedFace, Judgement, Outcome, ResultDocument, Timings};
use crate::storage::{Storage, StoredResult};
use crate::ticket::{TicketId, WAIT};
use crate::verdict;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The ticket ended here and now.
    Ended,
    /// The ticket had ended before, or never was: nothing changed, and the photo is gone.
    Stale,
}

/// Takes a ticket whose photo has arrived to its end: fetch, judge, write the result, delete the photo.
///
/// Safe to call again at any point, by several at once: the first terminal document wins.
///
/// # Errors
/// [`Error::Transient`] when a service did not answer: nothing is lost, call again. Everything else ends the ticket.
pub async fn judge_upload(judge: &Judge, storage: &Storage, id: &TicketId) -> Result<Delivery, Error> {
    let started = Instant::now();
    let Some(ticket) = open_ticket(storage, id).await? else {
        storage.delete_photo(id).await?;
        return Ok(Delivery::Stale);
    };
    let outcome = match judge_photo(judge, storage, id, &ticket, started).await {
        Ok(judgement) => Outcome::Done(judgement),
        Err(Error::Rejected(rejection)) => Outcome::Rejected(rejection),
        Err(error @ Error::Transient { .. }) => return Err(error),
        Err(error @ Error::Fault { .. }) => {
            tracing::error!(ticket = id.log_name(), error = error.chain(), "a photo could not be judged");
            Outcome::Failed(error.public())
        }
    };
    end(storage, id, &ticket, outcome).await
}

/// Ends a ticket as `failed` after the last delivery of its event has failed.
///
/// # Errors
/// As [`judge_upload`].
pub async fn give_up(storage: &Storage, id: &TicketId) -> Result<Delivery, Error> {
    let Some(ticket) = open_ticket(storage, id).await? else {
        storage.delete_photo(id).await?;
        return Ok(Delivery::Stale);
    };
    let apology = Error::transient("judging", "every try failed").public();
    end(storage, id, &ticket, Outcome::Failed(apology)).await
}

/// Ends tickets whose deadline has passed as `expired`; returns how many those were.
///
/// Only tickets that were opened in the `reach` before the oldest one that may still wait are looked at: a regular sweep need not
/// read all results of a week again.
///
/// # Errors
/// When the store does not answer; what was ended stays ended.
pub async fn sweep(storage: &Storage, now: OffsetDateTime, reach: Duration) -> Result<usize, Error> {
    let mut ended = 0;
    let overdue = now - WAIT;
    for id in storage.results_written_in(overdue - reach..overdue).await? {
        if let Some(ticket) = storage.result(&id).await?.filter(|ticket| ticket.document.is_overdue(now)) {
            end(storage, &id, &ticket, Outcome::Expired).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// The ticket's document while it waits. An overdue ticket is ended on the way: readers take it for expired already.
async fn open_ticket(storage: &Storage, id: &TicketId) -> Result<Option<StoredResult>, Error> {
    let Some(ticket) = storage.result(id).await? else { return Ok(None) };
    if ticket.document.is_overdue(OffsetDateTime::now_utc()) {
        end(storage, id, &ticket, Outcome::Expired).await?;
        return Ok(None);
    }
    Ok((ticket.document.status == crate::result::Status::Waiting).then_some(ticket))
}

/// Writes the terminal document if the ticket still waits, then deletes the photo.
async fn end(storage: &Storage, id: &TicketId, ticket: &StoredResult, outcome: Outcome) -> Result<Delivery, Error> {
    let mut document = ticket.document.clone().ended(outcome);
    document.photo_deleted_at = Some(OffsetDateTime::now_utc());
    let won = storage.finish(id, ticket, &document).await?;
    storage.delete_photo(id).await?;
    if won {
        tracing::info!(ticket = id.log_name(), status = ?document.status, "a ticket ended");
    }
    Ok(if won { Delivery::Ended } else { Delivery::Stale })
}

/// Fetches and judges the photo of a waiting ticket.
async fn judge_photo(
    judge: &Judge,
    storage: &Storage,
    id: &TicketId,
    ticket: &StoredResult,
    started: Instant,
) -> Result<Judgement, Error> {
    let _turn = judge.turn().await;
    let Some(bytes) = storage.photo(id, judge.limits.upload_bytes).await? else {
        // Either another delivery has judged and deleted it just now, and its document wins, or it really is gone.
        tracing::warn!(ticket = id.log_name(), opened = %ticket.document.created_at, "the photo is not there any more");
        return Err(Error::fault("fetching a photo", "it is not in the bucket"));
    };
    let fetched = started.elapsed();
    let mut judgement = judge.judge(bytes, &Look::Detect).await?;
    judgement.timings_ms.fetch = millis(fetched);
    judgement.timings_ms.total = millis(started.elapsed());
    Ok(judgement)
}

/// Where to look in a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    /// Where the detector finds faces.
    Detect,
    /// At the box that the caller drew, in pixels of the upright photo.
    Drawn(Rect),
    /// At the whole photo.
    Whole,
}

/// Everything that judging takes: a detector, a classifier, limits, and turns so that memory stays bounded.
pub struct Judge {
    /// What a photo may cost.
    pub limits: Limits,
    detector: Detector,
    classifier: Arc<Classifier>,
    turns: Semaphore,
    queue: Semaphore,
}

/// Callers of `/api/judge` who may wait for their turn; one more is told to come back.
const QUEUE_LENGTH: usize = 32;

impl Judge {
    /// A judge that lets `at_once` photos be in memory at the same time.
    #[must_use]
    pub fn new(detector: Detector, classifier: Classifier, limits: Limits, at_once: usize) -> Self {
        Self {
            limits,
            detector,
            classifier: Arc::new(classifier),
            turns: Semaphore::new(at_once.max(1)),
            queue: Semaphore::new(QUEUE_LENGTH),
        }
    }

    /// Who looks for faces.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// Who tells Friends apart.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Waits until another photo may be held in memory.
    ///
    /// # Panics
    /// Never: the semaphore is not closed.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("the semaphore is never closed")
    }

    /// A place in the queue of those who wait with their photo in hand; `None` when it is full.
    #[must_use]
    pub fn queue_place(&self) -> Option<SemaphorePermit<'_>> {
        self.queue.try_acquire().ok()
    }

    /// From a photo's bytes to who is in it. The same bytes always give the same judgement, but for its timings.
    ///
    /// # Errors
    /// [`Error::Rejected`] for a photo that cannot be judged; anything else is our fault.
    pub async fn judge(&self, bytes: Bytes, look: &Look) -> Result<Judgement, Error> {
        let started = Instant::now();
        let mut timings = Timings::default();

        let limits = self.limits;
        let photo = Arc::new(off_thread("decoding a photo", move || Photo::decode(&bytes, &limits)).await??);
        timings.decode = millis(started.elapsed());

        let found = self.look(&photo, look).await?;
        timings.detect = millis(started.elapsed()) - timings.decode;

        let regions = match *look {
            Look::Detect => crop::regions(&found.faces, photo.size(), self.limits.heads),
            Look::Whole => vec![Region::whole(photo.size())],
            Look::Drawn(rect) => vec![Region::drawn(rect, photo.size()).ok_or_else(|| {
                Rejection::new(Code::BadRequest, "The box lies outside of the photo. Give it in pixels of the upright photo.")
            })?],
        };

        let classifier = Arc::clone(&self.classifier);
        let size = photo.size();
        let faces = off_thread("judging", move || {
            regions.into_iter().map(|region| judge_region(&classifier, &photo, region)).collect::<Result<Vec<_>, _>>()
        })
        .await??;
        timings.total = millis(started.elapsed());
        timings.classify = timings.total - timings.decode - timings.detect;

        Ok(Judgement {
            photo: size.into(),
            detector: found.detector,
            fallback_from: found.fallback_from,
            faces,
            model: self.classifier.bundle().model_name(),
            timings_ms: timings,
        })
    }

    /// Lets the detector look, where anybody wants it to.
    async fn look(&self, photo: &Arc<Photo>, look: &Look) -> Result<Found, Error> {
        match look {
            Look::Detect => self.detector.find(photo).await,
            Look::Drawn(_) | Look::Whole => Ok(Found { faces: Vec::new(), detector: DetectorName::None, fallback_from: None }),
        }
    }

    /// Judges one photo and writes the outcome into a document that is kept nowhere.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub async fn document(&self, bytes: Bytes, look: &Look) -> Result<ResultDocument, Error> {
        let judgement = self.judge(bytes, look).await?;
        Ok(ResultDocument::unkept(Outcome::Done(judgement), OffsetDateTime::now_utc()))
    }
}

/// One region: crop, network, verdict.
fn judge_region(classifier: &Classifier, photo: &Photo, region: Region) -> Result<JudgedFace, Error> {
    let bundle = classifier.bundle();
    let names = bundle.slugs();
    let scores = classifier.scores(photo, region.area)?;
    Ok(JudgedFace {
        area: region.area,
        confidence: region.confidence,
        region: region.kind,
        verdict: bundle.thresholds().judge(&scores, &names),
        scores: verdict::ranked(&scores, &names),
    })
}

/// Runs `work` where it may take its time without holding up anybody's connection.
async fn off_thread<T: Send + 'static>(attempt: &'static str, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|panic| Error::fault(attempt, panic))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
