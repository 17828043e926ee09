//! The inner loops: a few places at a time, all sums in registers.
//!
//! Every loop here runs over numbers known when the program is compiled, and sums are handed on by
//! value: a sum that is addressed by a variable would live in memory instead. `WIDE` means that
//! there are 32 registers of 16 lanes, as AVX-512 has; else tiles are cut for 16 of 8 lanes.

// Loops over the numbers of registers, as the compiler unrolls them.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

use fearless_simd::{Simd, f32x8, f32x16, prelude::*};

use crate::graph::Activation;
use crate::panels::{Depthwise, GROUP, Matrix, Panel};

/// Places that are computed one after the other for all outputs: what depthwise convolutions hand
/// on stands as `[groups][12][8]`.
pub const CHUNK: usize = 12;
/// Numbers from a group of a chunk to the next.
pub const CHUNK_PITCH: usize = CHUNK * GROUP;

/// Sums of `M` places for `A` registers of 16 lanes and `B` of 8.
type Sums<S, const M: usize, const A: usize, const B: usize> =
    ([[f32x16<S>; A]; M], [[f32x8<S>; B]; M]);

/// Values whose group `g` begins `g * pitch` numbers behind the first one.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    /// The first place of the first group, and everything behind it.
    pub numbers: &'a [f32],
    /// Numbers from a group to the next.
    pub pitch: usize,
}

/// The same, to be written.
pub struct PlanesMut<'a> {
    /// The first place of the first group, and everything behind it.
    pub numbers: &'a mut [f32],
    /// Numbers from a group to the next.
    pub pitch: usize,
}

/// What a panel is computed with.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    /// For the registers of 16 lanes, step by step.
    sixteens: &'a [f32],
    /// For the register of 8 lanes, step by step.
    eights: &'a [f32],
    /// What the sums begin with.
    bias: &'a [f32],
    /// What is done to the sums.
    activation: Activation,
}

impl<'a> Weights<'a> {
    /// Those of a panel.
    #[inline(always)]
    pub fn of(matrix: &'a Matrix, panel: Panel) -> Self {
        let (sixteens, eights) = matrix.weights(panel);
        Self { sixteens, eights, bias: matrix.bias(panel), activation: matrix.activation }
    }
}

/// A panel of a 1×1 convolution for `count` places of a chunk. `short` is added to the sums.
#[inline(always)]
pub fn pointwise<S: Simd, const WIDE: bool>(
    simd: S,
    weights: Weights<'_>,
    panel: Panel,
    values: &[f32],
    short: Option<Planes<'_>>,
    out: PlanesMut<'_>,
    count: usize,
) {
    match (panel.sixteens, panel.eights) {
        (2, _) if WIDE => pointwise_of::<S, WIDE, 2, 0>(simd, weights, values, short, out, count),
        (1, 1) => pointwise_of::<S, WIDE, 1, 1>(simd, weights, values, short, out, count),
        (1, _) => pointwise_of::<S, WIDE, 1, 0>(simd, weights, values, short, out, count),
        _ => pointwise_of::<S, WIDE, 0, 1>(simd, weights, values, short, out, count),
    }
}

#[inline(always)]
fn pointwise_of<S: Simd, const WIDE: bool, const A: usize, const B: usize>(
    simd: S,
    weights: Weights<'_>,
    values: &[f32],
    short: Option<Planes<'_>>,
    out: PlanesMut<'_>,
    count: usize,
) {
    macro_rules! tile {
        ($places:literal, $from:expr) => {{
            pointwise_tile::<S, $places, A, B>(
                simd,
                weights,
                &values[$from * GROUP..],
                short.map(
                    #[inline(always)]
                    |short| Planes { numbers: &short.numbers[$from * GROUP..], ..short },
                ),
                PlanesMut { numbers: &mut out.numbers[$from * GROUP..], pitch: out.pitch },
            );
            $places
        }};
    }
    let mut from = 0;
    while from < count {
        from += match (count - from, A, B) {
            (12.., ..) if WIDE || A == 0 => tile!(12, from),
            (8.., ..) if WIDE && A > 0 => tile!(8, from),
            (3.., 1, 1) if !WIDE => tile!(3, from),
            (6 | 7 | 9.., 1, 0) if !WIDE => tile!(6, from),
            (4.., ..) if WIDE || B == 0 || A == 0 => tile!(4, from),
            _ => tile!(1, from),
        };
    }
}

#[inline(always)]
fn pointwise_tile<S: Simd, const M: usize, const A: usize, const B: usize>(
    simd: S,
    weights: Weights<'_>,
    values: &[f32],
    short: Option<Planes<'_>>,
    out: PlanesMut<'_>,
) {
    let Weights { sixteens, eights, bias, activation } = weights;
    let mut sums = begun::<S, M, A, B>(simd, bias);
    for group in 0..values.len().div_ceil(CHUNK_PITCH) {
        let sixteens = &sixteens[group * GROUP * 16 * A..][..GROUP * 16 * A];
        let eights = &eights[group * GROUP * 8 * B..][..GROUP * 8 * B];
        let values = &values[group * CHUNK_PITCH..][..M * GROUP];
        sums = added::<S, M, A, B, GROUP, GROUP>(simd, sums, values, sixteens, eights);
    }
    finish(simd, sums, activation, short, out);
}

/// A panel of a convolution over three colors with stride 2, for `count` places from `x` on. The
/// kernel has a third as many rows as numbers in a row, `E`.
#[inline(always)]
pub fn first<S: Simd, const WIDE: bool, const E: usize>(
    simd: S,
    weights: Weights<'_>,
    panel: Panel,
    rows: &[&[f32]],
    x: usize,
    out: PlanesMut<'_>,
    count: usize,
) {
    match (panel.sixteens, panel.eights) {
        (2, _) if WIDE => first_of::<S, WIDE, E, 2, 0>(simd, weights, rows, x, out, count),
        (1, 1) => first_of::<S, WIDE, E, 1, 1>(simd, weights, rows, x, out, count),
        (1, _) => first_of::<S, WIDE, E, 1, 0>(simd, weights, rows, x, out, count),
        _ => first_of::<S, WIDE, E, 0, 1>(simd, weights, rows, x, out, count),
    }
}

#[inline(always)]
fn first_of<S: Simd, const WIDE: bool, const E: usize, const A: usize, const B: usize>(
    simd: S,
    weights: Weights<'_>,
    rows: &[&[f32]],
    x: usize,
    out: PlanesMut<'_>,
    count: usize,
) {
    macro_rules! tile {
        ($places:literal, $from:expr) => {{
            let out = PlanesMut { numbers: &mut out.numbers[$from * GROUP..], pitch: out.pitch };
            first_tile::<S, $places, A, B, E>(simd, weights, rows, x + $from, out);
            $places
        }};
    }
    let mut from = 0;
    while from < count {
        from += match (count - from, A, B) {
            (12.., ..) if WIDE || A == 0 => tile!(12, from),
            (3.., 1, 1) if !WIDE => tile!(3, from),
            (6.., 1, 0) if !WIDE => tile!(6, from),
            (4.., ..) if WIDE || A == 0 => tile!(4, from),
            _ => tile!(1, from),
        };
    }
}

#[inline(always)]
fn first_tile<S: Simd, const M: usize, const A: usize, const B: usize, const E: usize>(
    simd: S,
    weights: Weights<'_>,
    rows: &[&[f32]],
    x: usize,
    out: PlanesMut<'_>,
) {
    let Weights { sixteens, eights, bias, activation } = weights;
    let mut sums = begun::<S, M, A, B>(simd, bias);
    for (number, row) in rows.iter().enumerate() {
        let sixteens = &sixteens[number * E * 16 * A..][..E * 16 * A];
        let eights = &eights[number * E * 8 * B..][..E * 8 * B];
        // Two places of three colors from a place of the output to the next.
        let values = &row[6 * x..][..6 * (M - 1) + E];
        sums = added::<S, M, A, B, E, 6>(simd, sums, values, sixteens, eights);
    }
    finish(simd, sums, activation, None, out);
}

#[inline(always)]
fn begun<S: Simd, const M: usize, const A: usize, const B: usize>(
    simd: S,
    bias: &[f32],
) -> Sums<S, M, A, B> {
    let (sixteens, eights) = bias[..16 * A + 8 * B].split_at(16 * A);
    ([wide(simd, sixteens); M], [narrow(simd, eights); M])
}

/// Registers of 16 lanes.
#[inline(always)]
fn wide<S: Simd, const A: usize>(simd: S, lanes: &[f32]) -> [f32x16<S>; A] {
    let mut registers = [f32x16::splat(simd, 0.0); A];
    for a in 0..A {
        registers[a] = f32x16::from_slice(simd, &lanes[16 * a..][..16]);
    }
    registers
}

/// Registers of 8 lanes.
#[inline(always)]
fn narrow<S: Simd, const B: usize>(simd: S, lanes: &[f32]) -> [f32x8<S>; B] {
    let mut registers = [f32x8::splat(simd, 0.0); B];
    for b in 0..B {
        registers[b] = f32x8::from_slice(simd, &lanes[8 * b..][..8]);
    }
    registers
}

/// Adds `E` steps for `M` places, which stand `NEXT` numbers apart.
#[inline(always)]
fn added<
    S: Simd,
    const M: usize,
    const A: usize,
    const B: usize,
    const E: usize,
    const NEXT: usize,
>(
    simd: S,
    sums: Sums<S, M, A, B>,
    values: &[f32],
    sixteens: &[f32],
    eights: &[f32],
) -> Sums<S, M, A, B> {
    let (mut wides, mut narrows) = sums;
    let values = &values[..NEXT * (M - 1) + E];
    let (sixteens, eights) = (&sixteens[..E * 16 * A], &eights[..E * 8 * B]);
    for step in 0..E {
        let sixteens = wide::<S, A>(simd, &sixteens[step * A * 16..][..A * 16]);
        let eights = narrow::<S, B>(simd, &eights[step * B * 8..][..B * 8]);
        for m in 0..M {
            let value = values[NEXT * m + step];
            for a in 0..A {
                wides[m][a] = f32x16::splat(simd, value).mul_add(sixteens[a], wides[m][a]);
            }
            for b in 0..B {
                narrows[m][b] = f32x8::splat(simd, value).mul_add(eights[b], narrows[m][b]);
            }
        }
    }
    (wides, narrows)
}

/// Adds the short way, limits and writes the sums.
#[inline(always)]
fn finish<S: Simd, const M: usize, const A: usize, const B: usize>(
    simd: S,
    sums: Sums<S, M, A, B>,
    activation: Activation,
    short: Option<Planes<'_>>,
    out: PlanesMut<'_>,
) {
    let (mut wide, mut narrow) = sums;
    if let Some(Planes { numbers, pitch }) = short {
        for a in 0..A {
            let (low, high) =
                (&numbers[2 * a * pitch..][..M * 8], &numbers[(2 * a + 1) * pitch..][..M * 8]);
            for m in 0..M {
                let (low, high) = (&low[8 * m..][..8], &high[8 * m..][..8]);
                wide[m][a] +=
                    simd.combine_f32x8(f32x8::from_slice(simd, low), f32x8::from_slice(simd, high));
            }
        }
        for b in 0..B {
            let short = &numbers[2 * A * pitch..][..M * 8];
            for m in 0..M {
                narrow[m][b] += f32x8::from_slice(simd, &short[8 * m..][..8]);
            }
        }
    }
    let PlanesMut { numbers, pitch } = out;
    for a in 0..A {
        let (low, high) = numbers[2 * a * pitch..].split_at_mut(pitch);
        let (low, high) = (&mut low[..M * 8], &mut high[..M * 8]);
        for m in 0..M {
            let (first, second) = simd.split_f32x16(limited16(simd, wide[m][a], activation));
            first.store_slice(&mut low[8 * m..][..8]);
            second.store_slice(&mut high[8 * m..][..8]);
        }
    }
    for b in 0..B {
        let out = &mut numbers[2 * A * pitch..][..M * 8];
        for m in 0..M {
            limited8(simd, narrow[m][b], activation).store_slice(&mut out[8 * m..][..8]);
        }
    }
}

#[inline(always)]
fn limited16<S: Simd>(simd: S, value: f32x16<S>, activation: Activation) -> f32x16<S> {
    match activation {
        Activation::None => value,
        Activation::Relu => value.max(f32x16::splat(simd, 0.0)),
        Activation::Relu6 => value.max(f32x16::splat(simd, 0.0)).min(f32x16::splat(simd, 6.0)),
    }
}

#[inline(always)]
fn limited8<S: Simd>(simd: S, value: f32x8<S>, activation: Activation) -> f32x8<S> {
    match activation {
        Activation::None => value,
        Activation::Relu => value.max(f32x8::splat(simd, 0.0)),
        Activation::Relu6 => value.max(f32x8::splat(simd, 0.0)).min(f32x8::splat(simd, 6.0)),
    }
}

/// The largest of two places of two rows, channel by channel.
#[inline(always)]
pub fn largest<S: Simd>(
    simd: S,
    upper: &[f32; 2 * GROUP],
    lower: &[f32; 2 * GROUP],
    out: &mut [f32; GROUP],
) {
    let [a, b, c, d] = [&upper[..GROUP], &upper[GROUP..], &lower[..GROUP], &lower[GROUP..]].map(
        #[inline(always)]
        |place| f32x8::from_slice(simd, place),
    );
    a.max(b).max(c.max(d)).store_array(out);
}

/// A 3×3 convolution on each channel by itself: one group of channels, for `count` places from `x`
/// on, into a group of a chunk from its place `to` on. Of the rows there is the group alone.
#[inline(always)]
pub fn depthwise<S: Simd, const WIDE: bool>(
    simd: S,
    layer: &Depthwise,
    group: usize,
    rows: [&[f32]; 3],
    x: usize,
    count: usize,
    chunk: &mut [f32],
    to: usize,
) {
    let rows = &rows[..layer.rows];
    let weights = &layer.weights.as_chunks::<{ 9 * GROUP }>().0[group];
    let bias = &layer.bias.as_chunks::<GROUP>().0[group];
    let mut done = 0;
    while done < count {
        let (x, left, to) = (x + done, count - done, to + done);
        let activation = layer.activation;
        done += match (layer.stride, left) {
            (1, 12..) if WIDE => depthwise_places::<S, 12, 14, 1>(
                simd, weights, bias, activation, rows, x, chunk, to,
            ),
            (1, 8..) => {
                depthwise_places::<S, 8, 10, 1>(simd, weights, bias, activation, rows, x, chunk, to)
            }
            (1, 4..) => {
                depthwise_places::<S, 4, 6, 1>(simd, weights, bias, activation, rows, x, chunk, to)
            }
            (1, _) => {
                depthwise_places::<S, 1, 3, 1>(simd, weights, bias, activation, rows, x, chunk, to)
            }
            (_, 4..) => {
                depthwise_places::<S, 4, 9, 2>(simd, weights, bias, activation, rows, x, chunk, to)
            }
            (..) => {
                depthwise_places::<S, 1, 3, 2>(simd, weights, bias, activation, rows, x, chunk, to)
            }
        };
    }
}

/// `N` places, for which `X` of each row are needed. Returns `N`.
///
/// Each value is loaded once and used at once for all sums that it is part of, so that sums and
/// weights of a row fill the registers. The number of rows is not known to the compiler, which
/// would otherwise compute place after place.
#[inline(always)]
fn depthwise_places<S: Simd, const N: usize, const X: usize, const STRIDE: usize>(
    simd: S,
    weights: &[f32; 9 * GROUP],
    bias: &[f32; GROUP],
    activation: Activation,
    rows: &[&[f32]],
    x: usize,
    chunk: &mut [f32],
    to: usize,
) -> usize {
    let mut sums = [f32x8::load_array_ref(simd, bias); N];
    for (row, weights) in rows.iter().zip(weights.as_chunks::<{ 3 * GROUP }>().0) {
        let row = &row[STRIDE * x * GROUP..][..X * GROUP];
        let weight = [0, 8, 16].map(
            #[inline(always)]
            |at| f32x8::from_slice(simd, &weights[at..][..8]),
        );
        for i in 0..X {
            let value = f32x8::from_slice(simd, &row[i * GROUP..][..GROUP]);
            for kx in 0..3 {
                if i >= kx && (i - kx) % STRIDE == 0 && (i - kx) / STRIDE < N {
                    let n = (i - kx) / STRIDE;
                    sums[n] = value.mul_add(weight[kx], sums[n]);
                }
            }
        }
    }
    let out = &mut chunk[to * GROUP..][..N * GROUP];
    for n in 0..N {
        limited8(simd, sums[n], activation).store_slice(&mut out[n * GROUP..][..GROUP]);
    }
    N
}
