//! Why a photo is refused: what its header says against the limits, and what decoders find, each in a
//! sentence for whoever sent it.

use image::ImageError;

use super::header::{Cost, pixels};
use crate::error::{Reason, Rejection, RejectionKind};
use crate::geometry::Size;
use crate::limits::Limits;

/// The refusal of what is no photo, or none of ours.
pub fn not_a_photo() -> Rejection {
    Rejection::new(
        RejectionKind::Unsupported,
        "This is not a photo that can be read here. Send a JPEG, PNG, WebP or GIF.",
    )
}

/// The refusal of a kind of file that browsers do not show either.
pub fn not_read(kind: &str) -> Rejection {
    let message = format!(
        "This is {kind}, which is not read here. Save it as an ordinary JPEG or PNG and send that."
    );
    Rejection::new(RejectionKind::Unsupported, message).because(Reason::KindOfJpeg)
}

/// Refuses too many pixels, and too few.
pub fn check_dimensions(size: Size, limits: &Limits) -> Result<(), Rejection> {
    let pixels = u64::from(size.width) * u64::from(size.height);
    if pixels > limits.pixels {
        return Err(Rejection::new(
            RejectionKind::TooLarge,
            format!(
                "The photo has {} megapixels; at most {} are read. Send a smaller copy.",
                pixels.div_ceil(1_000_000),
                limits.pixels / 1_000_000
            ),
        ));
    }
    if size.width.min(size.height) < limits.shortest_side {
        return Err(Rejection::new(
            RejectionKind::Unreadable,
            format!(
                "The photo is only {} by {} pixels; each side needs at least {}.",
                size.width, size.height, limits.shortest_side
            ),
        )
        .because(Reason::TooSmall));
    }
    Ok(())
}

/// Refuses what would take more memory than a photo may have.
pub fn check_memory(cost: Cost, file_bytes: usize, limits: &Limits) -> Result<(), Rejection> {
    let needed = cost.bytes + file_bytes as u64;
    if needed <= limits.working_bytes {
        return Ok(());
    }
    let (needed, given) = (needed.div_ceil(1 << 20), limits.working_bytes >> 20);
    let advice = cost.because.unwrap_or("Send a smaller copy.");
    Err(Rejection::new(
        RejectionKind::TooCostly,
        format!(
            "The photo needs {needed} MB of memory to open; at most {given} are given. {advice}"
        ),
    )
    .because(Reason::TooMuchMemory))
}

/// Refuses what a decoder would go over too often.
pub fn check_scans(Cost { scans, .. }: Cost, size: Size, limits: &Limits) -> Result<(), Rejection> {
    let scanned = pixels(size) * scans;
    if scans <= limits.scans && scanned <= limits.scanned_pixels {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionKind::TooCostly,
        format!("The photo is stored in {scans} scans, which takes too long to open. Save it as a baseline (standard) JPEG."),
    )
    .because(Reason::TooManyScans))
}

/// The refusal of a file that ends in the middle.
pub fn cut_off() -> Rejection {
    broken("it ends in the middle").because(Reason::CutOff)
}

/// The refusal of a file in which a decoder does not find its way.
pub fn damaged() -> Rejection {
    broken("the file is damaged or incomplete")
}

/// The refusal of a broken file; `why` is half a sentence.
pub fn broken(why: &str) -> Rejection {
    Rejection::new(
        RejectionKind::Unreadable,
        format!("The photo cannot be opened: {why}. Try to save or send it again."),
    )
}

/// What a decoder of `image` has found.
pub fn of_decoder(error: ImageError) -> Rejection {
    match error {
        ImageError::Limits(_) => Rejection::new(
            RejectionKind::TooCostly,
            "The photo needs more memory than is allowed. Send a smaller or simpler copy.",
        )
        .because(Reason::TooMuchMemory),
        ImageError::Unsupported(_) => Rejection::new(
            RejectionKind::Unsupported,
            "This kind of image file cannot be read here. Save it as an ordinary JPEG or PNG and send that.",
        ),
        _ => damaged(),
    }
}
