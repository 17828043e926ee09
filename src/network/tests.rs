//! Random networks beside tract's own operators.

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};
use prost::Message as _;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, tensor_shape_proto, type_proto,
};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::Approximation;

use crate::file::Model;
use crate::graph::Graph;
use crate::{Machine, Network, ShapeError, model};

/// A network to be written as a file.
#[derive(Clone, Debug)]
struct Sketch {
    kernel: usize,
    padding: Pads,
    channels: usize,
    activation: Act,
    blocks: Vec<BlockSketch>,
    /// Channels of the maps of each trunk, by numbers that are taken modulo the number of trunks.
    maps: Vec<(usize, usize)>,
    average: Option<bool>,
    halves: bool,
    seed: u32,
}

#[derive(Clone, Debug)]
struct BlockSketch {
    stride: usize,
    padding: Pads,
    /// Channels that the block has more or fewer than it takes.
    wider: usize,
    narrower: bool,
    short: bool,
    between: Act,
    after: Act,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pads {
    Symmetric,
    AtTheEnd,
    Same,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    None,
    Relu,
    Relu6,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![Just(Act::None), Just(Act::Relu), Just(Act::Relu6)]
}

fn pads() -> impl Strategy<Value = Pads> {
    prop_oneof![Just(Pads::Symmetric), Just(Pads::AtTheEnd), Just(Pads::Same), Just(Pads::None)]
}

fn block() -> impl Strategy<Value = BlockSketch> {
    (1..=2_usize, pads(), 0..30_usize, any::<bool>(), any::<bool>(), act(), act()).prop_map(
        |(stride, padding, wider, narrower, short, between, after)| BlockSketch {
            stride,
            padding,
            wider,
            narrower,
            short,
            between,
            after,
        },
    )
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let first = (prop_oneof![Just(3_usize), Just(5)], pads(), 1..70_usize, act());
    let blocks = prop::collection::vec(block(), 0..5);
    let outputs =
        (prop::collection::vec((0..5_usize, 1..50_usize), 0..4), prop::option::of(any::<bool>()));
    (first, blocks, outputs, any::<bool>(), any::<u32>()).prop_map(
        |((kernel, padding, channels, activation), blocks, (maps, average), halves, seed)| Sketch {
            kernel,
            padding,
            channels,
            activation,
            blocks,
            // A network has an output at least.
            average: if maps.is_empty() { average.or(Some(true)) } else { average },
            maps,
            halves,
            seed,
        },
    )
}

/// Writes a file node by node.
struct Writer {
    graph: GraphProto,
    halves: bool,
    state: u32,
    count: usize,
}

impl Writer {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("value{}", self.count)
    }

    /// Between -1 and 1.
    fn random(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.state >> 8) as f32 / 8_388_608.0 - 1.0
    }

    fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let name = self.name();
        self.graph.node.push(NodeProto {
            op_type: operator.into(),
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.clone()],
            attribute: attributes,
            ..NodeProto::default()
        });
        name
    }

    fn constant(&mut self, dims: &[usize], values: &[f32]) -> String {
        let name = self.name();
        let raw = if self.halves {
            values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()).collect()
        } else {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        self.graph.initializer.push(TensorProto {
            name: name.clone(),
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type: if self.halves { 10 } else { 1 },
            raw_data: raw,
            ..TensorProto::default()
        });
        if self.halves { self.node("Cast", &[&name], vec![int("to", 1)]) } else { name }
    }

    fn weights(&mut self, dims: &[usize]) -> String {
        let steps: usize = dims[1..].iter().product();
        let scale = if dims.len() > 1 { (steps as f32).sqrt().recip() } else { 1.0 };
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| self.random() * scale).collect();
        self.constant(dims, &values)
    }

    /// A convolution with a bias.
    fn convolution(
        &mut self,
        input: &str,
        shape: [usize; 4],
        group: usize,
        stride: usize,
        padding: Pads,
    ) -> String {
        let kernel = self.weights(&shape);
        let bias = self.weights(&[shape[0]]);
        let mut attributes = vec![
            ints("kernel_shape", &[shape[2] as i64; 2]),
            ints("strides", &[stride as i64; 2]),
            int("group", group as i64),
        ];
        let pad = shape[2] as i64 / 2;
        match padding {
            Pads::Same => attributes.push(text("auto_pad", "SAME_UPPER")),
            Pads::Symmetric => attributes.push(ints("pads", &[pad; 4])),
            Pads::AtTheEnd => attributes.push(ints("pads", &[pad - 1, pad - 1, pad, pad])),
            Pads::None => {}
        }
        self.node("Conv", &[input, &kernel, &bias], attributes)
    }

    fn activated(&mut self, value: String, act: Act) -> String {
        match act {
            Act::None => value,
            Act::Relu => self.node("Relu", &[&value], vec![]),
            Act::Relu6 => {
                let halves = std::mem::take(&mut self.halves);
                let (low, high) = (self.constant(&[], &[0.0]), self.constant(&[], &[6.0]));
                self.halves = halves;
                self.node("Clip", &[&value, &low, &high], vec![])
            }
        }
    }

    fn padded(&mut self, value: &str, channels: usize) -> String {
        let name = self.name();
        let ends = [0, 0, 0, 0, 0, channels as i64, 0, 0];
        self.graph.initializer.push(TensorProto {
            name: name.clone(),
            dims: vec![8],
            data_type: 7,
            raw_data: ends.iter().flat_map(|end| end.to_le_bytes()).collect(),
            ..TensorProto::default()
        });
        self.node("Pad", &[value, &name], vec![text("mode", "constant")])
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: value,
        r#type: attribute_proto::AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: attribute_proto::AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}

fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        s: value.into(),
        r#type: attribute_proto::AttributeType::String.into(),
        ..AttributeProto::default()
    }
}

fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
    let dim = |&size: &i64| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(size)),
        ..tensor_shape_proto::Dimension::default()
    };
    let shape = TensorShapeProto { dim: shape.iter().map(dim).collect() };
    let tensor = type_proto::Tensor { elem_type: 1, shape: Some(shape) };
    let kind =
        TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(kind), ..ValueInfoProto::default() }
}

impl Sketch {
    /// Whether every convolution has a place left.
    fn fits(&self, height: usize, width: usize) -> bool {
        let after = |length: usize, kernel: usize, stride: usize, padding: Pads| {
            let around = match padding {
                Pads::Same => return Some(length.div_ceil(stride)),
                Pads::Symmetric => kernel - 1,
                Pads::AtTheEnd => kernel - 2,
                Pads::None => 0,
            };
            Some((length + around).checked_sub(kernel)? / stride + 1)
        };
        let through = |length| {
            let first = after(length, self.kernel, 2, self.padding);
            self.blocks
                .iter()
                .try_fold(first?, |length, block| after(length, 3, block.stride, block.padding))
        };
        through(height).is_some() && through(width).is_some()
    }

    fn written(&self, height: usize, width: usize) -> ModelProto {
        let mut writer = Writer {
            graph: GraphProto::default(),
            halves: self.halves,
            state: self.seed,
            count: 0,
        };
        writer.graph.input.push(value("input", &[1, 3, height as i64, width as i64]));
        let sum = writer.convolution(
            "input",
            [self.channels, 3, self.kernel, self.kernel],
            1,
            2,
            self.padding,
        );
        let mut trunk = writer.activated(sum, self.activation);
        let (mut channels, mut rectified) = (self.channels, self.activation != Act::None);
        let mut trunks = vec![(trunk.clone(), channels)];
        for block in &self.blocks {
            let pool = block.stride == 2;
            // A short way fits where the block keeps its size, or halves it as pooling does.
            let short = block.short
                && if pool {
                    rectified && matches!(block.padding, Pads::Same | Pads::AtTheEnd)
                } else {
                    matches!(block.padding, Pads::Same | Pads::Symmetric)
                };
            let outputs = if block.narrower && !short {
                channels.saturating_sub(block.wider).max(1)
            } else {
                channels + block.wider
            };
            let sum = writer.convolution(
                &trunk,
                [channels, 1, 3, 3],
                channels,
                block.stride,
                block.padding,
            );
            let between = writer.activated(sum, block.between);
            let mut sum = writer.convolution(&between, [outputs, channels, 1, 1], 1, 1, Pads::None);
            if short {
                let mut around = trunk.clone();
                if pool {
                    let mut attributes =
                        vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
                    if block.padding == Pads::Same {
                        attributes.push(text("auto_pad", "SAME_UPPER"));
                    }
                    around = writer.node("MaxPool", &[&around], attributes);
                }
                if outputs > channels {
                    around = writer.padded(&around, outputs - channels);
                }
                sum = if block.narrower {
                    writer.node("Add", &[&around, &sum], vec![])
                } else {
                    writer.node("Add", &[&sum, &around], vec![])
                };
            }
            trunk = writer.activated(sum, block.after);
            rectified = block.after != Act::None;
            channels = outputs;
            trunks.push((trunk.clone(), channels));
        }
        let mut outputs = Vec::new();
        for &(number, channels) in &self.maps {
            let (trunk, inputs) = trunks[number % trunks.len()].clone();
            outputs.push(writer.convolution(&trunk, [channels, inputs, 1, 1], 1, 1, Pads::None));
        }
        // What follows the last output belongs to no output, and such a network is left to tract.
        if let Some(flat) = self.average {
            let average = writer.node("GlobalAveragePool", &[&trunk], vec![]);
            outputs.push(if flat {
                writer.node("Flatten", &[&average], vec![int("axis", 1)])
            } else {
                average
            });
        } else {
            outputs.push(writer.convolution(&trunk, [7, channels, 1, 1], 1, 1, Pads::None));
        }
        writer.graph.output = outputs
            .iter()
            .map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() })
            .collect();
        let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset],
            graph: Some(writer.graph),
            ..ModelProto::default()
        }
    }
}

/// `[1, height, width, 3]` and the same as `[1, 3, height, width]`.
fn picture(height: usize, width: usize) -> (Tensor, Tensor) {
    let numbers: Vec<f32> =
        (0..3 * height * width).map(|place| (place * 7919 % 1000) as f32 / 500.0 - 1.0).collect();
    let picture = Tensor::from_shape(&[1, height, width, 3], &numbers).unwrap();
    let planes = picture.clone().permute_axes(&[0, 3, 1, 2]).unwrap();
    (picture, planes)
}

fn by_tract(file: &ModelProto, planes: Tensor) -> TractResult<TVec<TValue>> {
    let model = tract_onnx::onnx().model_for_proto_model(file)?;
    let fact = f32::fact(planes.shape()).into();
    model.with_input_fact(0, fact)?.into_typed()?.into_runnable()?.run(tvec!(planes.into()))
}

/// The file as it is read here.
fn read(file: &ModelProto) -> Model {
    Model::decode(file.encode_to_vec().as_slice()).expect("an ONNX file")
}

/// All ways in which this machine can run a network.
fn ways(file: &ModelProto) -> Vec<Network> {
    let file = read(file);
    let graph = Graph::of(&file).expect("a network of blocks is recognised");
    let machines = Machine::all();
    let all = machines.into_iter().flat_map(|machine| {
        let tested_wide = machine.name() == "AVX2";
        let of_the_machine = Network::in_tiles(&graph, machine, machine.sixteen_lanes());
        [Some(of_the_machine), tested_wide.then(|| Network::in_tiles(&graph, machine, true))]
    });
    all.flatten().collect()
}

fn compare(
    file: &ModelProto,
    network: Network,
    height: usize,
    width: usize,
) -> Result<(), TestCaseError> {
    let plan = model(network).unwrap().into_runnable().unwrap();
    let (picture, planes) = picture(height, width);
    let outputs = plan.run(tvec!(picture.into())).unwrap();
    let expected = by_tract(file, planes).unwrap();
    prop_assert_eq!(outputs.len(), expected.len());
    for (output, expected) in outputs.iter().zip(&expected) {
        prop_assert_eq!(output.shape(), expected.shape());
        let (output, expected) = (
            output.to_plain_array_view::<f32>().unwrap(),
            expected.to_plain_array_view::<f32>().unwrap(),
        );
        for (&one, &other) in output.iter().zip(expected.iter()) {
            prop_assert!(
                (one - other).abs() <= 1e-4 + 1e-4 * other.abs(),
                "{one} instead of {other}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(34), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_give_what_tract_gives(sketch in sketch(), height in 3..70_usize, width in 3..70_usize) {
        let file = sketch.written(height, width);
        for network in ways(&file) {
            if sketch.fits(height, width) {
                compare(&file, network, height, width)?;
            } else {
                let picture = vec![0.0; 3 * height * width];
                prop_assert_eq!(network.run(&picture, height, width), Err(ShapeError::Size { height, width }));
            }
        }
    }
}

#[test]
fn one_network_runs_on_pictures_of_any_size() {
    let block = |stride, short| BlockSketch {
        stride,
        padding: Pads::Same,
        wider: 8,
        narrower: false,
        short,
        between: Act::Relu6,
        after: Act::Relu,
    };
    let sketch = Sketch {
        kernel: 5,
        padding: Pads::Same,
        channels: 24,
        activation: Act::Relu,
        blocks: vec![block(1, true), block(2, true), block(1, false), block(2, true)],
        maps: vec![(2, 6), (4, 20), (4, 3)],
        average: Some(true),
        halves: true,
        seed: 5,
    };
    let file = sketch.written(64, 64);
    for network in ways(&file) {
        let sizes = [(64, 64), (63, 65), (64, 64), (17, 130), (1, 1), (33, 2)];
        let plan = model(network).unwrap().into_runnable().unwrap();
        for (height, width) in sizes {
            let (picture, planes) = picture(height, width);
            let outputs = plan.run(tvec!(picture.into())).unwrap();
            let expected = by_tract(&sketch.written(height, width), planes).unwrap();
            for (output, expected) in outputs.iter().zip(&expected) {
                assert!(
                    output.close_enough(expected, Approximation::Approximate).is_ok(),
                    "{height} by {width}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_such_network_is_left_alone() {
    let sketch = Sketch {
        kernel: 3,
        padding: Pads::Symmetric,
        channels: 8,
        activation: Act::Relu,
        blocks: vec![],
        maps: vec![],
        average: Some(true),
        halves: false,
        seed: 1,
    };
    let whole = sketch.written(32, 32);
    assert!(Graph::of(&read(&whole)).is_some());
    let altered = |alter: &dyn Fn(&mut GraphProto)| {
        let mut file = whole.clone();
        alter(file.graph.as_mut().unwrap());
        Graph::of(&read(&file)).is_none()
    };
    assert!(Graph::of(&Model::default()).is_none(), "an empty file");
    assert!(altered(&|graph| graph.node[1].op_type = "Sigmoid".into()), "an unknown operator");
    assert!(altered(&|graph| graph.node[0].attribute.push(ints("dilations", &[2, 2]))), "dilated");
    assert!(
        altered(&|graph| graph.initializer[0].dims[1] = 4),
        "weights of another shape than their numbers"
    );
    assert!(
        altered(&|graph| graph.output.push(value("value9", &[1]))),
        "an output that nothing makes"
    );
    assert!(altered(&|graph| graph.node[0].input.truncate(1)), "a convolution without weights");
    let alone = NodeProto {
        op_type: "Relu".into(),
        input: vec!["other".into()],
        output: vec!["x".into()],
        ..NodeProto::default()
    };
    assert!(altered(&|graph| graph.node.push(alone.clone())), "a node beside the network");
}
