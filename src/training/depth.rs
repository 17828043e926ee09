//! A backbone without its last block: its earlier features may tell a folder's photos apart better.
//!
//! The last layers of a network fit what it was trained on, those before them other tasks as well
//! (Yosinski et al., "How transferable are features in deep neural networks?", 2014).

use std::collections::BTreeSet;

use prost::Message as _;
use serde::{Deserialize, Serialize};
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Length;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};

/// Convolutions of a block: one over places, one over channels.
const BLOCK: usize = 2;

/// How much of a backbone is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// All of it but the last block.
    Shortened,
    /// All of it.
    Whole,
}

impl Depth {
    /// As manifests have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shortened => "shortened",
            Self::Whole => "whole",
        }
    }
}

/// The backbone with the same average over places, taken before the last block; `None` unless it is
/// a chain of convolutions with an average at its end.
#[must_use]
pub fn shortened(onnx: &[u8]) -> Option<Vec<u8>> {
    let mut model = ModelProto::decode(onnx).ok()?;
    let graph = model.graph.as_mut()?;
    let averages: Vec<usize> = graph
        .node
        .iter()
        .enumerate()
        .filter(|(_, node)| node.op_type == "GlobalAveragePool")
        .map(|(place, _)| place)
        .collect();
    let &[average] = averages.as_slice() else { return None };

    // Back from the average over the last block; then on to the convolution before it, for the
    // number of its channels.
    let mut value = graph.node[average].input.first()?.clone();
    let (mut convolutions, mut cut) = (0, None);
    let channels = loop {
        let node = producer(graph, &value)?;
        if node.op_type == "Conv" {
            if cut.is_some() {
                break channels(graph, node.input.get(1)?)?;
            }
            convolutions += 1;
        }
        value = node.input.first()?.clone();
        if convolutions == BLOCK && cut.is_none() {
            cut = Some(value.clone());
        }
    };
    graph.node[average].input[0] = cut?;

    let output = graph.output.first_mut()?;
    let mut needed = BTreeSet::from([output.name.clone()]);
    let Type::TensorType(tensor) = output.r#type.as_mut()?.value.as_mut()?;
    *tensor.shape.as_mut()?.dim.get_mut(1)?.value.as_mut()? = Length::DimValue(channels);
    // Nodes come in an order in which they can be computed, so that whatever needs a node comes
    // behind it.
    let mut kept: Vec<NodeProto> = Vec::new();
    for node in std::mem::take(&mut graph.node).into_iter().rev() {
        if node.output.iter().any(|output| needed.contains(output)) {
            needed.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    graph.initializer.retain(|tensor| needed.contains(&tensor.name));
    graph.value_info.retain(|value| needed.contains(&value.name));
    Some(model.encode_to_vec())
}

fn producer<'a>(graph: &'a GraphProto, value: &str) -> Option<&'a NodeProto> {
    graph.node.iter().find(|node| node.output.iter().any(|output| output == value))
}

/// Channels that a convolution's kernel gives; it may be kept in another precision and cast.
fn channels(graph: &GraphProto, kernel: &str) -> Option<i64> {
    let kept = producer(graph, kernel)
        .map_or(Some(kernel), |cast| cast.input.first().map(String::as_str))?;
    graph.initializer.iter().find(|tensor| tensor.name == kept)?.dims.first().copied()
}

#[cfg(test)]
mod tests {
    use friends_core::model::{Backbone, Input};

    use super::*;

    const INPUT: Input = Input { width: 128, height: 128, mean: [127.5; 3], std: [127.5; 3] };

    fn shipped() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/friends/backbone.onnx"))
            .unwrap()
    }

    #[test]
    fn the_shipped_backbone_gets_smaller_block_by_block_and_still_says_something() {
        let (mut onnx, mut lengths) = (shipped(), Vec::new());
        let picture: Vec<f32> =
            (0..3 * 128 * 128).map(|place| (place % 97) as f32 / 48.0 - 1.0).collect();
        let mut before =
            Backbone::measured(onnx.clone(), INPUT).unwrap().extract(picture.clone()).unwrap();
        for _ in 0..2 {
            let shorter = shortened(&onnx).unwrap();
            assert!(shorter.len() < onnx.len());
            let backbone = Backbone::measured(shorter.clone(), INPUT).unwrap();
            let features = backbone.extract(picture.clone()).unwrap();
            assert!(features.iter().all(|value| value.is_finite()) && features != before);
            lengths.push(backbone.features());
            (onnx, before) = (shorter, features);
        }
        assert_eq!(lengths, [512, 256]);
    }

    #[test]
    fn what_is_no_chain_of_convolutions_is_left_alone() {
        assert_eq!(shortened(b"no network"), None);
        let mut model = ModelProto::decode(shipped().as_slice()).unwrap();
        let graph = model.graph.as_mut().unwrap();
        graph.node.retain(|node| node.op_type != "GlobalAveragePool");
        assert_eq!(shortened(&model.encode_to_vec()), None, "no average");

        let mut onnx = shipped();
        let mut blocks = 0;
        while let Some(shorter) = shortened(&onnx) {
            (onnx, blocks) = (shorter, blocks + 1);
        }
        assert_eq!(blocks, 13, "the first convolution stays");
    }
}
