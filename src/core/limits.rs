//! Every limit of the service in one place, with what it costs.
//!
//! Three groups: what one photo may cost ([`Limits`]), what one request may cost, and how long a
//! ticket and its objects live.
//!
//! | limit | value | what it costs, or saves |
//! |---|---|---|
//! | an uploaded photo | 15 MiB | held in memory once while it is decoded |
//! | a photo in `/api/judge` | 4.5 MB | a Lambda payload is 6 MB, and base64 adds a third |
//! | pixels of a photo | 50 megapixels | 150 MB as RGB |
//! | working memory of a photo | 180 MiB | file, decoder and pixels at the peak of decoding, read off the header; see below |
//! | scans of a JPEG | 100 | a decoder goes over the whole picture in each: a few bytes can ask for it |
//! | pixels of all scans of a JPEG together | 500 million | about 2 seconds of one core |
//! | time for a photo | 10 seconds | one permit: what takes longer is refused, and others wait no longer |
//! | shorter side of a photo | 16 pixels | below it there is nothing to see |
//! | heads in a photo | 40 | one run of the network each, 1 to 3 ms on one core |
//! | photos waiting in `/api/judge` | 32 | up to 4.5 MB each |
//! | bodies that are arriving, together | 64 MiB | held in memory; a photo for a ticket is not, it goes to disk |
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
//!
//! What [`Limits::working_bytes`] lets in, by format (bytes a pixel at the peak, besides the file
//! itself):
//!
//! | format | bytes a pixel | largest photo |
//! |---|---|---|
//! | JPEG, baseline | 3 | 50 megapixels |
//! | JPEG, progressive, colors at half resolution (4:2:0) / full (4:4:4) / CMYK | 6 / 9 / 11 | 31 / 20 / 17 megapixels |
//! | PNG, any depth, interlaced or not / animated | 3 / 6 | 50 / 31 megapixels |
//! | WebP, lossy / lossless or transparent, besides its prefix codes | 5 / 8 | 37 / 23 megapixels |
//! | GIF | 4 | 47 megapixels |

use std::time::Duration;

/// What one photo may cost. The defaults are the service's; tests may lower them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an uploaded photo.
    pub upload_bytes: u64,
    /// Bytes of a photo in the body of `/api/judge` (a Lambda payload is 6 MB with base64 on top).
    pub judge_bytes: usize,
    /// Width times height.
    pub pixels: u64,
    /// Bytes that may be held at the peak of decoding: the file, the decoder's buffers and the
    /// pixels.
    pub working_bytes: u64,
    /// Scans of a JPEG that has several.
    pub scans: u64,
    /// Width times height times scans.
    pub scanned_pixels: u64,
    /// Time for the work on a photo; what is sent to others and waited for does not count.
    pub time: Duration,
    /// The shorter side, in pixels.
    pub shortest_side: u32,
    /// Heads that are judged in one photo; the strongest stay.
    pub heads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 15 * 1024 * 1024,
            judge_bytes: 4_500_000,
            pixels: 50_000_000,
            working_bytes: 180 * 1024 * 1024,
            scans: 100,
            scanned_pixels: 500_000_000,
            time: Duration::from_secs(10),
            shortest_side: 16,
            heads: 40,
        }
    }
}

/// Callers of `/api/judge` who may wait for a permit; one more is told to come back.
pub const QUEUE_LENGTH: usize = 32;
/// Bytes of a JSON request.
pub const JSON_BYTES: usize = 512 * 1024;
/// Bytes of a crop that comes with feedback.
pub const CROP_BYTES: usize = 256 * 1024;
/// What such a crop may cost.
pub const CROP_LIMITS: Limits = Limits {
    upload_bytes: CROP_BYTES as u64,
    judge_bytes: CROP_BYTES,
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
