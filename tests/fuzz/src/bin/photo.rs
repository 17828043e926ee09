//! Photo bytes become upright RGB pixels within the limits, or a rejection; libFuzzer's own limit aborts on a larger allocation.
#![no_main]

use friends_core::limits::Limits;
use friends_core::photo::Photo;

/// Small, so that many are decoded in a second. `.ci/fuzz` sets the allocation limit that goes with it.
const LIMITS: Limits = Limits {
    upload_bytes: 1 << 20,
    judge_bytes: 1 << 20,
    pixels: 1_000_000,
    working_bytes: 16 << 20,
    shortest_side: 16,
    heads: 1,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(photo) = Photo::decode(bytes, &LIMITS) {
        let size = photo.size();
        assert!(u64::from(size.width) * u64::from(size.height) <= LIMITS.pixels);
        assert!(size.width.min(size.height) >= LIMITS.shortest_side);
    }
});
