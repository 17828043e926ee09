//! libjpeg-turbo's code, as `mozjpeg` carries it: at a fraction the inverse transform yields fewer
//! pixels, so that most of the work is never done.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use image::RgbImage;
use mozjpeg::decompress::DecompressBuilder;
use mozjpeg::{ColorSpace, NO_MARKERS};
use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr, msg_parm_union};

use super::Header;
use crate::photo::clock::{Clock, TimedFile};

/// Pixels, and whether libjpeg had to complain of their data.
pub struct Read {
    pub pixels: RgbImage,
    pub is_damaged: bool,
}

/// Rows that are asked for before the time is looked at.
const ROWS: usize = 16;

/// Decodes at one `divisor`-th of the size, rounded up. `None` for what libjpeg declines, finds
/// broken, or does not finish in time.
pub fn decode(bytes: &[u8], header: &Header, divisor: u32, clock: Clock) -> Option<Read> {
    let decoding = || reading(bytes, header, divisor, clock);
    // libjpeg's fatal errors arrive as unwinding, without a message of their own.
    let pixels = catch_unwind(AssertUnwindSafe(decoding)).ok()??;
    Some(Read { pixels, is_damaged: WARNINGS.get() > 0 })
}

fn reading(bytes: &[u8], header: &Header, divisor: u32, clock: Clock) -> Option<RgbImage> {
    WARNINGS.set(0);
    // libjpeg reads codes fast as long as some kilobytes of a piece are left. Of a file with
    // several scans, where a few bytes can stand for a whole picture, it never does.
    let piece = if header.cost.scans > 1 { 1 << 10 } else { 1 << 18 };
    let builder = DecompressBuilder::new().with_markers(NO_MARKERS).with_err(errors());
    let mut decoder = builder.from_reader(TimedFile::new(bytes, piece, clock)).ok()?;
    if decoder.size() != (header.size.width as usize, header.size.height as usize) {
        return None;
    }
    decoder.scale(u8::try_from(8 / divisor).ok()?);
    // Where colors have half the resolution they need no enlarging at half the size.
    decoder.do_fancy_upsampling(divisor == 1);
    let inks = header.components == 4;
    let mut picture = decoder
        .to_colorspace(if inks { ColorSpace::JCS_CMYK } else { ColorSpace::JCS_RGB })
        .ok()?;
    let (width, height) =
        (u32::try_from(picture.width()).ok()?, u32::try_from(picture.height()).ok()?);
    let mut pixels = RgbImage::new(width, height);
    let mut inked = vec![0; if inks { ROWS * 4 * width as usize } else { 0 }];
    for rows in pixels.chunks_mut(ROWS * 3 * width as usize) {
        if clock.is_over() {
            return None;
        }
        if inks {
            let inked = &mut inked[..rows.len() / 3 * 4];
            picture.read_scanlines_into(inked).ok()?;
            for (from, to) in inked.chunks_exact(4).zip(rows.chunks_exact_mut(3)) {
                to.copy_from_slice(&light([from[0], from[1], from[2], from[3]]));
            }
        } else {
            picture.read_scanlines_into(rows).ok()?;
        }
    }
    Some(pixels)
}

/// Inks are stored inverted, as Adobe's programs do and every viewer expects: 255 is no ink.
fn light([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| ((u32::from(ink) * u32::from(k) + 127) / 255) as u8)
}

thread_local! {
    /// Complaints of libjpeg about the file that this thread reads.
    static WARNINGS: Cell<u32> = const { Cell::new(0) };
}

/// What libjpeg calls when something is wrong: warnings are counted, errors unwind.
fn errors() -> jpeg_error_mgr {
    extern "C-unwind" fn exit(_: &mut jpeg_common_struct) {
        // Without the panic handler, which would write to the log.
        resume_unwind(Box::new("libjpeg gave up"));
    }
    extern "C-unwind" fn emit(_: &mut jpeg_common_struct, level: c_int) {
        if level < 0 {
            WARNINGS.set(WARNINGS.get() + 1);
        }
    }
    extern "C-unwind" fn nothing(_: &mut jpeg_common_struct) {}
    jpeg_error_mgr {
        error_exit: Some(exit),
        emit_message: Some(emit),
        output_message: Some(nothing),
        format_message: None,
        reset_error_mgr: Some(nothing),
        msg_code: 0,
        msg_parm: msg_parm_union::default(),
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: std::ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: std::ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}
