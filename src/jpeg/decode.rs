//! Walks over units: all of them once, or those of a part.

use crate::bits::{Bits, Stream};
use crate::huffman::{AcTable, DcTable};
use crate::markers::{Component, Headers};
use crate::{Picture, Place, Plane, STEP, Scale, transform};

/// Columns and rows of units: from `left` and `top` up to, and without, `right` and `bottom`.
#[derive(Clone, Copy)]
pub struct Units {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

/// The whole picture; `places` is filled.
pub fn whole(
    headers: &Headers,
    stream: &Stream,
    scale: Scale,
    places: &mut Vec<Place>,
) -> Option<Picture> {
    let (right, bottom) = headers.units;
    let units = Units { left: 0, top: 0, right, bottom };
    at_scale(headers, stream, units, scale, &mut Way::Remember(places))
}

/// A part of it, from the places that were filled.
pub fn part(
    headers: &Headers,
    stream: &Stream,
    places: &[Place],
    units: Units,
    scale: Scale,
) -> Option<Picture> {
    at_scale(headers, stream, units, scale, &mut Way::Find(places))
}

/// What is done with places in the stream.
enum Way<'a> {
    /// They are written down.
    Remember(&'a mut Vec<Place>),
    /// Each row begins at one.
    Find(&'a [Place]),
}

fn at_scale(
    headers: &Headers,
    stream: &Stream,
    units: Units,
    scale: Scale,
    way: &mut Way<'_>,
) -> Option<Picture> {
    let planes = match scale {
        Scale::Full => planes::<8>(headers, stream, units, way),
        Scale::Half => planes::<4>(headers, stream, units, way),
        Scale::Quarter => planes::<2>(headers, stream, units, way),
        Scale::Eighth => planes::<1>(headers, stream, units, way),
    };
    let (width, height) = headers.unit();
    Some(Picture { x: units.left * width, y: units.top * height, scale, planes: planes? })
}

/// A component, and what its blocks are decoded with.
struct Decoder<'a> {
    component: Component,
    dc: &'a DcTable,
    ac: &'a AcTable,
    factors: [f32; 64],
}

/// Decodes units with `SIDE` samples for each eight pixels.
fn planes<const SIDE: usize>(
    headers: &Headers,
    stream: &Stream,
    units: Units,
    way: &mut Way<'_>,
) -> Option<Vec<Plane>> {
    let (mut planes, decoders) = prepared::<SIDE>(headers, units)?;
    let (units_across, interval) = (headers.units.0, headers.restart_interval);
    let mut bits = stream.bits(0);
    let mut means = [0_i32; 3];
    for row in units.top..units.bottom {
        let mut column = units.left;
        if let Way::Find(places) = way {
            let place = places.get(row * units_across.div_ceil(STEP) + column / STEP)?;
            (bits, means) = (stream.bits(place.bit as usize), place.means);
            column -= column % STEP;
        }
        while column < units.right {
            let number = row * units_across + column;
            if interval > 0 && number.is_multiple_of(interval) {
                let start = stream.start(number / interval)?;
                // An interval that took bits of the next one is damaged.
                (bits.position() <= start || matches!(way, Way::Find(_))).then_some(())?;
                (bits, means) = (stream.bits(start), [0; 3]);
            }
            if let Way::Remember(places) = way
                && column.is_multiple_of(STEP)
            {
                places.push(Place { bit: u32::try_from(bits.position()).ok()?, means });
            }
            if column < units.left {
                pass_over(&decoders, &mut bits, &mut means)?;
            } else {
                let place = (column - units.left, row - units.top);
                unit::<SIDE>(&decoders, &mut planes, place, &mut bits, &mut means)?;
            }
            column += 1;
        }
        // What lies behind the end is no picture, and is not walked to the end of it.
        (bits.position() <= stream.length()).then_some(())?;
    }
    Some(planes)
}

/// Empty planes, and what fills them.
fn prepared<const SIDE: usize>(
    headers: &Headers,
    units: Units,
) -> Option<(Vec<Plane>, Vec<Decoder<'_>>)> {
    let (unit_width, unit_height) = headers.unit();
    let mut planes = Vec::new();
    let mut decoders = Vec::new();
    for component in &headers.components {
        let (across, down) = component.blocks;
        let width = (units.right - units.left) * across * SIDE;
        let height = (units.bottom - units.top) * down * SIDE;
        let step = (unit_width / (across * SIDE), unit_height / (down * SIDE));
        planes.push(Plane { width, height, samples: vec![0; width * height], step });
        let (dc, ac) = headers.tables(component)?;
        let factors = transform::factors::<SIDE>(headers.quantization(component)?);
        decoders.push(Decoder { component: *component, dc, ac, factors });
    }
    Some((planes, decoders))
}

/// Passes over a unit, and keeps the means.
fn pass_over(decoders: &[Decoder<'_>], bits: &mut Bits<'_>, means: &mut [i32; 3]) -> Option<()> {
    for (decoder, mean) in decoders.iter().zip(means) {
        let (across, down) = decoder.component.blocks;
        for _ in 0..across * down {
            *mean = mean.wrapping_add(decoder.dc.difference(bits)?);
            decoder.ac.skip(bits, 0)?;
        }
    }
    Some(())
}

/// Decodes the unit at a place of the planes, counted in units.
#[inline(always)]
fn unit<const SIDE: usize>(
    decoders: &[Decoder<'_>],
    planes: &mut [Plane],
    (column, row): (usize, usize),
    bits: &mut Bits<'_>,
    means: &mut [i32; 3],
) -> Option<()> {
    for ((decoder, plane), mean) in decoders.iter().zip(planes).zip(means) {
        let Decoder { component, dc, ac, factors } = decoder;
        let (across, down) = component.blocks;
        let (width, corner) =
            (plane.width, row * down * SIDE * plane.width + column * across * SIDE);
        for v in 0..down {
            for h in 0..across {
                *mean = mean.wrapping_add(dc.difference(bits)?);
                let out = plane.samples.get_mut(corner + v * SIDE * width + h * SIDE..)?;
                transform::block::<SIDE>(*mean, ac, bits, factors, out, width)?;
            }
        }
    }
    Some(())
}
