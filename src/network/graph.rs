//! What a network is made of, with weights as they lie in its file.
//!
//! ```text
//! input ─► first convolution ─► trunk 0 ─► block ─► trunk 1 ─► block ─► … ─► trunk n
//!                                  │                   │                       │
//!                                  └─ outputs: a 1×1 convolution, or the average over all places, of any trunk
//! ```

use half::slice::HalfFloatSliceExt as _;

/// A network of depthwise separable blocks.
pub struct Graph<'a> {
    /// From three colors to trunk 0.
    pub first: Convolution<'a>,
    /// From each trunk to the next.
    pub blocks: Vec<Block<'a>>,
    /// In the order of the file.
    pub outputs: Vec<Output<'a>>,
}

/// A convolution of a square kernel, with what is done to its sums.
pub struct Convolution<'a> {
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Rows and columns from one place to the next, 1 or 2.
    pub stride: usize,
    /// What the input is framed with.
    pub padding: Padding,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// `[outputs, inputs, kernel, kernel]`; of a depthwise convolution `[outputs, 1, kernel,
    /// kernel]`.
    pub weights: Numbers<'a>,
    /// A number for each output.
    pub bias: Option<Numbers<'a>>,
    /// What is done to the sums.
    pub activation: Activation,
}

/// `activation(short way + pointwise(activation(depthwise(trunk))))`.
pub struct Block<'a> {
    /// 3×3 on each channel by itself.
    pub depthwise: Convolution<'a>,
    /// 1×1. Its activation comes after the sum.
    pub pointwise: Convolution<'a>,
    /// What is added.
    pub short: Short,
}

/// What goes around a block and is added to what goes through it. Where the block gives more
/// channels than it takes, the missing ones are zeroes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// Nothing.
    None,
    /// The block's input.
    Same,
    /// The largest of each 2×2 places of the block's input.
    Pooled {
        /// Whether half a square at the end of an odd side counts.
        round_up: bool,
    },
}

/// One output of the network.
pub struct Output<'a> {
    /// The trunk that it is made of.
    pub trunk: usize,
    /// How.
    pub kind: OutputKind<'a>,
}

/// How an output is made of its trunk.
pub enum OutputKind<'a> {
    /// By a 1×1 convolution: `[1, channels, rows, columns]`.
    Map(Convolution<'a>),
    /// The average over all places: `[1, channels]` where it is flat, else `[1, channels, 1, 1]`.
    Average {
        /// Whether the output has two dimensions instead of four.
        flat: bool,
    },
}

/// Zeroes around the input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// So many rows above, columns at the left, rows below, columns at the right.
    Fixed([usize; 4]),
    /// As many as make the output as long as the input divided by the stride, rounded up; the odd
    /// one comes last.
    Same,
}

/// What is done to sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// What is below 0 becomes 0.
    Relu,
    /// What is below 0 becomes 0, what is above 6 becomes 6.
    Relu6,
}

impl Padding {
    /// Zeroes before and behind a side of this length, by its direction: 0 from above, 1 from the
    /// left.
    pub fn around(
        self,
        direction: usize,
        length: usize,
        kernel: usize,
        stride: usize,
    ) -> (usize, usize) {
        match self {
            Self::Fixed(pads) => (pads[direction], pads[direction + 2]),
            Self::Same => {
                let needed = (length.div_ceil(stride).max(1) - 1) * stride + kernel;
                let missing = needed.saturating_sub(length);
                (missing / 2, missing - missing / 2)
            }
        }
    }
}

/// Numbers of a file, little-endian.
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    /// Of 16 bits.
    Halves(&'a [[u8; 2]]),
    /// Of 32 bits.
    Floats(&'a [[u8; 4]]),
}

impl Numbers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Halves(all) => all.len(),
            Self::Floats(all) => all.len(),
        }
    }

    /// Fills a slice with those from a place on.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn read(&self, from: usize, into: &mut [f32]) {
        /// Read at a time.
        const SOME: usize = 256;
        let range = from..from + into.len();
        match self {
            Self::Floats(all) => {
                for (number, bytes) in into.iter_mut().zip(&all[range]) {
                    *number = f32::from_le_bytes(*bytes);
                }
            }
            Self::Halves(all) => {
                let mut halves = [half::f16::ZERO; SOME];
                for (into, bytes) in into.chunks_mut(SOME).zip(all[range].chunks(SOME)) {
                    for (half, bytes) in halves.iter_mut().zip(bytes) {
                        *half = half::f16::from_le_bytes(*bytes);
                    }
                    halves[..into.len()].convert_to_f32_slice(into);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_that_of_the_convention() {
        for (length, kernel, stride, expected) in [
            (8, 3, 1, (1, 1)),
            (8, 3, 2, (0, 1)),
            (9, 3, 2, (1, 1)),
            (8, 5, 2, (1, 2)),
            (9, 5, 2, (2, 2)),
            (1, 3, 2, (1, 1)),
        ] {
            assert_eq!(
                Padding::Same.around(0, length, kernel, stride),
                expected,
                "{length} by {kernel} with stride {stride}"
            );
        }
        assert_eq!(Padding::Fixed([1, 2, 3, 4]).around(1, 9, 3, 1), (2, 4));
    }

    #[test]
    fn halves_are_read_across_the_chunks() {
        let bytes: Vec<[u8; 2]> =
            (0..600_u16).map(|value| half::f16::from_f32(f32::from(value)).to_le_bytes()).collect();
        let mut numbers = vec![0.0; 300];
        Numbers::Halves(&bytes).read(290, &mut numbers);
        assert!(numbers.iter().zip(290_u16..).all(|(&number, value)| number == f32::from(value)));
    }
}
