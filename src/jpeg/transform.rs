//! Coefficients become samples: as many a side as are asked for, of a block's eight.

use std::f32::consts::SQRT_2;

use crate::bits::Bits;
use crate::huffman::AcTable;
use crate::markers::ZIGZAG;

/// The number of the last coefficient that `SIDE` samples a side take.
const fn last(side: usize) -> u32 {
    match side {
        1 => 0,
        2 => 4,
        4 => 24,
        _ => 63,
    }
}

/// By what coefficients are multiplied, row after row: the steps of quantization, and what the
/// transform for `SIDE` samples a side expects.
pub fn factors<const SIDE: usize>(steps: &[u16; 64]) -> [f32; 64] {
    // cos(k π / 16) √2, and 1 for k = 0 (Arai, Agui and Nakajima, 1988).
    const SCALES: [f32; 8] =
        [1.0, 1.387_039_8, 1.306_563, 1.175_875_6, 1.0, 0.785_694_96, 0.541_196_1, 0.275_899_38];
    std::array::from_fn(|at| {
        let scale = if SIDE == 8 { SCALES[at / 8] * SCALES[at % 8] } else { 1.0 };
        f32::from(steps[at]) * scale / 8.0
    })
}

/// Decodes the coefficients behind the mean, and writes `SIDE` rows of `SIDE` samples, `stride`
/// samples apart.
#[inline(always)]
pub fn block<const SIDE: usize>(
    mean: i32,
    table: &AcTable,
    bits: &mut Bits,
    factors: &[f32; 64],
    out: &mut [u8],
    stride: usize,
) -> Option<()> {
    let mean = mean as f32 * factors[0];
    if SIDE == 1 {
        table.skip(bits, 0)?;
        *out.first_mut()? = sample(mean);
        return Some(());
    }
    let mut coefficients = [0.0_f32; 64];
    let (mut k, mut is_flat) = (0, true);
    while k < last(SIDE) {
        let (next, value) = table.next(bits, k)?;
        k = next;
        if k > 63 {
            break;
        }
        let place = usize::from(ZIGZAG[k as usize]);
        coefficients[place] = value as f32 * factors[place];
        is_flat &= k > last(SIDE);
    }
    if k < 63 {
        table.skip(bits, k)?;
    }
    if is_flat {
        for row in 0..SIDE {
            out.get_mut(row * stride..row * stride + SIDE)?.fill(sample(mean));
        }
        return Some(());
    }
    coefficients[0] = mean;
    match SIDE {
        2 => two(&coefficients, out, stride),
        4 => four(&coefficients, out, stride),
        _ => eight(&coefficients, out, stride),
    }
}

/// From −128 … 127 to 0 … 255; what lies outside is cut off, as a cast does.
fn sample(value: f32) -> u8 {
    (value + 128.5) as u8
}

fn write<const SIDE: usize>(row: [f32; SIDE], out: &mut [u8], at: usize) -> Option<()> {
    let samples: &mut [u8; SIDE] = out.get_mut(at..)?.first_chunk_mut()?;
    *samples = row.map(sample);
    Some(())
}

/// Two samples a side of the four lowest frequencies.
fn two(c: &[f32; 64], out: &mut [u8], stride: usize) -> Option<()> {
    let (left, right) = ([c[0] + c[1], c[0] - c[1]], [c[8] + c[9], c[8] - c[9]]);
    write([left[0] + right[0], left[1] + right[1]], out, 0)?;
    write([left[0] - right[0], left[1] - right[1]], out, stride)
}

/// Four samples a side of the sixteen lowest frequencies.
fn four(c: &[f32; 64], out: &mut [u8], stride: usize) -> Option<()> {
    // √2 cos(π / 8) and √2 sin(π / 8).
    const COS: f32 = 1.306_563;
    const SIN: f32 = 0.541_196_1;
    let line = |v: [f32; 4]| {
        let (low, high) = (v[0] + v[2], v[0] - v[2]);
        let (outer, inner) = (COS * v[1] + SIN * v[3], SIN * v[1] - COS * v[3]);
        [low + outer, high + inner, high - inner, low - outer]
    };
    let columns: [[f32; 4]; 4] =
        std::array::from_fn(|x| line([c[x], c[8 + x], c[16 + x], c[24 + x]]));
    for y in 0..4 {
        write(line(columns.map(|column| column[y])), out, y * stride)?;
    }
    Some(())
}

/// Eight numbers that are computed at once.
type Lanes = [f32; 8];

fn add(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] + b[i])
}

fn sub(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] - b[i])
}

fn times(a: Lanes, factor: f32) -> Lanes {
    a.map(|value| value * factor)
}

/// The inverse transform of Arai, Agui and Nakajima for eight columns at once.
#[inline(always)]
fn columns(v: [Lanes; 8]) -> [Lanes; 8] {
    // Even frequencies.
    let (sum04, diff04) = (add(v[0], v[4]), sub(v[0], v[4]));
    let sum26 = add(v[2], v[6]);
    let diff26 = sub(times(sub(v[2], v[6]), SQRT_2), sum26);
    let even = [add(sum04, sum26), add(diff04, diff26), sub(diff04, diff26), sub(sum04, sum26)];
    // Odd frequencies.
    let (sum53, diff53) = (add(v[5], v[3]), sub(v[5], v[3]));
    let (sum17, diff17) = (add(v[1], v[7]), sub(v[1], v[7]));
    let odd0 = add(sum17, sum53);
    let middle = times(sub(sum17, sum53), SQRT_2);
    let turned = times(add(diff53, diff17), 1.847_759);
    let odd1 = sub(sub(turned, times(diff53, 2.613_126)), odd0);
    let odd2 = sub(middle, odd1);
    let odd3 = sub(sub(turned, times(diff17, 1.082_392_2)), odd2);
    [
        add(even[0], odd0),
        add(even[1], odd1),
        add(even[2], odd2),
        add(even[3], odd3),
        sub(even[3], odd3),
        sub(even[2], odd2),
        sub(even[1], odd1),
        sub(even[0], odd0),
    ]
}

fn transposed(v: [Lanes; 8]) -> [Lanes; 8] {
    std::array::from_fn(|x| std::array::from_fn(|y| v[y][x]))
}

fn eight(c: &[f32; 64], out: &mut [u8], stride: usize) -> Option<()> {
    let rows: [Lanes; 8] = std::array::from_fn(|y| std::array::from_fn(|x| c[8 * y + x]));
    let done = transposed(columns(transposed(columns(rows))));
    for (y, row) in done.into_iter().enumerate() {
        write(row, out, y * stride)?;
    }
    Some(())
}
