//! Baseline JPEGs decoded where they are looked at: the whole picture at a fraction of its size in
//! one quick pass, then any part of it at any of four scales.
//!
//! Most of a decoder's time goes into Huffman codes. All of them must be walked, since each begins
//! where the one before ends; but few need to be *decoded* by somebody who wants a small picture
//! and some details. [`Jpeg::index`] walks the codes, several in one look-up of a table, and keeps
//! a picture at one [`Scale`], and every [`STEP`] units where in the stream the next unit begins.
//! [`IndexedJpeg::region`] decodes a part from there.
//!
//! ```text
//! bytes ─► Jpeg::open ─► Jpeg::index ─► Picture at 1/8, 1/4, 1/2 or 1/1
//!          markers,       huffman,    └► IndexedJpeg::region ─► Picture of a part, at any scale
//!          stream         transform
//! ```
//!
//! Pictures are planes of luma and chroma as they are stored: whoever shrinks them first converts
//! fewer pixels to RGB.
//!
//! # What is read
//!
//! Files as cameras and phones write them: Huffman codes, eight bits, one scan of all components,
//! gray or luma with two chromas at the same or half the resolution, with or without restart
//! intervals (ITU-T T.81, baseline and extended sequential). Everything else is `None`: progressive
//! and arithmetic coding, RGB and inks, several scans, other samplings, damage. `None` means that
//! another decoder has the last word, never that the file is broken.
//!
//! # Costs
//!
//! Memory is bounded by what the caller knows after [`Jpeg::open`]: a copy of the stream, 16 bytes
//! for each [`STEP`] units, and the pictures that are asked for. Time is bounded by the number of
//! units, at most `width × height / 64 × 3` blocks. Check [`Jpeg::size`] before [`Jpeg::index`].

// The inner loops are a few functions of a few instructions, which a call would double.
#![allow(clippy::inline_always)]

mod bits;
mod decode;
mod huffman;
mod markers;
mod transform;

use bits::Stream;
use markers::Headers;

/// Units between two places in the stream that an index remembers. A unit is the smallest part of a
/// picture that is coded as a whole: 8 to 16 pixels a side.
pub const STEP: usize = 8;

/// By how much a picture is shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// As it is.
    Full,
    /// Half as many pixels a side: the 4 × 4 lowest frequencies of each block.
    Half,
    /// A quarter as many pixels a side: the 2 × 2 lowest frequencies.
    Quarter,
    /// An eighth as many pixels a side: the means of blocks.
    Eighth,
}

impl Scale {
    /// All scales, the coarsest first.
    pub const ALL: [Self; 4] = [Self::Eighth, Self::Quarter, Self::Half, Self::Full];

    /// Pixels of the picture for one sample, along a side.
    #[must_use]
    pub const fn divisor(self) -> usize {
        match self {
            Self::Full => 1,
            Self::Half => 2,
            Self::Quarter => 4,
            Self::Eighth => 8,
        }
    }
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The first column.
    pub x: usize,
    /// The first row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Samples of one component, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width × height` samples.
    pub samples: Vec<u8>,
    /// Pixels of the full picture for one sample: across, down.
    pub step: (usize, usize),
}

/// A picture, or a part of one: whole units, so that it may reach beyond what was asked for, and
/// beyond the right and lower border.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Column of the full picture where it begins.
    pub x: usize,
    /// Row of the full picture where it begins.
    pub y: usize,
    /// Its scale.
    pub scale: Scale,
    /// Luma, or luma and two chromas (blue, red), in the range and with the matrix of JFIF.
    pub planes: Vec<Plane>,
}

/// A JPEG whose headers were read and whose stream was found.
#[derive(Debug)]
pub struct Jpeg {
    headers: Headers,
    stream: Stream,
}

/// A JPEG of which any part can be decoded.
#[derive(Debug)]
pub struct IndexedJpeg {
    jpeg: Jpeg,
    places: Vec<Place>,
}

/// Where a unit begins in the stream, and the means that its differences are added to.
#[derive(Clone, Copy, Debug)]
struct Place {
    bit: u32,
    means: [i32; 3],
}

impl Jpeg {
    /// Reads the headers and finds the stream's end; nothing is decoded. `None` for what is not
    /// read here.
    #[must_use]
    pub fn open(bytes: &[u8]) -> Option<Self> {
        let (headers, coded) = markers::read(bytes)?;
        let (stream, after) = Stream::read(coded, headers.intervals())?;
        // Nothing but the end of the image may follow: no second scan.
        (coded.get(after..after + 2)? == [0xFF, markers::END_OF_IMAGE]).then_some(())?;
        Some(Self { headers, stream })
    }

    /// Width and height in pixels; both are at least 1.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.headers.width, self.headers.height)
    }

    /// Walks the whole stream once: the picture at a scale, and what finds parts later. `None` for
    /// a stream that is damaged.
    #[must_use]
    pub fn index(self, scale: Scale) -> Option<(IndexedJpeg, Picture)> {
        let (columns, rows) = self.headers.units;
        let mut places = Vec::with_capacity(rows * columns.div_ceil(STEP));
        let picture = decode::whole(&self.headers, &self.stream, scale, &mut places)?;
        Some((IndexedJpeg { jpeg: self, places }, picture))
    }
}

impl IndexedJpeg {
    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        self.jpeg.size()
    }

    /// The units that hold an area, at a scale: the same samples as the whole picture has there.
    /// `None` for an area outside of the picture or without pixels.
    #[must_use]
    pub fn region(&self, area: Area, scale: Scale) -> Option<Picture> {
        let (width, height) = self.size();
        let (unit_width, unit_height) = self.jpeg.headers.unit();
        let (right, bottom) = (area.x.checked_add(area.width)?, area.y.checked_add(area.height)?);
        let units = decode::Units {
            left: area.x / unit_width,
            top: area.y / unit_height,
            right: right.min(width).div_ceil(unit_width),
            bottom: bottom.min(height).div_ceil(unit_height),
        };
        let is_inside = area.x < width && area.y < height && area.width > 0 && area.height > 0;
        is_inside.then_some(())?;
        decode::part(&self.jpeg.headers, &self.jpeg.stream, &self.places, units, scale)
    }

    /// The whole picture at a scale.
    #[must_use]
    pub fn whole(&self, scale: Scale) -> Option<Picture> {
        let (width, height) = self.size();
        self.region(Area { x: 0, y: 0, width, height }, scale)
    }
}

#[cfg(test)]
mod tests;
