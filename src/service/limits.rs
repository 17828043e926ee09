//! Every limit of the service in one place, with what it costs. What one photo may cost to decode
//! and to judge stands in [`friends_core::limits`].
//!
//! | limit | value | what it costs, or saves |
//! |---|---|---|
//! | an uploaded photo | 15 MiB | held in memory once while it is decoded |
//! | a photo in `/api/judge` | 4.5 MB | a Lambda payload is 6 MB, and base64 adds a third |
//! | photos waiting in `/api/judge` | 32 | up to 4.5 MB each |
//! | bodies that are arriving, together, without the first 4 KiB of each | 64 MiB | held in memory; a photo for a ticket is not, it goes to disk |
//! | a JSON request | 512 KiB | feedback with a crop is the largest |
//! | a crop with feedback | 256 KiB, 1 megapixel | kept in the upload bucket, as our own JPEG |
//! | bytes read past a limit | 16 MiB | received and thrown away, so that the sender hears the refusal |
//! | a request's header | 15 seconds | one open connection |
//! | a request's body | 1 minute, 8 KiB a second after the first 15 seconds | one open connection |
//! | an upload's body | 5 minutes, as fast | one open connection, its part on disk |
//! | open connections | 1000 | a file descriptor and some kilobytes each |
//! | tickets, opinions and photos from one address | 1000 at once, then 20 a second; `friends serve` alone, the gateway has its own | – |
//! | a presigned upload | 5 minutes | – |
//! | a waiting ticket | 15 minutes | one small document |
//! | a result | 7 days | one small document |
//! | a photo whose deletion failed | 1 day | up to 15 MiB |
//! | feedback | 30 days | up to 256 KiB |

use std::time::Duration;

use friends_core::limits::Limits;

/// Bytes of an uploaded photo.
pub const UPLOAD_BYTES: u64 = 15 * 1024 * 1024;
/// Bytes of a photo in the body of `/api/judge` (a Lambda payload is 6 MB with base64 on top).
pub const JUDGE_BYTES: usize = 4_500_000;
/// Callers of `/api/judge` who may wait for a permit; one more is told to come back.
pub const QUEUE_LENGTH: usize = 32;
/// Bytes of a JSON request.
pub const JSON_BYTES: usize = 512 * 1024;
/// Bytes of a crop that comes with feedback.
pub const CROP_BYTES: usize = 256 * 1024;
/// What such a crop may cost.
pub const CROP_LIMITS: Limits = Limits {
    pixels: 1_000_000,
    working_bytes: 16 * 1024 * 1024,
    scans: 100,
    scanned_pixels: 100_000_000,
    time: Duration::from_secs(2),
    shortest_side: 16,
    heads: 1,
};
/// Bytes beyond a limit that are received and thrown away before the connection is closed.
pub const DRAINED_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of each body that are not counted among them.
pub const SMALL_BODY_BYTES: usize = 4 * 1024;
/// Bytes of all bodies together that are kept in memory while they arrive.
pub const ARRIVING_BYTES: usize = 64 * 1024 * 1024;
/// Time for a request's header to arrive, and for the next request on a connection to begin.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Time for a request's body to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// Time before a body must arrive at [`BODY_BYTES_PER_SECOND`], so that a phone may lose its
/// connection for a moment.
pub const BODY_GRACE: Duration = Duration::from_secs(15);
/// The least that a body brings on average, after its grace.
pub const BODY_BYTES_PER_SECOND: u32 = 8 * 1024;
/// Connections that `friends serve` holds open.
pub const CONNECTIONS: usize = 1000;
/// `POST` requests from one address that `friends serve` answers at once; as many are saved up
/// while nothing is asked.
pub const REQUEST_BURST: u32 = 1000;
/// `POST` requests a second from one address that `friends serve` answers in the long run.
pub const REQUESTS_PER_SECOND: u32 = 20;

/// How long a presigned upload can be used.
pub const UPLOAD_WINDOW: Duration = Duration::from_mins(5);
/// How long a ticket may wait in all: the upload, the judging, and two redeliveries after one and
/// two minutes.
pub const WAIT: Duration = Duration::from_mins(15);
/// How long a result is kept.
pub const RESULT_LIFETIME: Duration = Duration::from_hours(168);
/// How long a photo is kept at most, should its deletion after judging ever fail.
pub const PHOTO_LIFETIME: Duration = Duration::from_hours(24);
/// How long feedback is kept, with the crops that visitors gave.
pub const FEEDBACK_LIFETIME: Duration = Duration::from_hours(720);
