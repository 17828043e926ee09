//! A network that is packed for one instruction set, and the memory in which it runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use prost::Message as _;

use crate::aligned::Aligned;
use crate::file::Model;
use crate::graph::{Graph, OutputKind, Short};
use crate::kernels::CHUNK_PITCH;
use crate::machine::Machine;
use crate::panels::{Depthwise, GROUP, Matrix, groups};
use crate::rows::Rows;
use crate::shape::{Chunks, ShapeError, Size, Window, around, rows_at_once, stored};

/// A network that is ready to run on pictures of any size.
pub struct Network {
    machine: Machine,
    #[cfg(all(test, target_arch = "x86_64"))]
    wide: bool,
    /// Row by row of the kernel, place by place, color by color.
    pub(crate) first: Matrix,
    first_window: Window,
    pub(crate) blocks: Vec<Block>,
    pub(crate) maps: Vec<Map>,
    pub(crate) averages: Vec<Average>,
    outputs: Vec<OutputShape>,
    /// Memory for as many runs at once as there have been.
    rooms: Mutex<Vec<Room>>,
}

/// `activation(short way + pointwise(activation(depthwise(trunk))))`.
pub(crate) struct Block {
    pub depthwise: Depthwise,
    pub pointwise: Matrix,
    pub short: Short,
    window: Window,
}

/// Outputs that 1×1 convolutions make of the same trunk, computed as one.
pub(crate) struct Map {
    pub trunk: usize,
    pub matrix: Matrix,
    /// The number of each output, and its channels.
    pub parts: Vec<(usize, usize)>,
}

/// An output that is the average of a trunk over all places.
pub(crate) struct Average {
    pub trunk: usize,
    pub output: usize,
}

/// Rows and columns of an output follow the picture; the rest is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutputShape {
    /// Channels.
    pub channels: usize,
    /// The trunk that it has a place for each place of; `None` for averages.
    pub trunk: Option<usize>,
    /// Whether it has two dimensions instead of four.
    pub flat: bool,
}

/// Everything that depends on the size of a picture.
pub(crate) struct Room {
    pub size: Size,
    pub stages: Vec<Stage>,
    /// What each stage reads: the picture, then the trunks; behind the last stage nobody reads but
    /// the outputs.
    pub rows: Vec<Rows>,
    /// What depthwise convolutions hand on, chunk by chunk.
    pub between: Aligned,
    /// Maps, in the order of the network's.
    pub lines: Vec<Rows>,
    pub scratch: Scratch,
    /// Where the rows that a stage reads begin, and those that it writes.
    pub read: Vec<usize>,
    pub written: Vec<usize>,
}

impl Room {
    /// Its memory, in the order in which another room takes it.
    fn into_spare(self) -> Vec<Aligned> {
        let rows = self.rows.into_iter().chain(self.lines).map(Rows::into_spare);
        rows.chain([self.between]).collect()
    }
}

/// For chunks that reach over the end of a row.
pub(crate) struct Scratch {
    pub short: Aligned,
    pub out: Aligned,
}

/// One stage: the first convolution, or a block.
pub(crate) struct Stage {
    pub window: Window,
    /// Rows of zeroes above the input.
    pub above: usize,
    /// Rows that are made at once.
    pub rows: usize,
    /// The chunks of these rows, and of those that are left at the end.
    pub chunks: [Chunks; 2],
}

impl Stage {
    /// The chunks of so many rows.
    pub fn chunks(&self, rows: usize) -> &Chunks {
        &self.chunks[usize::from(rows != self.rows)]
    }
}

impl Network {
    /// Reads an ONNX file and packs its weights for an instruction set; `None` if it is no network
    /// of depthwise separable blocks.
    #[must_use]
    pub fn read(onnx: Bytes, machine: Machine) -> Option<Self> {
        let file = Model::decode(onnx).ok()?;
        Some(Self::in_tiles(&Graph::of(&file)?, machine, machine.sixteen_lanes()))
    }

    /// The network of a file, with tiles for 32 registers of 16 lanes, or for fewer: on every
    /// machine both are right, one is faster.
    pub(crate) fn in_tiles(graph: &Graph<'_>, machine: Machine, wide: bool) -> Self {
        let window = |convolution: &crate::graph::Convolution<'_>| Window {
            kernel: convolution.kernel,
            stride: convolution.stride,
            padding: convolution.padding,
        };
        // The file has color by color, row by row; in memory the colors of a place stand together.
        let places = graph.first.kernel * graph.first.kernel;
        let first =
            Matrix::of(&[&graph.first], 3 * places, wide, |step| step % places * 3 + step / places);
        let blocks = graph.blocks.iter().map(|block| Block {
            depthwise: Depthwise::of(&block.depthwise),
            pointwise: Matrix::of(
                &[&block.pointwise],
                stored(block.pointwise.inputs),
                wide,
                |step| step,
            ),
            short: block.short,
            window: window(&block.depthwise),
        });
        let trunk_channels = |trunk: usize| match trunk.checked_sub(1) {
            None => graph.first.outputs,
            Some(block) => graph.blocks[block].pointwise.outputs,
        };
        let (mut by_trunk, mut averages, mut outputs) =
            (BTreeMap::<_, Vec<_>>::new(), Vec::new(), Vec::new());
        for (number, output) in graph.outputs.iter().enumerate() {
            outputs.push(match &output.kind {
                OutputKind::Map(convolution) => {
                    // Those of one trunk with one activation are computed together.
                    by_trunk
                        .entry((output.trunk, convolution.activation as u8))
                        .or_default()
                        .push((number, convolution));
                    OutputShape {
                        channels: convolution.outputs,
                        trunk: Some(output.trunk),
                        flat: false,
                    }
                }
                OutputKind::Average { flat } => {
                    let channels = trunk_channels(output.trunk);
                    averages.push(Average { trunk: output.trunk, output: number });
                    OutputShape { channels, trunk: None, flat: *flat }
                }
            });
        }
        let maps = by_trunk.into_iter().map(|((trunk, _), parts)| {
            let convolutions: Vec<_> = parts.iter().map(|(_, convolution)| *convolution).collect();
            let matrix =
                Matrix::of(&convolutions, stored(trunk_channels(trunk)), wide, |step| step);
            Map {
                trunk,
                matrix,
                parts: parts
                    .iter()
                    .map(|(number, convolution)| (*number, convolution.outputs))
                    .collect(),
            }
        });
        Self {
            machine,
            #[cfg(all(test, target_arch = "x86_64"))]
            wide,
            first,
            first_window: window(&graph.first),
            blocks: blocks.collect(),
            maps: maps.collect(),
            averages,
            outputs,
            rooms: Mutex::default(),
        }
    }

    /// The instruction set that it is packed for.
    #[must_use]
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// The outputs, in the order of the file.
    pub(crate) fn outputs(&self) -> &[OutputShape] {
        &self.outputs
    }

    /// How many numbers each output has for a picture of so many rows and columns; `None` if the
    /// network cannot run on it.
    #[must_use]
    pub fn lengths(&self, height: usize, width: usize) -> Option<Vec<usize>> {
        let sizes = self.sizes((height, width))?;
        let places =
            |trunk: Option<usize>| trunk.map_or(1, |trunk| sizes[trunk].0 * sizes[trunk].1);
        Some(self.outputs.iter().map(|output| output.channels * places(output.trunk)).collect())
    }

    /// How many stages there are: the first convolution and the blocks.
    #[must_use]
    pub fn stages(&self) -> usize {
        1 + self.blocks.len()
    }

    /// What moves over the picture in each stage.
    pub(crate) fn windows(&self) -> impl Iterator<Item = Window> {
        std::iter::once(self.first_window).chain(self.blocks.iter().map(|block| block.window))
    }

    /// The sizes of all trunks for a picture.
    fn sizes(&self, picture: Size) -> Option<Vec<Size>> {
        let mut size = picture;
        let mut sizes = Vec::with_capacity(self.stages());
        for (stage, window) in self.windows().enumerate() {
            let (_, made) = window.over(size)?;
            let short =
                stage.checked_sub(1).and_then(|block| around(self.blocks[block].short, size));
            if short.is_some_and(|short| short != made) {
                return None;
            }
            sizes.push(made);
            size = made;
        }
        Some(sizes)
    }

    /// The outputs for a picture `[height, width, 3]`, row-major: a list of numbers each,
    /// `[channels, rows, columns]` or `[channels]`.
    ///
    /// # Errors
    /// When there are not `3 * height * width` numbers, or the picture is too small for the
    /// network.
    pub fn run(
        &self,
        picture: &[f32],
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, ShapeError> {
        self.run_watched(picture, height, width, &mut |_| {})
    }

    /// As [`Network::run`]; `watch` is called whenever rows were made, with the number of the
    /// stage, or with that of all stages for outputs.
    ///
    /// # Errors
    /// As [`Network::run`].
    pub fn run_watched(
        &self,
        picture: &[f32],
        height: usize,
        width: usize,
        watch: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<f32>>, ShapeError> {
        if picture.len() != 3 * height * width {
            return Err(ShapeError::Numbers { numbers: picture.len(), height, width });
        }
        let mut room = self.room((height, width))?;
        let outputs = match self.machine {
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512(simd) => self.run_with::<_, true>(simd, picture, &mut room, watch),
            // Machines with AVX-512 are rare where tests run; their tiles are tested everywhere.
            #[cfg(all(test, target_arch = "x86_64"))]
            Machine::Avx2(simd) if self.wide => {
                self.run_with::<_, true>(simd, picture, &mut room, watch)
            }
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2(simd) => self.run_with::<_, false>(simd, picture, &mut room, watch),
            #[cfg(target_arch = "aarch64")]
            Machine::Neon(simd) => self.run_with::<_, false>(simd, picture, &mut room, watch),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Machine::Wasm(simd) => self.run_with::<_, false>(simd, picture, &mut room, watch),
        };
        self.leave(room);
        Ok(outputs)
    }

    /// Bytes of the buffers that are kept for later runs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.iter().flat_map(|room| room.rows.iter().chain(&room.lines)).map(Rows::bytes).sum()
    }

    /// A room of this size that is free, or one in the memory of another that is free, or a new
    /// one.
    fn room(&self, size: Size) -> Result<Room, ShapeError> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = rooms.iter().rposition(|room| room.size == size) {
            return Ok(rooms.remove(place));
        }
        let second_room = rooms.pop();
        drop(rooms);
        let made = self.new_room(size, second_room.map(Room::into_spare).unwrap_or_default());
        made.ok_or(ShapeError::Size { height: size.0, width: size.1 })
    }

    fn leave(&self, room: Room) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    }

    fn new_room(&self, picture: Size, spare: Vec<Aligned>) -> Option<Room> {
        let mut spare = spare.into_iter();
        let sizes = self.sizes(picture)?;
        let mut stages = Vec::with_capacity(self.stages());
        let mut from = picture;
        for (stage, (window, &made)) in self.windows().zip(&sizes).enumerate() {
            let rows = match stage.checked_sub(1) {
                None => 2.min(made.0),
                Some(block) => {
                    let pointwise = &self.blocks[block].pointwise;
                    rows_at_once(pointwise.steps, stored(pointwise.outputs), made)
                }
            };
            let (pads, _) = window.over(from)?;
            let chunks = [Chunks::of(rows, made.1), Chunks::of(made.0 % rows, made.1)];
            stages.push((pads, Stage { window, above: pads[0].0, rows, chunks }));
            from = made;
        }
        let mut rows = Vec::with_capacity(stages.len() + 1);
        for trunk in 0..=stages.len() {
            let (height, width) = if trunk == 0 { picture } else { sizes[trunk - 1] };
            // Rows that are read at once, and those that may be made beyond them before they are
            // read.
            let (pads, read) = match stages.get(trunk) {
                Some((pads, stage)) => {
                    (pads[1], (stage.rows - 1) * stage.window.stride + stage.window.kernel)
                }
                None => ((0, 0), 1),
            };
            let made_at_once = if trunk == 0 { 1 } else { stages[trunk - 1].1.rows };
            let kept = read + made_at_once - 1;
            rows.push(if trunk == 0 {
                Rows::of_colors(height, width, pads, kept, spare.next())
            } else {
                let channels = if trunk == 1 {
                    self.first.outputs
                } else {
                    self.blocks[trunk - 2].pointwise.outputs
                };
                // The largest of 2×2 may look at a place behind the end.
                let pads = (pads.0, pads.1.max(1));
                Rows::new(height, width, groups(channels), pads, kept, spare.next())
            });
        }
        let lines = self.maps.iter().map(|map| {
            let (_, width) = sizes[map.trunk];
            let rows = stages[map.trunk].1.rows;
            Rows::new(rows, width, groups(map.matrix.outputs), (0, 0), rows, spare.next())
        });
        let lines: Vec<Rows> = lines.collect();
        let stages: Vec<Stage> = stages.into_iter().map(|(_, stage)| stage).collect();
        let between = self
            .blocks
            .iter()
            .zip(&stages[1..])
            .map(|(block, stage)| stage.chunks[0].len() * block.pointwise.steps);
        let of_maps =
            self.maps.iter().map(|map| stages[map.trunk].chunks[0].len() * map.matrix.steps);
        let between = between.chain(of_maps).max().unwrap_or(0) * CHUNK_PITCH / GROUP;
        Some(Room {
            size: picture,
            stages,
            rows,
            between: Aligned::zeroes_in(spare.next(), between),
            lines,
            // A panel has four groups at most.
            scratch: Scratch {
                short: Aligned::zeroes(4 * CHUNK_PITCH),
                out: Aligned::zeroes(4 * CHUNK_PITCH),
            },
            read: Vec::new(),
            written: Vec::new(),
        })
    }
}
