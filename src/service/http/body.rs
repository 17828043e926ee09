//! Bodies of requests: how long they may take to arrive, and what of them is kept.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use friends_core::error::Reason;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::{Code, Failure};
use crate::limits::{
    ARRIVING_BYTES, BODY_BYTES_PER_SECOND, BODY_GRACE, BODY_TIMEOUT, DRAINED_BYTES, JSON_BYTES,
    SMALL_BODY_BYTES,
};

/// How fast a body must come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    start: Instant,
    total: Duration,
}

impl Pace {
    /// A body that may begin now and must have arrived within `total`.
    #[must_use]
    pub fn new(total: Duration) -> Self {
        Self { start: Instant::now(), total }
    }

    /// When the next piece must have come, after `received` bytes.
    #[must_use]
    pub fn next_by(&self, received: usize) -> Instant {
        let earned = Duration::from_secs_f64(received as f64 / f64::from(BODY_BYTES_PER_SECOND));
        self.start + self.total.min(BODY_GRACE + earned)
    }
}

/// Memory for the bodies that are arriving.
///
/// The first [`SMALL_BODY_BYTES`] of each are not counted: large bodies that stall must not keep
/// small requests out, of which no more can arrive than there are connections.
#[derive(Debug)]
pub struct Bodies {
    /// A unit is a kibibyte.
    room: Semaphore,
}

/// Units of room that so many bytes of a body take.
fn units(bytes: usize) -> u32 {
    let counted = bytes.saturating_sub(SMALL_BODY_BYTES);
    u32::try_from(counted.div_ceil(1024)).unwrap_or(u32::MAX)
}

impl Default for Bodies {
    fn default() -> Self {
        Self { room: Semaphore::new(ARRIVING_BYTES / 1024) }
    }
}

impl Bodies {
    /// The whole body, if it is not longer than `limit` bytes.
    ///
    /// A longer one is read on for a while, and thrown away: a sender whose connection breaks does
    /// not hear why.
    ///
    /// # Errors
    /// `photo_too_large` over the limit, `too_many_requests` when the memory for bodies is used up,
    /// `bad_request` for a body that breaks off or is too slow.
    pub async fn read(&self, request: Request, limit: usize) -> Result<Bytes, Failure> {
        let pace = Pace::new(BODY_TIMEOUT);
        let mut body = request.into_body();
        // On Lambda a body is one piece: it is passed on as it is.
        let (mut first, mut kept, mut seen) = (Bytes::new(), BytesMut::new(), 0);
        let mut room: Option<SemaphorePermit<'_>> = None;
        loop {
            let frame = tokio::time::timeout_at(pace.next_by(seen), body.frame()).await;
            let Some(frame) =
                frame.map_err(|_| Failure::bad_request("The request took too long to arrive."))?
            else {
                break;
            };
            let data = frame
                .map_err(|_| Failure::bad_request("The request broke off."))?
                .into_data()
                .unwrap_or_default();
            seen += data.len();
            if seen <= limit {
                let more = units(seen) - units(seen - data.len());
                let more = self.room.try_acquire_many(more).map_err(|_| queue_full())?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
                if seen == data.len() {
                    first = data;
                } else {
                    if kept.is_empty() {
                        kept.extend_from_slice(&first);
                    }
                    kept.extend_from_slice(&data);
                }
            } else if seen > limit + DRAINED_BYTES {
                break;
            }
        }
        if seen <= limit {
            return Ok(if kept.is_empty() { first } else { kept.freeze() });
        }
        Err(Failure::new(
            Code::PhotoTooLarge,
            format!("The request is too large; at most {limit} bytes are read."),
        ))
    }

    /// A body that is JSON.
    ///
    /// # Errors
    /// As [`Bodies::read`], `unsupported_media_type` for a body that is not declared to be JSON, and
    /// `bad_request` for anything else than the JSON that belongs here.
    pub async fn read_json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        if !is_json(request.headers()) {
            discard(request).await;
            let message = "Send JSON, with the header Content-Type: application/json.";
            return Err(Failure::new(Code::UnsupportedMediaType, message));
        }
        let bytes = self.read(request, JSON_BYTES).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::bad_request(format!("The request is not the JSON that belongs here: {error}."))
        })
    }
}

/// Whether a body is declared to be JSON. A page of another site cannot declare that without asking
/// first.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Receives a body and throws it away, as far as that is reasonable: the sender must hear the
/// refusal.
pub async fn discard(request: Request) {
    let _ = Bodies::default().read(request, 0).await;
}

/// Refuses a body that is not the photo itself but has it inside, and says how to send it. `kind` is its
/// declared media type.
///
/// # Errors
/// `unsupported_media_type` for a form, base64 (or a `data:` URL), and gzip.
pub fn check_bare(kind: Option<&HeaderValue>, body: &[u8]) -> Result<(), Failure> {
    // How JPEG, PNG, GIF and WebP begin in base64.
    const IN_BASE64: [&[u8]; 6] =
        [b"data:image/", b"/9j/", b"iVBORw0KGgo", b"R0lGODdh", b"R0lGODlh", b"UklGR"];
    let text = body.trim_ascii_start();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let is_base64 = IN_BASE64.iter().any(|begin| text.starts_with(begin));
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let found = if kind.to_ascii_lowercase().starts_with("multipart/") {
        "a form with the photo in it"
    } else if is_base64 {
        "the photo in base64"
    } else if body.starts_with(&[0x1F, 0x8B]) {
        "a body compressed by gzip"
    } else {
        return Ok(());
    };
    let message = format!(
        "This is {found}. Send the bytes of the photo themselves, as in \
         `curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg ADDRESS/api/judge`."
    );
    Err(Failure::new(Code::UnsupportedMediaType, message).because(Reason::Wrapped))
}

/// The answer when there is no room.
#[must_use]
pub fn queue_full() -> Failure {
    Failure::new(
        Code::TooManyRequests,
        "Many photos are being judged right now. Please try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_earns_time_by_arriving() {
        let pace = Pace::new(Duration::from_mins(1));
        let allowed = |received| pace.next_by(received) - pace.start;
        assert_eq!(allowed(0), BODY_GRACE);
        assert_eq!(
            allowed(10 * BODY_BYTES_PER_SECOND as usize),
            BODY_GRACE + Duration::from_secs(10)
        );
        assert_eq!(allowed(1 << 30), Duration::from_mins(1), "however much has come");
    }

    #[tokio::test]
    async fn bodies_do_not_fill_the_memory() {
        let bodies = Bodies { room: Semaphore::new(64) };
        let body =
            |kibibytes: usize| Request::new(axum::body::Body::from(vec![0; kibibytes * 1024]));
        let small = SMALL_BODY_BYTES / 1024;
        assert_eq!(
            bodies.read(body(65 + small), usize::MAX - DRAINED_BYTES).await.unwrap_err().code,
            Code::TooManyRequests
        );
        let largest = bodies.read(body(64 + small), 1 << 20).await;
        assert!(largest.is_ok(), "what was given back is there again");
        let full = Bodies { room: Semaphore::new(0) };
        assert!(full.read(body(small), 1 << 20).await.is_ok(), "a small one needs no room");
    }
}
