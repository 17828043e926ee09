//! One run: row by row through the whole network.
//!
//! A stage makes a few rows as soon as the rows that they are made of are there, and always the
//! last stage that can go on does. So no picture between two stages is ever whole, what a stage
//! reads was written a moment ago, and a change of size costs nothing but these few rows.

use fearless_simd::Simd;

use crate::graph::Short;
use crate::kernels::{
    CHUNK, CHUNK_PITCH, Planes, PlanesMut, Weights, depthwise, first, largest, pointwise,
};
use crate::network::{Block, Map, Network, Room, Scratch};
use crate::panels::{Depthwise, GROUP, Matrix, Panel};
use crate::rows::Rows;
use crate::shape::{Chunks, Run};

impl Network {
    pub(crate) fn run_with<S: Simd, const WIDE: bool>(
        &self,
        simd: S,
        picture: &[f32],
        room: &mut Room,
        watch: &mut dyn FnMut(usize),
    ) -> Vec<Vec<f32>> {
        let Room { stages, rows, between, lines, scratch, read, written, .. } = room;
        let mut outputs = self.empty_outputs(rows);
        for rows in &mut *rows {
            rows.made = 0;
        }
        let last = stages.len();
        let mut number = 0;
        while rows[last].made < rows[last].height {
            let stage = &stages[number];
            let (front, back) = rows.split_at_mut(number + 1);
            let (from, to) = (&mut front[number], &mut back[0]);
            let count = stage.rows.min(to.height - to.made);
            // Rows of the input, counted from the first one above it.
            let top = to.made * stage.window.stride;
            let height = count.saturating_sub(1) * stage.window.stride + stage.window.kernel;
            let needed = (top + height).saturating_sub(stage.above).min(from.height);
            if count == 0 || (number > 0 && from.made < needed) {
                number -= 1;
                continue;
            }
            if number == 0 {
                fill(from, picture, needed);
            }
            read.clear();
            read.extend((top..top + height).map(|row| from.at(row.checked_sub(stage.above))));
            written.clear();
            written.extend((to.made..to.made + count).map(|row| to.at(Some(row))));
            let chunks = stage.chunks(count);
            let step = Step {
                chunks,
                from,
                read,
                above: stage.above,
                stride: stage.window.stride,
                written,
            };
            match (number.checked_sub(1), stage.window.kernel) {
                (Some(block), _) => {
                    let Block { depthwise, pointwise, short, .. } = &self.blocks[block];
                    simd.vectorize(
                        #[inline(always)]
                        || depthwise_rows::<S, WIDE>(simd, depthwise, step, between),
                    );
                    matrix_rows::<S, WIDE>(simd, pointwise, *short, step, to, between, scratch);
                }
                (None, 5) => simd.vectorize(
                    #[inline(always)]
                    || first_rows::<S, WIDE, 15>(simd, &self.first, step, to),
                ),
                (None, _) => simd.vectorize(
                    #[inline(always)]
                    || first_rows::<S, WIDE, 9>(simd, &self.first, step, to),
                ),
            }
            let made = to.made;
            to.made += count;
            watch(number);
            for (map, line) in
                self.maps.iter().zip(&mut *lines).filter(|(map, _)| map.trunk == number)
            {
                read.clear();
                read.extend((0..count).map(|row| line.at(Some(row))));
                let step =
                    Step { chunks, from: to, read: written, above: 0, stride: 1, written: read };
                gather_trunk(step, between);
                matrix_rows::<S, WIDE>(
                    simd,
                    &map.matrix,
                    Short::None,
                    step,
                    line,
                    between,
                    scratch,
                );
                write_map(map, line, to, made, count, &mut outputs);
                watch(stages.len());
            }
            for average in self.averages.iter().filter(|average| average.trunk == number) {
                add_rows(to, written, &mut outputs[average.output]);
            }
            if number + 1 < last {
                number += 1;
            }
        }
        for average in &self.averages {
            let rows = &rows[average.trunk + 1];
            let places = (rows.height * rows.width) as f32;
            outputs[average.output].iter_mut().for_each(|sum| *sum /= places);
        }
        outputs
    }

    fn empty_outputs(&self, rows: &[Rows]) -> Vec<Vec<f32>> {
        let numbers = |trunk: Option<usize>| {
            trunk.map_or(1, |trunk| rows[trunk + 1].height * rows[trunk + 1].width)
        };
        self.outputs()
            .iter()
            .map(|output| vec![0.0; output.channels * numbers(output.trunk)])
            .collect()
    }
}

/// Copies rows of the picture until so many are there.
fn fill(rows: &mut Rows, picture: &[f32], until: usize) {
    let length = 3 * rows.width;
    while rows.made < until {
        let (y, start) = (rows.made, rows.at(Some(rows.made)) + rows.left);
        rows.numbers_mut()[start..][..length].copy_from_slice(&picture[y * length..][..length]);
        rows.made += 1;
    }
}

/// A few rows that are made at once.
#[derive(Clone, Copy)]
struct Step<'a> {
    chunks: &'a Chunks,
    from: &'a Rows,
    /// Where the rows begin that are read, from the first one under the window on.
    read: &'a [usize],
    /// Zeroes above the input.
    above: usize,
    stride: usize,
    /// Where the rows begin that are written.
    written: &'a [usize],
}

/// The first convolution.
#[inline(always)]
fn first_rows<S: Simd, const WIDE: bool, const E: usize>(
    simd: S,
    matrix: &Matrix,
    step: Step<'_>,
    to: &mut Rows,
) {
    let from = step.from.numbers();
    let length = step.from.length();
    let (left, pitch) = (to.left, to.pitch);
    // From memory, so that the loop over the kernel's rows is not unrolled.
    let kernel = matrix.steps / E;
    for (row, runs) in step.chunks.rows().enumerate() {
        let mut rows = [from; 5];
        for (row, &at) in rows.iter_mut().zip(&step.read[step.stride * row..][..kernel]) {
            *row = &from[at..][..length];
        }
        for &panel in &matrix.panels {
            let weights = Weights::of(matrix, panel);
            let out = &mut to.numbers_mut()[step.written[row] + panel.group * pitch + left..]
                [..panel.groups() * pitch - left];
            for run in runs {
                let out = PlanesMut { numbers: &mut out[run.x * GROUP..], pitch };
                first::<S, WIDE, E>(simd, weights, panel, &rows[..kernel], run.x, out, run.count);
            }
        }
    }
}

/// The depthwise convolution of a block, into chunks.
#[inline(always)]
fn depthwise_rows<S: Simd, const WIDE: bool>(
    simd: S,
    layer: &Depthwise,
    step: Step<'_>,
    between: &mut [f32],
) {
    let (from, pitch, groups) = (step.from.numbers(), step.from.pitch, step.from.groups);
    for (row, runs) in step.chunks.rows().enumerate() {
        let read = &step.read[step.stride * row..][..3];
        for group in 0..groups {
            let rows = [read[0], read[1], read[2]].map(
                #[inline(always)]
                |at| &from[at + group * pitch..][..pitch],
            );
            for run in runs {
                let chunk =
                    &mut between[(run.chunk * groups + group) * CHUNK_PITCH..][..CHUNK_PITCH];
                depthwise::<S, WIDE>(simd, layer, group, rows, run.x, run.count, chunk, run.at);
            }
        }
    }
}

/// As [`matrix_chunks`]; once in the program, whoever calls it.
#[inline(never)]
fn matrix_rows<S: Simd, const WIDE: bool>(
    simd: S,
    matrix: &Matrix,
    short: Short,
    step: Step<'_>,
    to: &mut Rows,
    between: &[f32],
    scratch: &mut Scratch,
) {
    simd.vectorize(
        #[inline(always)]
        || matrix_chunks::<S, WIDE>(simd, matrix, short, step, to, between, scratch),
    );
}

/// A 1×1 convolution of chunks.
#[inline(always)]
fn matrix_chunks<S: Simd, const WIDE: bool>(
    simd: S,
    matrix: &Matrix,
    short: Short,
    step: Step<'_>,
    to: &mut Rows,
    between: &[f32],
    scratch: &mut Scratch,
) {
    let Step { chunks, from, .. } = step;
    let length = matrix.steps / GROUP * CHUNK_PITCH;
    let (left, pitch) = (to.left, to.pitch);
    for &panel in &matrix.panels {
        let weights = Weights::of(matrix, panel);
        for (runs, values) in chunks.iter().zip(between.chunks_exact(length)) {
            let run = runs[0];
            let direct = runs.len() == 1;
            let short = match short {
                Short::None => None,
                Short::Same if direct && panel.group + panel.groups() <= from.groups => {
                    let start = step.read[step.above + run.row]
                        + panel.group * from.pitch
                        + from.left
                        + run.x * GROUP;
                    Some(Planes { numbers: &from.numbers()[start..], pitch: from.pitch })
                }
                _ => {
                    gather(simd, short, step, panel, runs, &mut scratch.short);
                    Some(Planes { numbers: &scratch.short, pitch: CHUNK_PITCH })
                }
            };
            let count = runs.iter().map(|run| run.count).sum();
            if direct {
                let start = step.written[run.row] + panel.group * pitch + left + run.x * GROUP;
                let numbers = &mut to.numbers_mut()[start..];
                pointwise::<S, WIDE>(
                    simd,
                    weights,
                    panel,
                    values,
                    short,
                    PlanesMut { numbers, pitch },
                    count,
                );
                continue;
            }
            let out = PlanesMut { numbers: &mut scratch.out, pitch: CHUNK_PITCH };
            pointwise::<S, WIDE>(simd, weights, panel, values, short, out, count);
            for run in runs {
                let start = step.written[run.row] + panel.group * pitch + left + run.x * GROUP;
                let planes = to.numbers_mut()[start..]
                    .chunks_mut(pitch)
                    .zip(scratch.out.chunks_exact(CHUNK_PITCH));
                for (out, chunk) in planes.take(panel.groups()) {
                    out[..run.count * GROUP]
                        .copy_from_slice(&chunk[run.at * GROUP..][..run.count * GROUP]);
                }
            }
        }
    }
}

/// A panel of what is added to the places of a chunk, `[groups][12][8]`.
#[inline(always)]
fn gather<S: Simd>(
    simd: S,
    short: Short,
    step: Step<'_>,
    panel: Panel,
    runs: &[Run],
    out: &mut [f32],
) {
    let from = step.from;
    for (number, out) in out.chunks_exact_mut(CHUNK_PITCH).enumerate().take(panel.groups()) {
        let group = panel.group + number;
        if group >= from.groups {
            out.fill(0.0);
            continue;
        }
        let start = group * from.pitch + from.left;
        for run in runs {
            let out = &mut out[run.at * GROUP..][..run.count * GROUP];
            let row = |number: usize| &from.numbers()[step.read[step.above + number] + start..];
            if short == Short::Same {
                out.copy_from_slice(&row(run.row)[run.x * GROUP..][..run.count * GROUP]);
                continue;
            }
            let [upper, lower] = [2 * run.row, 2 * run.row + 1]
                .map(|number| &row(number)[2 * run.x * GROUP..][..2 * out.len()]);
            let squares = upper.as_chunks().0.iter().zip(lower.as_chunks().0);
            for (out, (upper, lower)) in out.as_chunks_mut().0.iter_mut().zip(squares) {
                largest(simd, upper, lower, out);
            }
        }
    }
}

/// A trunk itself in chunks.
fn gather_trunk(step: Step<'_>, between: &mut [f32]) {
    let from = step.from;
    let length = from.groups * CHUNK_PITCH;
    for run in step.chunks.rows().flatten() {
        let places = &from.numbers()[step.read[run.row] + from.left + run.x * GROUP..];
        let chunk = &mut between[run.chunk * length..][..length];
        for (places, chunk) in places.chunks(from.pitch).zip(chunk.chunks_exact_mut(CHUNK_PITCH)) {
            chunk[run.at * GROUP..][..run.count * GROUP]
                .copy_from_slice(&places[..run.count * GROUP]);
        }
    }
}

/// From channels side by side to one picture a channel, as the file has its outputs.
fn write_map(
    map: &Map,
    line: &Rows,
    trunk: &Rows,
    made: usize,
    count: usize,
    outputs: &mut [Vec<f32>],
) {
    let mut channel = 0;
    for &(output, channels) in &map.parts {
        for own in 0..channels {
            let (group, lane) = (channel / GROUP, channel % GROUP);
            for row in 0..count {
                let values = &mut outputs[output]
                    [(own * trunk.height + made + row) * trunk.width..][..trunk.width];
                let places = &line.numbers()[line.at(Some(row)) + group * line.pitch..];
                for (value, place) in values.iter_mut().zip(places.as_chunks::<GROUP>().0) {
                    *value = place[lane];
                }
            }
            channel += 1;
        }
    }
}

/// Adds rows of a trunk to its sums.
fn add_rows(trunk: &Rows, rows: &[usize], sums: &mut [f32]) {
    for &at in rows {
        let row = &trunk.numbers()[at..][..trunk.length()];
        for (group, sums) in sums.chunks_mut(GROUP).enumerate() {
            let places = &row[group * trunk.pitch + trunk.left..][..trunk.width * GROUP];
            let mut all = [0.0; GROUP];
            for place in places.as_chunks::<GROUP>().0 {
                all.iter_mut().zip(place).for_each(|(sum, value)| *sum += value);
            }
            sums.iter_mut().zip(all).for_each(|(sum, value)| *sum += value);
        }
    }
}

const _: () =
    assert!(CHUNK.is_multiple_of(4) && CHUNK.is_multiple_of(6), "whole tiles fill a chunk");
