//! The journey of a photo, from top to bottom.
//!
//! ```text
//! ticket ─► photo ─► faces ─► regions ─► scores ─► verdict ─► result document
//! ```
//!
//! [`judge_upload`] takes a ticket whose photo has arrived to its end. [`Judge::judge`] is the part
//! in the middle, from bytes to a judgement; `/api/judge` and the command line use it alone.

use std::borrow::Borrow;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use friends_core::crop::{self, Region};
use friends_core::error::{Fault, Rejection};
use friends_core::geometry::Rect;
use friends_core::limits::Limits;
use friends_core::model::{Bundle, Classifier};
use friends_core::photo::Photo;
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::detector::{Detector, Found};
use super::judge_regions::judge_regions;
use super::observe::{LogLine, Observer};
use super::preloaded::Preloaded;
use super::run_blocking::run_blocking;
use super::storage::Storage;
use super::tickets::{Outcome, ResultDocument, StoredResult, TicketId};
use crate::error::{Code, Error, Failure};
use crate::judgement::{DetectorName, Judgement, Note, Timings};
use crate::limits::{QUEUE_LENGTH, UPLOAD_BYTES, WAIT};

/// Takes a ticket whose photo has arrived to its end: fetch, judge, write the result, delete the
/// photo.
///
/// Safe to call again at any point, by several at once: the first terminal document wins.
///
/// # Errors
/// [`Error::Transient`] when a service did not answer: nothing is lost, call again. Everything else
/// ends the ticket.
pub async fn judge_upload(
    judge: &Judge,
    storage: &Storage,
    observer: &Observer,
    id: &TicketId,
) -> Result<(), Error> {
    let started = Instant::now();
    let Some(ticket) = open_ticket(storage, observer, id).await? else { return Ok(()) };
    let outcome = match judge_photo(judge, storage, id, &ticket, started).await {
        Ok(judgement) => Outcome::Done(judgement),
        Err(Error::Rejected(rejection)) => Outcome::Rejected(rejection),
        Err(error @ Error::Transient { .. }) => return Err(error),
        Err(error @ Error::Fault { .. }) => {
            tracing::error!(
                ticket = id.log_name(),
                error = error.chain(),
                "a photo could not be judged"
            );
            Outcome::Failed(error.public())
        }
    };
    end(storage, observer, id, &ticket, outcome).await
}

/// Ends a ticket as `failed` after the last delivery of its event has failed.
///
/// # Errors
/// As [`judge_upload`].
pub async fn give_up(storage: &Storage, observer: &Observer, id: &TicketId) -> Result<(), Error> {
    let Some(ticket) = open_ticket(storage, observer, id).await? else { return Ok(()) };
    let apology = Error::transient("judging", "every try failed").public();
    end(storage, observer, id, &ticket, Outcome::Failed(apology)).await
}

/// Ends tickets whose deadline has passed as `expired`; returns how many those were. Reads open
/// tickets alone.
///
/// A document that cannot be read is logged and passed over: it keeps no other ticket from its end.
///
/// # Errors
/// When the store does not answer; what was ended stays ended.
pub async fn sweep(
    storage: &Storage,
    observer: &Observer,
    now: OffsetDateTime,
) -> Result<usize, Error> {
    let mut ended = 0;
    let mut left_over = None;
    for id in storage.open_since_before(now - WAIT).await? {
        match sweep_one(storage, observer, &id, now).await {
            Ok(expired) => ended += usize::from(expired),
            Err(error) => {
                tracing::error!(
                    ticket = id.log_name(),
                    error = error.chain(),
                    "a ticket could not be swept"
                );
                left_over =
                    left_over.or_else(|| matches!(error, Error::Transient { .. }).then_some(error));
            }
        }
    }
    left_over.map_or(Ok(ended), Err)
}

/// Ends an open ticket if it is overdue; closes it if it has ended, or is gone, and something was
/// left of it.
async fn sweep_one(
    storage: &Storage,
    observer: &Observer,
    id: &TicketId,
    now: OffsetDateTime,
) -> Result<bool, Error> {
    match storage.result(id).await? {
        Some(ticket) if ticket.document.is_overdue(now) => {
            end(storage, observer, id, &ticket, Outcome::Expired).await?;
            Ok(true)
        }
        Some(ticket) if ticket.document.is_waiting() => Ok(false),
        ended => close(storage, id, ended).await.map(|()| false),
    }
}

/// The ticket's document while it waits. An overdue ticket is ended on the way, for readers take it
/// for expired already, and one that has ended, or is gone, is closed.
async fn open_ticket(
    storage: &Storage,
    observer: &Observer,
    id: &TicketId,
) -> Result<Option<StoredResult>, Error> {
    match storage.result(id).await? {
        Some(ticket) if ticket.document.is_overdue(OffsetDateTime::now_utc()) => {
            end(storage, observer, id, &ticket, Outcome::Expired).await?;
        }
        Some(ticket) if ticket.document.is_waiting() => return Ok(Some(ticket)),
        ended => close(storage, id, ended).await?,
    }
    Ok(None)
}

/// Writes the terminal document if the ticket still waits, then deletes the photo, then writes when
/// that was.
async fn end(
    storage: &Storage,
    observer: &Observer,
    id: &TicketId,
    ticket: &StoredResult,
    outcome: Outcome,
) -> Result<(), Error> {
    // A ticket that readers may have taken for expired stays so, however late its verdict comes.
    let late = ticket.document.is_overdue(OffsetDateTime::now_utc());
    let document = ticket.document.clone().ended(if late { Outcome::Expired } else { outcome });
    let ended = storage.replace(id, ticket, document).await?;
    if let Some(ended) = &ended {
        observer.take(&LogLine::job(Some(id), &ended.document));
    }
    close(storage, id, ended).await
}

/// Deletes the photo of a ticket that has ended, or is gone, writes into its document when that was, if
/// it does not say so yet, and closes the ticket. What breaks off is begun anew by the next delivery, or
/// by a sweep.
async fn close(storage: &Storage, id: &TicketId, ended: Option<StoredResult>) -> Result<(), Error> {
    storage.delete_photo(id).await?;
    if let Some(ended) = ended.filter(|ended| ended.document.photo_deleted_at.is_none()) {
        let photo_deleted_at = Some(OffsetDateTime::now_utc());
        let document = ResultDocument { photo_deleted_at, ..ended.document.clone() };
        storage.replace(id, &ended, document).await?;
    }
    storage.close(id).await
}

/// Fetches and judges the photo of a waiting ticket.
async fn judge_photo(
    judge: &Judge,
    storage: &Storage,
    id: &TicketId,
    ticket: &StoredResult,
    started: Instant,
) -> Result<Judgement, Error> {
    let asked = Instant::now();
    let permit = judge.permit().await;
    let queued = asked.elapsed();
    let Some(bytes) = storage.photo(id, UPLOAD_BYTES).await? else {
        // Either another delivery has judged and deleted it just now, and its document wins, or it
        // really is gone.
        tracing::warn!(ticket = id.log_name(), opened = %ticket.document.created_at, "the photo is not there any more");
        return Err(Error::fault("fetching a photo", "it is not in the bucket"));
    };
    let fetched = started.elapsed();
    let mut judgement = judge.judge(bytes, &RegionSource::Detect, permit).await?;
    judgement.timings_ms.queue = millis(queued);
    judgement.timings_ms.fetch = millis(fetched.saturating_sub(queued));
    judgement.timings_ms.total = millis(started.elapsed());
    Ok(judgement)
}

/// Where the regions of a photo that are judged come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RegionSource {
    /// The detector finds faces.
    Detect,
    /// The caller drew a box, in pixels of the upright photo.
    Drawn(Rect),
    /// The whole photo.
    Whole,
}

/// A decoded photo. The permit to hold it goes with it, and is given back when the last work on it
/// is over, whether or not somebody still waits for the verdict.
struct HeldPhoto {
    photo: Photo,
    _permit: OwnedSemaphorePermit,
}

impl Borrow<Photo> for HeldPhoto {
    fn borrow(&self) -> &Photo {
        &self.photo
    }
}

/// Everything that judging takes: a detector, a classifier, limits, and permits so that memory
/// stays bounded.
pub struct Judge {
    /// What a photo may cost.
    pub limits: Limits,
    detector: Detector,
    bundle: Arc<Bundle>,
    classifier: Preloaded<Classifier>,
    permits: Arc<Semaphore>,
    at_once: usize,
    queue: Semaphore,
}

impl Judge {
    /// A judge that lets `at_once` photos be in memory at the same time.
    #[must_use]
    pub fn new(
        detector: Detector,
        bundle: Arc<Bundle>,
        classifier: Preloaded<Classifier>,
        limits: Limits,
        at_once: usize,
    ) -> Self {
        Self {
            limits,
            detector,
            bundle,
            classifier,
            permits: Arc::new(Semaphore::new(at_once.max(1))),
            at_once: at_once.max(1),
            queue: Semaphore::new(QUEUE_LENGTH),
        }
    }

    /// The detector.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The bundle that it judges with.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Waits until both networks are loaded.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn loaded(&self) -> Result<(), Fault> {
        self.detector.embedded().get()?;
        self.classifier.get()?;
        Ok(())
    }

    /// Waits until another photo may be held in memory.
    ///
    /// # Panics
    /// Never: the semaphore is not closed.
    pub async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// A place in the queue of those who wait with their photo in hand; `None` when it is full.
    #[must_use]
    pub fn queue_place(&self) -> Option<SemaphorePermit<'_>> {
        self.queue.try_acquire().ok()
    }

    /// From a photo's bytes to who is in it. The same bytes always give the same judgement, but for
    /// its timings. The permit is given back when the photo has left the memory, also when the
    /// caller stops waiting before that.
    ///
    /// # Errors
    /// [`Error::Rejected`] for a photo that cannot be judged; anything else is our fault.
    pub async fn judge(
        &self,
        bytes: Bytes,
        source: &RegionSource,
        permit: OwnedSemaphorePermit,
    ) -> Result<Judgement, Error> {
        let started = Instant::now();
        let mut timings = Timings::default();

        let limits = self.limits;
        let decoding =
            move || Photo::decode(bytes, &limits).map(|photo| HeldPhoto { photo, _permit: permit });
        let held =
            Arc::new(in_time(limits.time, run_blocking("decoding a photo", decoding)).await???);
        let size = held.photo.size();
        let note = held.photo.is_incomplete().then_some(Note::Incomplete);
        let decoded = started.elapsed();
        timings.decode = millis(decoded);

        let found = self.find(&held, source).await?;
        timings.detect = millis(started.elapsed()) - timings.decode;

        let regions = match *source {
            RegionSource::Detect => crop::regions(&found.faces, size, self.limits.heads),
            RegionSource::Whole => vec![Region::whole(size)],
            RegionSource::Drawn(rect) => vec![Region::drawn(rect, size).ok_or_else(|| {
                Failure::new(
                    Code::BadRequest,
                    "The box lies outside of the photo. Give it in pixels of the upright photo.",
                )
            })?],
        };

        let classifier = self.classifier.clone();
        let threads = self.idle_threads();
        let judging = move || judge_regions(classifier.get()?, &held.photo, &regions, threads);
        let faces = in_time(limits.time.saturating_sub(decoded), run_blocking("judging", judging))
            .await???;
        timings.total = millis(started.elapsed());
        timings.classify = timings.total - timings.decode - timings.detect;

        Ok(Judgement {
            photo: size.into(),
            note,
            detector: found.detector,
            fallback_from: found.fallback_from,
            faces,
            model: self.bundle.model_name(),
            timings_ms: timings,
        })
    }

    /// How many threads a photo may keep busy: one, and those of photos that could be in work and are
    /// not.
    fn idle_threads(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        if self.at_once == 1 {
            return processors;
        }
        (1 + self.permits.available_permits()).min(processors)
    }

    /// Runs the detector if the regions are to come from it.
    async fn find(&self, photo: &Arc<HeldPhoto>, source: &RegionSource) -> Result<Found, Error> {
        match source {
            RegionSource::Detect => self.detector.find(photo).await,
            RegionSource::Drawn(_) | RegionSource::Whole => {
                Ok(Found { faces: Vec::new(), detector: DetectorName::None, fallback_from: None })
            }
        }
    }

    /// Judges one photo and writes the outcome into a document that is kept nowhere.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub async fn document(
        &self,
        bytes: Bytes,
        source: &RegionSource,
        permit: OwnedSemaphorePermit,
    ) -> Result<ResultDocument, Error> {
        let judgement = self.judge(bytes, source, permit).await?;
        Ok(ResultDocument::unkept(Outcome::Done(judgement), OffsetDateTime::now_utc()))
    }
}

/// Waits for work on a photo as long as it may take. Work that goes on after that holds its permit
/// until the bounds of its decoder end it.
async fn in_time<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, Rejection> {
    tokio::time::timeout(time, work).await.map_err(|_| Rejection::too_slow())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
