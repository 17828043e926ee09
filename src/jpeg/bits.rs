//! The coded stream without its stuffing, and a reader of its bits.

use memchr::memchr;

/// Zeroes behind the stream, so that eight bytes can be read anywhere in it.
const ROOM: usize = 16;
/// Longer streams have places that do not fit into [`crate::Place`].
const LONGEST: usize = (u32::MAX / 8) as usize - ROOM;

/// The coded stream.
#[derive(Debug)]
pub struct Stream {
    /// Its bytes, and some zeroes behind them.
    bytes: Vec<u8>,
    /// Bytes without those zeroes.
    length: usize,
    /// The bytes at which intervals begin.
    starts: Vec<usize>,
}

impl Stream {
    /// Takes out the zeroes behind bytes of 255, and the restart markers, of which there must be
    /// one between each two of `intervals`. Also says where the marker stands that ends the stream.
    pub fn read(coded: &[u8], intervals: usize) -> Option<(Self, usize)> {
        (coded.len() <= LONGEST).then_some(())?;
        let mut bytes = Vec::with_capacity(coded.len() + ROOM);
        let mut starts = vec![0];
        let mut at = 0;
        loop {
            let mark = at + memchr(0xFF, &coded[at..])?;
            match *coded.get(mark + 1)? {
                0x00 => bytes.extend_from_slice(&coded[at..=mark]),
                number @ 0xD0..=0xD7 => {
                    // Restart markers are numbered from 0 to 7 over and over.
                    let is_next = usize::from(number & 7) == (starts.len() - 1) % 8;
                    (is_next && starts.len() < intervals).then_some(())?;
                    bytes.extend_from_slice(&coded[at..mark]);
                    starts.push(bytes.len());
                }
                0xFF => {
                    // A byte that fills.
                    bytes.extend_from_slice(&coded[at..mark]);
                    at = mark + 1;
                    continue;
                }
                _ => {
                    bytes.extend_from_slice(&coded[at..mark]);
                    (starts.len() == intervals).then_some(())?;
                    let length = bytes.len();
                    bytes.resize(length + ROOM, 0);
                    return Some((Self { bytes, length, starts }, mark));
                }
            }
            at = mark + 2;
        }
    }

    /// The bits from one of the stream's on.
    pub fn bits(&self, from: usize) -> Bits<'_> {
        Bits::new(&self.bytes, from)
    }

    /// The bit at which an interval begins.
    pub fn start(&self, interval: usize) -> Option<usize> {
        self.starts.get(interval).map(|byte| 8 * byte)
    }

    /// Bits in the stream.
    pub fn length(&self) -> usize {
        8 * self.length
    }
}

/// Reads bits, the highest of a byte first. Behind the end there are zeroes: [`Bits::position`]
/// tells.
pub struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte that is read next.
    next: usize,
    /// The next bits, from the highest on.
    window: u64,
    /// How many of them are valid.
    valid: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8], from: usize) -> Self {
        let mut bits = Self { bytes, next: from / 8, window: 0, valid: 0 };
        bits.fill();
        bits.take((from % 8) as u32);
        bits
    }

    /// The bit that is next.
    pub fn position(&self) -> usize {
        8 * self.next - self.valid as usize
    }

    /// Makes at least 56 bits valid.
    #[inline(always)]
    pub fn fill(&mut self) {
        let next = self.bytes.get(self.next..).and_then(|rest| rest.first_chunk());
        self.window |= next.map_or(0, |&eight| u64::from_be_bytes(eight)) >> self.valid;
        self.next += ((63 - self.valid) >> 3) as usize;
        self.valid |= 0b11_1000;
    }

    /// The next `count` bits, 1 to 56 of those that are valid.
    #[inline(always)]
    pub fn peek(&self, count: u32) -> usize {
        (self.window >> (64 - count)) as usize
    }

    /// Passes over `count` of the valid bits.
    #[inline(always)]
    pub fn take(&mut self, count: u32) {
        self.window <<= count;
        self.valid -= count;
    }
}
