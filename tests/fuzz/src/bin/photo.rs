//! Photo bytes become upright RGB pixels within the limits and the time, or a rejection;
//! libFuzzer's own limit aborts on a larger allocation.
#![no_main]

use std::time::Duration;

use friends_core::geometry::{Rect, Size};
use friends_core::limits::Limits;
use friends_core::photo::Photo;
use rustix::time::{ClockId, clock_gettime};

/// Small, so that many are decoded in a second. `.ci/fuzz` sets the allocation limit that goes with
/// it.
const LIMITS: Limits = Limits {
    pixels: 1_000_000,
    working_bytes: 16 << 20,
    scans: 20,
    scanned_pixels: 10_000_000,
    time: Duration::from_secs(5),
    shortest_side: 16,
    heads: 1,
};

/// Processor time that a photo within these limits may take, under a fuzzer's instrumentation.
const TIME: Duration = Duration::from_millis(1500);

/// What is needed of the longer side: so little that most JPEGs are decoded at a fraction.
const SIDE: u32 = 20;

/// What this thread has computed so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let begun = processor_time();
    look(bytes);
    let time = processor_time() - begun;
    assert!(time <= TIME, "it took {time:?}");
});

/// Opens a photo and looks at a part of it.
fn look(bytes: &[u8]) {
    // Plain JPEGs go to our decoder, or in full to libjpeg.
    let side = if bytes.len() % 4 == 0 { u32::MAX } else { SIDE };
    if let Ok(photo) = Photo::decode_for(bytes.to_vec(), &LIMITS, side) {
        let size = photo.size();
        // Of a photo at a fraction, a part so small is cut from the full size.
        let part = Rect::new(0.0, 0.0, size.width.min(30) as f32, size.height.min(30) as f32);
        assert_eq!(photo.view(part, Size { width: 64, height: 64 }).dimensions(), (64, 64));
        assert!(u64::from(size.width) * u64::from(size.height) <= LIMITS.pixels);
        assert!(size.width.min(size.height) >= LIMITS.shortest_side);
    }
}
