//! How a network is loaded and run: the only place, for the backbone and for the face detector.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use friends_network::Machine;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::format_err;

/// Pixels of one channel as the network sees them, by their value.
pub type Levels = [f32; 256];

/// A network that is ready to run on this machine.
pub struct Network {
    runner: Runner,
    /// Numbers of each output for a picture of the size that it was loaded for.
    lengths: Vec<usize>,
    operator: String,
}

/// Plans of one network that are kept, some megabytes each.
const MOST_PLANS: usize = 16;

type Plan = Arc<TypedRunnableModel>;

enum Runner {
    /// One operator of our own, for pictures of every size.
    Fused(Plan),
    /// The runtime's own operators.
    Unfused(BySize),
}

/// A file, and a plan for each size of pictures that it has run on.
struct BySize {
    onnx: Bytes,
    plans: Mutex<BTreeMap<[usize; 2], Plan>>,
}

impl Network {
    /// Reads an ONNX network with one input `[1, 3, rows, columns]` and makes it ready to run on
    /// this machine, on pictures of this size first.
    ///
    /// Networks of depthwise separable blocks, as both of ours are, become one operator, which
    /// follows the size of a picture. Others, and on machines with SSE alone all, run operator by
    /// operator and are planned anew for each size.
    ///
    /// # Errors
    /// When the bytes are no such network.
    pub fn load(onnx: Bytes, size: [usize; 2]) -> TractResult<Self> {
        let machine = Machine::all().first().copied();
        match machine.and_then(|machine| friends_network::Network::read(onnx.clone(), machine)) {
            Some(network) if network.lengths(size[0], size[1]).is_some() => {
                Self::fused(network, size)
            }
            _ => Self::unfused(onnx, size),
        }
    }

    fn fused(network: friends_network::Network, [height, width]: [usize; 2]) -> TractResult<Self> {
        let operator =
            format!("FusedNetwork, {} stages, {}", network.stages(), network.machine().name());
        let lengths = network.lengths(height, width).unwrap_or_default();
        let plan = friends_network::model(network)?.into_runnable()?;
        Ok(Self { runner: Runner::Fused(plan), lengths, operator })
    }

    fn unfused(onnx: Bytes, size: [usize; 2]) -> TractResult<Self> {
        let sizes = BySize { onnx, plans: Mutex::default() };
        let plan = sizes.plan(size)?;
        let operator = format!("{} operators of tract", plan.model().nodes().len());
        let facts =
            plan.model().output_outlets()?.iter().map(|&outlet| plan.model().outlet_fact(outlet));
        let length =
            |fact: &TypedFact| fact.shape.as_concrete().map(|shape| shape.iter().product());
        let lengths = facts
            .map(|fact| length(fact?).ok_or_else(|| format_err!("an output has no fixed size")));
        let lengths = lengths.collect::<TractResult<_>>()?;
        Ok(Self { runner: Runner::Unfused(sizes), lengths, operator })
    }

    /// Numbers of each output for a picture of the size that the network was loaded for.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// What runs it, for people to read.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The outputs for a picture `[rows, columns, 3]`, row-major, as the file has them: `[1,
    /// channels, rows, columns]` or `[1, channels]`.
    ///
    /// # Errors
    /// When there are not as many numbers, or the network cannot run on that size: never on
    /// pictures of the size that it was loaded for.
    pub fn run(&self, picture: Vec<f32>, size: [usize; 2]) -> TractResult<TVec<TValue>> {
        let [height, width] = size;
        let picture =
            tract_ndarray::Array4::from_shape_vec((1, height, width, 3), picture)?.into_tensor();
        match &self.runner {
            Runner::Fused(plan) => plan.run(tvec!(picture.into())),
            Runner::Unfused(sizes) => {
                sizes.plan(size)?.run(tvec!(picture.permute_axes(&[0, 3, 1, 2])?.into()))
            }
        }
    }
}

impl BySize {
    /// The plan for pictures of a size, made when it is first needed.
    fn plan(&self, size: [usize; 2]) -> TractResult<Plan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&size) {
            return Ok(plan.clone());
        }
        let plan = planned(&self.onnx, size)?;
        if plans.len() == MOST_PLANS {
            plans.clear();
        }
        plans.insert(size, plan.clone());
        Ok(plan)
    }
}

/// The runtime's pass that simplifies a graph before it is optimised is left out: such networks
/// leave little to simplify, and it takes half of the loading.
fn planned(onnx: &[u8], size: [usize; 2]) -> TractResult<Plan> {
    let network = tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(onnx))?;
    let shape = [1, 3, size[0], size[1]];
    let mut network = network.with_input_fact(0, f32::fact(shape).into())?.into_typed()?;
    network.optimize()?;
    network.into_runnable()
}

/// Pixels as a network sees them, `[rows, columns, 3]`, row-major, into the beginning of a slice of
/// as many numbers.
pub fn normalize(pixels: &[u8], levels: &[Levels; 3], into: &mut [f32]) {
    for (pixel, numbers) in pixels.as_chunks::<3>().0.iter().zip(into.as_chunks_mut::<3>().0) {
        for ((number, levels), &value) in numbers.iter_mut().zip(levels).zip(pixel) {
            *number = levels[usize::from(value)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETECTOR: &[u8] = include_bytes!("../../models/face-detector/faces.onnx");
    const SIZE: [usize; 2] = [192, 256];

    fn picture([height, width]: [usize; 2]) -> Vec<f32> {
        (0..3 * height * width).map(|place| (place * 7919 % 255) as f32 / 127.5 - 1.0).collect()
    }

    fn numbers(outputs: &TVec<TValue>) -> Vec<f32> {
        outputs[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect()
    }

    #[test]
    fn the_fused_operator_gives_what_tracts_own_give() {
        let [fused, unfused] = [Network::load, Network::unfused]
            .map(|load| load(Bytes::from_static(DETECTOR), SIZE).unwrap());
        assert_eq!(fused.lengths(), unfused.lengths());
        assert_eq!(
            fused.operator().contains("FusedNetwork"),
            !Machine::all().is_empty(),
            "{}",
            fused.operator()
        );
        assert!(unfused.operator().ends_with("operators of tract"), "{}", unfused.operator());
        let [fused, plain] =
            [fused, unfused].map(|network| numbers(&network.run(picture(SIZE), SIZE).unwrap()));
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!(
                (fused - plain).abs() < 1e-4 + 1e-4 * plain.abs(),
                "{fused} instead of {plain}"
            );
        }
    }

    #[test]
    fn either_follows_the_size_of_a_picture() {
        let small = [96, 160];
        let [fused, plain] = [Network::load, Network::unfused].map(|load| {
            let network = load(Bytes::from_static(DETECTOR), SIZE).unwrap();
            numbers(&network.run(picture(small), small).unwrap())
        });
        assert_eq!(fused.len(), 2 * 6 * 10);
        assert!(
            fused
                .iter()
                .zip(&plain)
                .all(|(fused, plain)| (fused - plain).abs() < 1e-4 + 1e-4 * plain.abs())
        );
    }

    #[test]
    fn pixels_take_the_level_of_their_channel() {
        let levels =
            [0.0, 1000.0, 2000.0].map(|base| std::array::from_fn(|value| base + value as f32));
        let mut numbers = [0.0; 6];
        normalize(&[1, 2, 3, 4, 5, 255], &levels, &mut numbers);
        assert_eq!(numbers, [1.0, 1002.0, 2003.0, 4.0, 1005.0, 2255.0]);
    }
}
