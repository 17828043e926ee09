//! What one photo may cost, in one place.
//!
//! | limit | value | what it costs, or saves |
//! |---|---|---|
//! | pixels of a photo | 50 megapixels | 150 MB as RGB |
//! | working memory of a photo | 180 MiB | file, decoder and pixels at the peak of decoding, read off the header; see below |
//! | scans of a JPEG | 100 | a decoder goes over the whole picture in each: a few bytes can ask for it |
//! | pixels of all scans of a JPEG together | 500 million | about 2 seconds of one core |
//! | time for a photo | 10 seconds | what takes longer is refused, and others wait no longer |
//! | shorter side of a photo | 16 pixels | below it there is nothing to see |
//! | heads in a photo | 40 | one run of the network each, 1 to 3 ms on one core |
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
