//! How a network is loaded: the only place, for the backbone and for the face detector.

use std::sync::Arc;

use tract_onnx::prelude::*;

/// Reads an ONNX network with one input of this shape and makes it ready to run on this machine.
///
/// The runtime's pass that simplifies a graph before it is optimised is left out: our networks leave little to simplify, and it takes half
/// of the loading. With it the backbone loads in 29 ms instead of 14 and runs in 2.5 ms instead of 2.6.
///
/// # Errors
/// When the bytes are no such network.
pub fn load(onnx: &[u8], shape: [usize; 4]) -> TractResult<Arc<TypedRunnableModel>> {
    let network = tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(onnx))?;
    let mut network = network.with_input_fact(0, f32::fact(shape).into())?.into_typed()?;
    network.optimize()?;
    network.into_runnable()
}
