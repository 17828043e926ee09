//! A whole network as one operator of a tract model.

use std::fmt;
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::{
    EvalContext, EvalOp, Op, StaticName, TDim, TractErrorContext as _, TypedOp, Validation, args_1,
    bail,
};
use tract_onnx::tract_core::{as_op, op_as_typed_op, op_out_of_plan};

use crate::network::Network;

/// The operator: one input `[1, height, width, 3]`, the outputs of the network's file.
#[derive(Clone)]
struct FusedNetwork(Arc<Network>);

/// A tract model of a network: its input, the one operator, its outputs. It runs on pictures of any
/// size, `[1, height, width, 3]`.
///
/// # Errors
/// Never with a network that was read.
pub fn model(network: Network) -> TractResult<TypedModel> {
    let mut model = TypedModel::default();
    let side = |name| model.symbols.new_with_prefix(name).to_dim();
    let shape = [1.to_dim(), side("height"), side("width"), 3.to_dim()];
    let input = model.add_source("input", f32::fact(shape))?;
    let outputs = model.wire_node("network", FusedNetwork(Arc::new(network)), &[input])?;
    model.select_output_outlets(&outputs)?;
    Ok(model)
}

impl fmt::Debug for FusedNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FusedNetwork({} stages, {})", self.0.stages(), self.0.machine().name())
    }
}

impl PartialEq for FusedNetwork {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for FusedNetwork {}

impl Op for FusedNetwork {
    fn name(&self) -> StaticName {
        "FusedNetwork".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(vec![format!("{} stages, {}", self.0.stages(), self.0.machine().name())])
    }

    // What tract expects of this operator's accuracy: sums are rounded in another order.
    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for FusedNetwork {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let &[1, height, width, 3] = input.shape() else {
            bail!("an input of {:?}, not [1, height, width, 3]", input.shape())
        };
        let picture = input.to_plain_array_view::<f32>()?;
        let picture = picture.as_slice().context("the input is not contiguous")?;
        let outputs = self.0.run(picture, height, width)?;
        let shapes =
            self.output_facts(&[&TypedFact::dt_shape(f32::datum_type(), input.shape())])?;
        outputs
            .into_iter()
            .zip(&shapes)
            .map(|(numbers, fact)| {
                let shape = fact.shape.as_concrete().context("an output without a size")?;
                Ok(Tensor::from_shape(shape, &numbers)?.into_tvalue())
            })
            .collect()
    }
}

impl TypedOp for FusedNetwork {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let [_, height, width, _] = inputs[0].shape.dims() else {
            bail!("an input of four dimensions is expected")
        };
        let trunks = self.0.trunks(height, width);
        let outputs = self.0.outputs().iter().map(|output| {
            let channels = output.channels.to_dim();
            let shape: TVec<TDim> = match (output.trunk, output.flat) {
                (Some(trunk), _) => {
                    tvec![1.to_dim(), channels, trunks[trunk].0.clone(), trunks[trunk].1.clone()]
                }
                (None, true) => tvec![1.to_dim(), channels],
                (None, false) => tvec![1.to_dim(), channels, 1.to_dim(), 1.to_dim()],
            };
            f32::fact(shape)
        });
        Ok(outputs.collect())
    }

    as_op!();
}

impl Network {
    /// The sizes of all trunks for a picture whose sides need not be known yet.
    fn trunks(&self, height: &TDim, width: &TDim) -> Vec<(TDim, TDim)> {
        let (mut height, mut width) = (height.clone(), width.clone());
        let after = self.windows().map(|window| {
            height = window.side(0, &height);
            width = window.side(1, &width);
            (height.clone(), width.clone())
        });
        after.collect()
    }
}
