//! What follows from the size of a picture: how many rows each stage has, how many of them it makes
//! at once, and in which order.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::DimLike as _;

use crate::graph::{Padding, Short};
use crate::kernels::CHUNK;
use crate::panels::GROUP;

/// Rows and columns.
pub type Size = (usize, usize);

/// The size of a picture does not fit the network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There are not as many numbers as rows and columns of three colors need.
    #[error("{numbers} numbers for {height} rows and {width} columns of three colors")]
    Numbers {
        /// Numbers given.
        numbers: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// A convolution has no place left, or what is added has another size.
    #[error("the network cannot run on {height} rows and {width} columns")]
    Size {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
}

/// A square window that moves over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of the window.
    pub kernel: usize,
    /// Rows and columns from one place to the next.
    pub stride: usize,
    /// Zeroes around the picture.
    pub padding: Padding,
}

impl Window {
    /// Zeroes before and behind each side, and the size of what comes out; `None` where there is no
    /// place left.
    pub fn over(self, (height, width): Size) -> Option<([(usize, usize); 2], Size)> {
        let side = |direction, length| {
            let (before, behind) = self.padding.around(direction, length, self.kernel, self.stride);
            let room = (length + before + behind).checked_sub(self.kernel)?;
            Some(((before, behind), room / self.stride + 1))
        };
        let ((rows, height), (columns, width)) = (side(0, height)?, side(1, width)?);
        Some(([rows, columns], (height, width)))
    }

    /// The same for one side, which may be a symbol: 0 from above, 1 from the left.
    pub fn side(self, direction: usize, length: &TDim) -> TDim {
        match self.padding {
            Padding::Fixed(pads) => {
                let around = (pads[direction] + pads[direction + 2]) as i64;
                (length.clone() + around - self.kernel as i64) / self.stride + 1
            }
            Padding::Same => length.divceil(self.stride),
        }
    }
}

/// The size that a short way around a block gives; it must be that of the way through.
pub fn around(short: Short, (height, width): Size) -> Option<Size> {
    match short {
        Short::None => None,
        Short::Same => Some((height, width)),
        Short::Pooled { round_up: true } => Some((height.div_ceil(2), width.div_ceil(2))),
        Short::Pooled { round_up: false } => Some((height / 2, width / 2)),
    }
}

/// Places of one row that stand side by side in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The row, counted from the first that is made at once.
    pub row: usize,
    /// The first place.
    pub x: usize,
    /// Places.
    pub count: usize,
    /// The number of the chunk.
    pub chunk: usize,
    /// Where in the chunk the first one stands.
    pub at: usize,
}

/// The places of a few rows in chunks of up to twelve, which are computed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// From left to right, from above to below.
    runs: Vec<Run>,
    /// Where the runs of each row begin and end.
    by_row: Vec<(usize, usize)>,
    /// Where the runs of each chunk begin and end.
    by_chunk: Vec<(usize, usize)>,
}

impl Chunks {
    /// The chunks of so many rows.
    ///
    /// Each row is divided by itself where tiles of 4 places fill it, or where it is long; the
    /// chunks of short rows reach from one row into the next.
    pub fn of(rows: usize, width: usize) -> Self {
        let mut made = Self::default();
        let reach_over = width < 3 * CHUNK && !width.is_multiple_of(4);
        // Places of the last chunk.
        let mut filled = CHUNK;
        for row in 0..rows {
            let (begin, mut x) = (made.runs.len(), 0);
            while x < width {
                if filled == CHUNK || (x == 0 && !reach_over) {
                    made.by_chunk.push((made.runs.len(), made.runs.len()));
                    filled = 0;
                }
                let count = (CHUNK - filled).min(width - x);
                made.runs.push(Run { row, x, count, chunk: made.by_chunk.len() - 1, at: filled });
                made.by_chunk.last_mut().expect("there is a chunk").1 += 1;
                (filled, x) = (filled + count, x + count);
            }
            made.by_row.push((begin, made.runs.len()));
        }
        made
    }

    /// How many chunks there are.
    pub fn len(&self) -> usize {
        self.by_chunk.len()
    }

    /// The rows with their runs.
    #[inline(always)]
    pub fn rows(&self) -> impl Iterator<Item = &[Run]> {
        self.by_row.iter().map(
            #[inline(always)]
            |&(begin, end)| &self.runs[begin..end],
        )
    }

    /// The chunks with their runs.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = &[Run]> {
        self.by_chunk.iter().map(
            #[inline(always)]
            |&(begin, end)| &self.runs[begin..end],
        )
    }
}

/// Rows that a block makes at once, for a 1×1 convolution of so many inputs and outputs over
/// pictures of this size.
///
/// The depthwise convolution makes all of them before the 1×1 convolution goes through its weights:
/// few, so that what is handed on stays in the nearest cache, but as many as repay weights that do
/// not lie there.
pub fn rows_at_once(inputs: usize, outputs: usize, (height, width): Size) -> usize {
    /// Weights of so many bytes stay in the nearest cache.
    const NEAR: usize = 40 << 10;
    /// Weights from farther away serve at least so many places.
    const PLACES: usize = 96;
    let far = inputs * outputs * size_of::<f32>() > NEAR;
    let rows = if far { PLACES.div_ceil(width) } else { CHUNK.div_ceil(width).max(2) };
    rows.clamp(1, height)
}

/// Channels with those that fill up the last group.
pub fn stored(channels: usize) -> usize {
    channels.next_multiple_of(GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_every_place_once_in_order() {
        for width in 1..60 {
            for rows in 1..6 {
                let chunks = Chunks::of(rows, width);
                let mut places = Vec::new();
                for (number, runs) in chunks.iter().enumerate() {
                    let mut at = 0;
                    for run in runs {
                        assert_eq!((run.at, run.chunk), (at, number));
                        at += run.count;
                        places.extend((0..run.count).map(|place| (run.row, run.x + place)));
                    }
                    assert!((1..=CHUNK).contains(&at));
                }
                let expected: Vec<_> =
                    (0..rows).flat_map(|row| (0..width).map(move |x| (row, x))).collect();
                assert_eq!(places, expected, "{rows} rows of {width}");
                for (row, runs) in chunks.rows().enumerate() {
                    assert!(runs.iter().all(|run| run.row == row));
                    assert_eq!(runs.iter().map(|run| run.count).sum::<usize>(), width);
                }
            }
        }
    }

    #[test]
    fn a_window_gives_what_fits() {
        let window = |kernel, stride, padding| Window { kernel, stride, padding };
        let same = window(3, 2, Padding::Same);
        assert_eq!(same.over((7, 8)), Some(([(1, 1), (0, 1)], (4, 4))));
        assert_eq!(window(3, 1, Padding::Fixed([0; 4])).over((3, 2)), None);
        assert_eq!(
            window(5, 2, Padding::Fixed([1, 1, 2, 2])).over((256, 160)),
            Some(([(1, 2); 2], (128, 80)))
        );
    }
}
