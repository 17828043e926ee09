//! Where the places of a picture stand in memory.
//!
//! A row holds one group of 8 channels after the other, and of each group all places from left to
//! right with the zeroes around them: `[groups][places][8]`. So a convolution on each channel by
//! itself reads and writes whole vectors at fixed distances, whatever the number of channels. Only
//! as many rows are kept as are needed at once; a new one takes the place of the oldest.

use crate::aligned::Aligned;
use crate::panels::GROUP;

/// A few rows of a picture.
pub struct Rows {
    numbers: Aligned,
    /// Rows of the picture, and places of each.
    pub height: usize,
    /// Places of a row, without the zeroes around them.
    pub width: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Numbers from a group of a row to the next.
    pub pitch: usize,
    /// Numbers from the start of a group to its first place.
    pub left: usize,
    /// Rows that are kept.
    kept: usize,
    /// Rows that were written.
    pub made: usize,
}

impl Rows {
    /// Rows with so many zeroes around each, in memory that is spare.
    pub fn new(
        height: usize,
        width: usize,
        groups: usize,
        (left, right): (usize, usize),
        kept: usize,
        spare: Option<Aligned>,
    ) -> Self {
        let pitch = (left + width + right) * GROUP;
        Self::of_pitch(height, width, groups, pitch, left * GROUP, kept, spare)
    }

    /// Rows of colors, `[places][3]`.
    pub fn of_colors(
        height: usize,
        width: usize,
        (left, right): (usize, usize),
        kept: usize,
        spare: Option<Aligned>,
    ) -> Self {
        let pitch = ((left + width + right) * 3).next_multiple_of(16);
        Self::of_pitch(height, width, 1, pitch, left * 3, kept, spare)
    }

    fn of_pitch(
        height: usize,
        width: usize,
        groups: usize,
        pitch: usize,
        left: usize,
        kept: usize,
        spare: Option<Aligned>,
    ) -> Self {
        let kept = kept.clamp(1, height.max(1));
        Self {
            numbers: Aligned::zeroes_in(spare, (kept + 1) * groups * pitch),
            height,
            width,
            groups,
            pitch,
            left,
            kept,
            made: 0,
        }
    }

    /// Numbers of a row.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.groups * self.pitch
    }

    /// Where a row begins among the numbers. Rows above and below the picture are all the same row
    /// of zeroes.
    pub fn at(&self, row: Option<usize>) -> usize {
        row.filter(|&row| row < self.height).map_or(self.kept, |row| row % self.kept)
            * self.length()
    }

    /// All numbers.
    #[inline(always)]
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// All numbers, to be written.
    #[inline(always)]
    pub fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.numbers
    }

    /// The memory, for other rows.
    pub fn into_spare(self) -> Aligned {
        self.numbers
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        size_of_val::<[f32]>(&self.numbers)
    }
}
