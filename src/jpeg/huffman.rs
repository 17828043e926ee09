//! Huffman codes of JPEG (ITU-T T.81, annexes C and F): one at a time with their values, or several
//! at once without.

use crate::bits::Bits;

/// Bits that choose an entry of the tables of values.
const VALUE_BITS: u32 = 10;
/// Bits that choose an entry of the table that passes over several codes.
const SKIP_BITS: u32 = 12;
/// Bits that one entry of that table may pass over: three of them are valid after a fill.
const SKIP_MOST: u32 = 18;
/// Stands for the end of a block, in steps.
const END_OF_BLOCK: u32 = 64;
/// The number of the last coefficient.
const LAST: u32 = 63;

/// Codes of all lengths: each length's codes are consecutive numbers.
#[derive(Debug)]
struct Codes {
    /// For each length: bits that begin with a code so long, or a shorter one, are below this; 16
    /// bits, from the highest on.
    limits: [u32; 17],
    /// For each length: what is added to a code to find its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Codes {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut place) = (0_u32, 0);
        for (length, &count) in (1..).zip(counts) {
            offsets[length] = place - code as i32;
            code += u32::from(count);
            place += i32::from(count);
            (code <= 1 << length).then_some(())?;
            limits[length] = code << (16 - length);
            code <<= 1;
        }
        Some(Self { limits, offsets, symbols: symbols.to_vec() })
    }

    /// The symbol that these 16 bits begin with, and the length of its code.
    fn symbol(&self, bits: u32) -> Option<(u8, u32)> {
        let length = (1..=16).find(|&length| bits < self.limits[length])?;
        let place = (bits >> (16 - length)) as i32 + self.offsets[length];
        Some((*self.symbols.get(usize::try_from(place).ok()?)?, length as u32))
    }

    /// For all values of `width` bits: the symbol and the length of the code that they begin with,
    /// if it is whole.
    fn whole(&self, width: u32) -> impl Iterator<Item = Option<(u8, u32)>> {
        (0..1_u32 << width).map(move |bits| {
            self.symbol(bits << (16 - width)).filter(|&(_, length)| length <= width)
        })
    }
}

/// The number that `size` bits stand for: without a 1 at the top it is negative.
#[inline(always)]
fn extended(bits: i32, size: u32) -> i32 {
    if size > 0 && bits < 1 << (size - 1) { bits - (1 << size) + 1 } else { bits }
}

/// Of `width` bits the `size` that follow a code of this length.
fn value_in(bits: usize, width: u32, length: u32, size: u32) -> i32 {
    extended(bits as i32 >> (width - length - size) & ((1 << size) - 1), size)
}

/// Codes of the differences between the means of blocks.
#[derive(Debug)]
pub struct DcTable {
    codes: Codes,
    /// Difference << 16, and bits of code and value; 0 where the bits are too few to tell.
    fast: Box<[u32; 1 << VALUE_BITS]>,
}

impl DcTable {
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let codes = Codes::new(counts, symbols)?;
        // Differences of eight-bit pictures have no more bits.
        symbols.iter().all(|&size| size <= 11).then_some(())?;
        let mut fast = Box::new([0; 1 << VALUE_BITS]);
        for (bits, (entry, found)) in fast.iter_mut().zip(codes.whole(VALUE_BITS)).enumerate() {
            let Some((size, length)) = found.map(|(size, length)| (u32::from(size), length)) else {
                continue;
            };
            if length + size <= VALUE_BITS {
                let difference = value_in(bits, VALUE_BITS, length, size);
                *entry = (difference as u32) << 16 | (length + size);
            }
        }
        Some(Self { codes, fast })
    }

    /// The next difference.
    #[inline(always)]
    pub fn difference(&self, bits: &mut Bits) -> Option<i32> {
        bits.fill();
        let entry = self.fast[bits.peek(VALUE_BITS)];
        if entry != 0 {
            bits.take(entry & 31);
            return Some(entry as i32 >> 16);
        }
        let (size, length) = self.codes.symbol(bits.peek(16) as u32)?;
        bits.take(length);
        if size == 0 {
            return Some(0);
        }
        let value = extended(bits.peek(size.into()) as i32, size.into());
        bits.take(size.into());
        Some(value)
    }
}

/// Codes of all other coefficients: each says how many zeroes come before it.
#[derive(Debug)]
pub struct AcTable {
    codes: Codes,
    /// Value << 16, steps << 8, and bits of code and value. With a value of 0: the symbol << 8, and
    /// the bits of its code alone; 0 where the bits are too few to tell.
    fast: Box<[u32; 1 << VALUE_BITS]>,
    /// Steps << 5, and bits, of as many codes as these bits tell; [`END_OF_BLOCK`] more steps with
    /// the end of the block. Without bits: more steps than any block has.
    skip: Box<[u16; 1 << SKIP_BITS]>,
}

impl AcTable {
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let codes = Codes::new(counts, symbols)?;
        let mut fast = Box::new([0; 1 << VALUE_BITS]);
        for (bits, (entry, found)) in fast.iter_mut().zip(codes.whole(VALUE_BITS)).enumerate() {
            let Some((symbol, length)) = found else { continue };
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            *entry = if size > 0 && length + size <= VALUE_BITS {
                let value = value_in(bits, VALUE_BITS, length, size);
                (value as u32) << 16 | (run + 1) << 8 | (length + size)
            } else {
                u32::from(symbol) << 8 | length
            };
        }
        let whole: Vec<Option<(u8, u32)>> = codes.whole(SKIP_BITS).collect();
        let mut skip = Box::new([0; 1 << SKIP_BITS]);
        for (bits, entry) in skip.iter_mut().enumerate() {
            *entry = skipped(bits, &whole) as u16;
        }
        Some(Self { codes, fast, skip })
    }

    /// Passes over the coefficients behind the k-th.
    #[inline(always)]
    pub fn skip(&self, bits: &mut Bits, mut k: u32) -> Option<()> {
        while k < LAST {
            bits.fill();
            for _ in 0..3 {
                let entry = u32::from(self.skip[bits.peek(SKIP_BITS)]);
                let (length, steps) = (entry & 31, entry >> 5);
                let next = k + steps;
                if next >= LAST {
                    // The end of the block, or more than the block has.
                    let is_end = if steps < END_OF_BLOCK {
                        next == LAST
                    } else {
                        next < END_OF_BLOCK + LAST
                    };
                    if length > 0 && is_end {
                        bits.take(length);
                        return Some(());
                    }
                    k = self.skip_one(bits, k)?;
                    break;
                }
                bits.take(length);
                k = next;
            }
        }
        Some(())
    }

    /// Passes over one code, where the table tells too little or too much.
    #[cold]
    fn skip_one(&self, bits: &mut Bits, k: u32) -> Option<u32> {
        bits.fill();
        let (symbol, length) = self.codes.symbol(bits.peek(16) as u32)?;
        bits.take(length + u32::from(symbol & 15));
        match (symbol >> 4, symbol & 15) {
            (0, 0) => Some(LAST),
            (run, size) if size > 0 || run == 15 => {
                Some(k + u32::from(run) + 1).filter(|&k| k <= LAST)
            }
            _ => None,
        }
    }

    /// The next coefficient behind the k-th, as its number and value; the number is 64 at the end
    /// of the block.
    #[inline(always)]
    pub fn next(&self, bits: &mut Bits, k: u32) -> Option<(u32, i32)> {
        bits.fill();
        let entry = self.fast[bits.peek(VALUE_BITS)];
        if entry >> 16 != 0 {
            bits.take(entry & 31);
            let number = k + (entry >> 8 & 31);
            return (number <= LAST).then_some((number, entry as i32 >> 16));
        }
        let (symbol, length) = if entry == 0 {
            self.codes.symbol(bits.peek(16) as u32)?
        } else {
            ((entry >> 8) as u8, entry & 31)
        };
        bits.take(length);
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let number = k + run + 1;
        match (run, size) {
            (0, 0) => Some((END_OF_BLOCK, 0)),
            // Sixteen zeroes.
            (15, 0) => (number <= LAST).then_some((number, 0)),
            (_, 0) => None,
            _ => {
                let value = extended(bits.peek(size) as i32, size);
                bits.take(size);
                (number <= LAST).then_some((number, value))
            }
        }
    }
}

/// An entry of [`AcTable::skip`]; `whole` has the code that each of its indices begins with.
fn skipped(bits: usize, whole: &[Option<(u8, u32)>]) -> u32 {
    let (mut taken, mut steps) = (0, 0);
    while taken < SKIP_BITS {
        let rest = (bits << taken) & ((1 << SKIP_BITS) - 1);
        let Some((symbol, length)) = whole[rest].filter(|&(_, length)| taken + length <= SKIP_BITS)
        else {
            break;
        };
        if symbol == 0 {
            (taken, steps) = (taken + length, steps + END_OF_BLOCK);
            break;
        }
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        // Sixteen zeroes are the only code without a value.
        let is_code = size > 0 || run == 15;
        if !is_code || taken + length + size > SKIP_MOST || steps + run + 1 > LAST {
            break;
        }
        (taken, steps) = (taken + length + size, steps + run + 1);
    }
    if taken == 0 { 127 << 5 } else { steps << 5 | taken }
}
