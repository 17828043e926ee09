//! The regions of one photo, judged on several threads.

use std::panic::resume_unwind;

use friends_core::crop::Region;
use friends_core::error::Fault;
use friends_core::judged_face::{JudgedFace, judge_region};
use friends_core::model::Classifier;
use friends_core::photo::Photo;

/// Judges all regions of a photo on so many threads at most, in their order.
///
/// # Errors
/// As [`judge_region`].
///
/// # Panics
/// When judging panics on a thread.
pub fn judge_regions(
    classifier: &Classifier,
    photo: &Photo,
    regions: &[Region],
    threads: usize,
) -> Result<Vec<JudgedFace>, Fault> {
    let threads = threads.clamp(1, regions.len().max(1));
    let judge_part = |part: &[Region]| {
        part.iter()
            .map(|region| judge_region(classifier, photo, *region))
            .collect::<Result<Vec<_>, _>>()
    };
    if threads == 1 {
        return judge_part(regions);
    }
    let parts = std::thread::scope(|scope| {
        let begun: Vec<_> = regions
            .chunks(regions.len().div_ceil(threads))
            .map(|part| scope.spawn(move || judge_part(part)))
            .collect();
        begun
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect::<Result<Vec<_>, _>>()
    });
    Ok(parts?.into_iter().flatten().collect())
}
