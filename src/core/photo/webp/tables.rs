//! What the prefix codes of a lossless picture take in memory, counted before a decoder builds
//! them.
//!
//! A lossless picture may have a group of five codes for each block of it. Which block has which
//! group is a small picture of its own, and the largest number in it says how many groups follow:
//! 65,536 groups, each of which takes up to 36 KB, can stand in a file of 470 KB. So the stream is
//! read here up to the last group, by RFC 9649, sections 4 to 6. Nothing but lengths of codes is
//! kept.

use crate::error::{Reason, Rejection, RejectionKind};
use crate::geometry::Size;
use crate::photo::header::pixels;

/// Groups that any picture may have. A larger picture may have one for each of its blocks.
const GROUPS: u64 = 1000;

/// Bytes that the decoder will hold for codes and small pictures. `stream` is what follows the
/// header.
///
/// A stream that breaks off is counted up to there: the decoder will get no further.
///
/// # Errors
/// `photo_too_costly` for more groups than the picture has blocks.
pub fn bytes(stream: &[u8], size: Size) -> Result<u64, Rejection> {
    let mut reader = BitReader { bytes: stream, position: 0 };
    let mut held = 0;
    let groups = reader.skim(size, &mut held);
    if groups.is_some_and(|Groups { number, blocks }| number > blocks.max(GROUPS)) {
        return Err(Rejection::new(
            RejectionKind::TooCostly,
            "The photo is built in an unusual way that takes too much memory. Save it again as an ordinary picture.",
        )
        .because(Reason::TooMuchMemory));
    }
    Ok(held)
}

/// How many groups of codes a picture says that it has, and how many blocks could use one.
struct Groups {
    number: u64,
    blocks: u64,
}

/// Bits from the least significant one of each byte on.
struct BitReader<'a> {
    bytes: &'a [u8],
    /// In bits.
    position: usize,
}

/// Codes for how many pixels are copied.
const LENGTH_CODES: usize = 24;
/// Symbols of the five codes of a group: green with lengths, red, blue, transparency, distances.
const ALPHABETS: [usize; 5] = [256 + LENGTH_CODES, 256, 256, 256, 40];

/// The order in which the lengths of the codes for lengths are stored.
const ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

impl BitReader<'_> {
    /// The next `count` bits, at most 24; `None` at the end.
    fn bits(&mut self, count: u32) -> Option<u32> {
        let bits = self.peek() & ((1 << count) - 1);
        self.position += count as usize;
        (self.position <= 8 * self.bytes.len()).then_some(bits)
    }

    /// At least 24 bits, with zeros after the end.
    fn peek(&self) -> u32 {
        let rest = self.bytes.get(self.position / 8..).unwrap_or_default();
        let word = rest.first_chunk::<4>().copied().unwrap_or_else(|| {
            let mut word = [0; 4];
            word[..rest.len()].copy_from_slice(rest);
            word
        });
        u32::from_le_bytes(word) >> (self.position % 8)
    }

    /// Reads transforms, the picture of groups and all groups.
    fn skim(&mut self, size: Size, held: &mut u64) -> Option<Groups> {
        let mut width = size.width;
        let mut seen = [false; 4];
        while self.bits(1)? == 1 {
            let transform = self.bits(2)? as usize;
            if std::mem::replace(&mut seen[transform], true) {
                return None;
            }
            match transform {
                // How pixels are predicted, and how their colors are: a number for each block.
                0 | 1 => {
                    let bits = self.bits(3)? + 2;
                    self.small_picture(blocks(Size { width, ..size }, bits), held)?;
                }
                // Green is subtracted.
                2 => {}
                // A palette; several indices may share a pixel.
                _ => {
                    let colors = self.bits(8)? + 1;
                    self.small_picture(Size { width: colors, height: 1 }, held)?;
                    let shared =
                        [(2, 3), (4, 2), (16, 1)].into_iter().find(|(most, _)| colors <= *most);
                    width = shared.map_or(width, |(_, bits)| width.div_ceil(1 << bits));
                }
            }
        }
        let cache = self.cache_bits()?;
        let (mut number, mut picture) = (1, Size { width: 1, height: 1 });
        if self.bits(1)? == 1 {
            let bits = self.bits(3)? + 2;
            picture = blocks(Size { width, ..size }, bits);
            number = u64::from(self.small_picture(picture, held)?) + 1;
        }
        let groups = Groups { number, blocks: pixels(picture) };
        for _ in 0..number {
            *held += GROUP_BYTES;
            for code in 0..5 {
                match self.code(code, cache) {
                    Some(code) => *held += code.bytes(),
                    None => return Some(groups),
                }
            }
        }
        Some(groups)
    }

    /// Reads a picture that has one group of codes; returns the largest of its numbers, each of
    /// which is made of red and green. Copies of earlier pixels have no larger ones.
    fn small_picture(&mut self, size: Size, held: &mut u64) -> Option<u32> {
        *held += 6 * pixels(size);
        let cache = self.cache_bits()?;
        let mut codes = Vec::with_capacity(5);
        for code in 0..5 {
            codes.push(self.code(code, cache)?.table()?);
        }
        if let [Some(green), Some(red), Some(_), Some(_)] =
            [0, 1, 2, 3].map(|code| codes[code].only_symbol())
            && green < 256
        {
            // Every pixel is the same, and none takes a bit.
            return Some(red << 8 | green);
        }
        let mut largest = 0;
        let mut left = pixels(size);
        while left > 0 {
            let green = self.symbol(&codes[0])?;
            let length_code = green.checked_sub(256).filter(|code| (*code as usize) < LENGTH_CODES);
            if green < 256 {
                let red = self.symbol(&codes[1])?;
                self.symbol(&codes[2])?;
                self.symbol(&codes[3])?;
                largest = largest.max(red << 8 | green);
                left -= 1;
            } else if let Some(code) = length_code {
                let length = self.length(code)?;
                let distance = self.symbol(&codes[4])?;
                self.length(distance)?;
                left = left.saturating_sub(length.into());
            } else {
                left -= 1;
            }
        }
        Some(largest)
    }

    /// Bits of the cache of colors, if there is one.
    fn cache_bits(&mut self) -> Option<u32> {
        if self.bits(1)? == 0 {
            return Some(0);
        }
        self.bits(4).filter(|bits| (1..=11).contains(bits))
    }

    /// A length or distance: what its prefix code and the bits after it say.
    fn length(&mut self, code: u32) -> Option<u32> {
        if code < 4 {
            return Some(code + 1);
        }
        let extra = (code - 2) >> 1;
        let bits = self.bits(extra)?;
        Some(((2 + (code & 1)) << extra) + bits + 1)
    }

    /// One of the five codes of a group.
    fn code(&mut self, which: usize, cache_bits: u32) -> Option<PrefixCode> {
        let cached = if which == 0 && cache_bits > 0 { 1 << cache_bits } else { 0 };
        let alphabet = ALPHABETS[which] + cached;
        if self.bits(1)? == 1 {
            let has_two = self.bits(1)? == 1;
            let bits = if self.bits(1)? == 1 { 8 } else { 1 };
            let first = self.bits(bits)?;
            let second = if has_two { Some(self.bits(8)?) } else { None };
            let is_symbol = |symbol: u32| (symbol as usize) < alphabet;
            return (is_symbol(first) && second.is_none_or(is_symbol)).then_some(match second {
                Some(second) => PrefixCode::Two(first, second),
                None => PrefixCode::One(first),
            });
        }
        let count = 4 + self.bits(4)? as usize;
        let mut lengths = vec![0; ORDER.len()];
        for place in &ORDER[..count] {
            lengths[*place] = self.bits(3)? as u8;
        }
        let code_of_lengths = PrefixCode::Lengths(lengths).table()?;
        let mut symbols_left = alphabet;
        if self.bits(1)? == 1 {
            let bits = 2 + 2 * self.bits(3)?;
            symbols_left = 2 + self.bits(bits)? as usize;
        }
        let mut lengths = Vec::with_capacity(alphabet);
        let mut previous = 8;
        while lengths.len() < alphabet && symbols_left > 0 {
            symbols_left -= 1;
            let (length, times) = match self.symbol(&code_of_lengths)? {
                16 => (previous, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length as u8, 1),
            };
            if length != 0 {
                previous = length;
            }
            lengths.resize(lengths.len() + times as usize, length);
        }
        (lengths.len() <= alphabet).then_some(PrefixCode::Lengths(lengths))
    }

    /// The next symbol of a code.
    fn symbol(&mut self, table: &Table) -> Option<u32> {
        let index = self.peek() & ((1 << table.bits) - 1);
        let (symbol, length) = table.entries[index as usize];
        self.bits(length.into())?;
        Some(symbol.into())
    }
}

/// The number of blocks of 2^`bits` pixels, across and down.
fn blocks(size: Size, bits: u32) -> Size {
    Size { width: size.width.div_ceil(1 << bits), height: size.height.div_ceil(1 << bits) }
}

/// What a group takes besides its codes: five handles, in a list that doubles as it grows.
const GROUP_BYTES: u64 = 5 * 64 * 3;
/// What an allocation takes besides its bytes.
const ALLOCATION: u64 = 32;

/// A prefix code.
enum PrefixCode {
    /// A single symbol takes no bits.
    One(u32),
    Two(u32, u32),
    /// By symbol; 0 for those that do not occur.
    Lengths(Vec<u8>),
}

/// What the bits that follow stand for: a symbol, and how many of the bits it takes.
struct Table {
    bits: u32,
    entries: Vec<(u16, u8)>,
}

impl Table {
    /// The symbol of a code that has a single one.
    fn only_symbol(&self) -> Option<u32> {
        (self.bits == 0).then(|| self.entries[0].0.into())
    }
}

impl PrefixCode {
    /// Bytes that the decoder takes for it: a table for codes of up to ten bits, a tree for longer
    /// ones.
    fn bytes(&self) -> u64 {
        const TABLE_BITS: u8 = 10;
        const NODE: u64 = 16;
        match self {
            Self::One(_) => 0,
            Self::Two(..) => 2 * ALLOCATION + 3 * NODE + 8,
            Self::Lengths(lengths) => {
                let longest = lengths.iter().max().copied().unwrap_or(0);
                let long = lengths.iter().filter(|length| **length > TABLE_BITS).count() as u64;
                // A list of nodes doubles as it grows.
                2 * ALLOCATION + (4 << longest.min(TABLE_BITS)) + 4 * NODE * long
            }
        }
    }

    /// A table to read it with; `None` for lengths that make no code.
    fn table(&self) -> Option<Table> {
        let lengths = match self {
            Self::One(symbol) => {
                return Some(Table { bits: 0, entries: vec![(*symbol as u16, 0)] });
            }
            Self::Two(first, second) => {
                return Some(Table {
                    bits: 1,
                    entries: vec![(*first as u16, 1), (*second as u16, 1)],
                });
            }
            Self::Lengths(lengths) => lengths,
        };
        let mut used = lengths.iter().enumerate().filter(|(_, length)| **length > 0);
        let first = used.next()?;
        if used.next().is_none() {
            return Some(Table { bits: 0, entries: vec![(first.0 as u16, 0)] });
        }
        let bits = u32::from(*lengths.iter().max()?).min(15);
        let mut entries = vec![(0, 0); 1 << bits];
        let mut code = 0_u32;
        for length in 1..=bits {
            for symbol in (0..lengths.len()).filter(|symbol| u32::from(lengths[*symbol]) == length)
            {
                if code >= 1 << length {
                    return None;
                }
                let reversed = code.reverse_bits() >> (32 - length);
                for entry in entries.iter_mut().skip(reversed as usize).step_by(1 << length) {
                    *entry = (symbol as u16, length as u8);
                }
                code += 1;
            }
            code <<= 1;
        }
        // All codes of the greatest length are taken, as they must be.
        (code == 2 << bits).then_some(Table { bits, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a shift by more bits than there are.
    #[test]
    fn a_symbol_that_does_not_exist_ends_the_count() {
        let mut stream = Vec::new();
        let mut put =
            |bits: u32, count: u32| stream.extend((0..count).map(|at| (bits >> at & 1) as u8));
        // No transforms and no cache; a picture of groups with blocks of 4 pixels, without a cache.
        put(0b100, 3);
        put(0, 3 + 1);
        // Green, as two lengths: 256 and 257. Their code has the two symbols 1 (a length of one
        // bit) and 18 (zeros).
        put(0, 1 + 4);
        for length in [0, 1, 0, 1] {
            put(length, 3);
        }
        put(0, 1);
        for (zeros, then) in [(138, 0), (118, 2), (22, 0)] {
            put(1, 1);
            put(zeros - 11, 7);
            put(0, then);
        }
        // Red, blue and transparency are 0; the distance is the code 255, of which there are 40.
        for _ in 0..3 {
            put(0b0001, 4);
        }
        put(0b101, 3);
        put(255, 8);
        put(0, 32);
        let stream: Vec<u8> = stream
            .chunks(8)
            .map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit))
            .collect();
        let size = Size { width: 16, height: 16 };
        assert_eq!(bytes(&stream, size).unwrap(), 6 * 16, "the small picture alone");
    }
}
