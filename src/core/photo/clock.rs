//! The time that a photo may take, and a file whose reading ends with it.

use std::io::{BufRead, ErrorKind, Read, Result, Seek, SeekFrom};
use std::time::{Duration, Instant};

/// When the time for a photo is over.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// `None` is later than anything.
    end: Option<Instant>,
}

impl Clock {
    /// A clock that runs for `time` from now on.
    #[must_use]
    pub fn start(time: Duration) -> Self {
        // A browser has no such clock, and bounds the work of a page itself.
        let end =
            if cfg!(target_family = "wasm") { None } else { Instant::now().checked_add(time) };
        Self { end }
    }

    /// Whether the time is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// A file in memory that decoders read piece by piece. Once the time is over there is no next
/// piece: that ends a decoder which offers no other way to end it.
#[derive(Clone, Debug)]
pub struct TimedFile<'a> {
    bytes: &'a [u8],
    position: usize,
    piece: usize,
    clock: Clock,
}

impl<'a> TimedFile<'a> {
    /// A file that is read in pieces of `piece` bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8], piece: usize, clock: Clock) -> Self {
        Self { bytes, position: 0, piece: piece.max(1), clock }
    }
}

impl BufRead for TimedFile<'_> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.clock.is_over() {
            return Err(ErrorKind::TimedOut.into());
        }
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        Ok(&rest[..rest.len().min(self.piece)])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount;
    }
}

impl Read for TimedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl Seek for TimedFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(offset) => (Some(offset), 0),
            SeekFrom::End(offset) => (Some(self.bytes.len() as u64), offset),
            SeekFrom::Current(offset) => (Some(self.position as u64), offset),
        };
        let position = base.and_then(|base| base.checked_add_signed(offset));
        let position = position.and_then(|position| usize::try_from(position).ok());
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_in_pieces_until_its_time_is_over() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut file = TimedFile::new(&bytes, 100, Clock::start(Duration::MAX));
        assert_eq!(file.fill_buf().unwrap().len(), 100);
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
        assert_eq!(file.seek(SeekFrom::End(-6)).unwrap(), 250);
        assert_eq!(file.fill_buf().unwrap(), &bytes[250..]);
        assert!(file.seek(SeekFrom::Current(-251)).is_err());

        let mut late = TimedFile::new(&bytes, 100, Clock::start(Duration::ZERO));
        assert_eq!(late.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
