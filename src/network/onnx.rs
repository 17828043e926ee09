//! Which ONNX files are such networks.
//!
//! The walk begins at the input and follows what consumes each value. Whatever it does not expect
//! ends it, so that a network is taken only if every node of its file was understood.

use std::collections::HashMap;

use crate::file::{AttributeProto, GraphProto, Model, NodeProto, TensorProto};
use crate::graph::{
    Activation, Block, Convolution, Graph, Numbers, Output, OutputKind, Padding, Short,
};

/// The codes of ONNX for what a tensor holds.
const FLOAT: i32 = 1;
const HALF: i32 = 10;

impl<'a> Graph<'a> {
    /// The network of an ONNX file; `None` if it is another kind of network.
    pub fn of(model: &'a Model) -> Option<Self> {
        let graph = model.graph.as_ref()?;
        let file = File::of(graph)?;
        let [input] = file.inputs(graph)[..] else { return None };
        Walk { file: &file, seen: 0, outputs: graph.output.iter().map(|_| None).collect() }
            .whole(input)
    }
}

/// A file, indexed.
struct File<'a> {
    graph: &'a GraphProto,
    constants: HashMap<&'a str, &'a TensorProto>,
    /// The nodes that take a value, once for each time.
    consumers: HashMap<&'a str, Vec<&'a NodeProto>>,
    /// Nodes that are not constants.
    nodes: usize,
}

impl<'a> File<'a> {
    fn of(graph: &'a GraphProto) -> Option<Self> {
        let mut constants: HashMap<&str, &TensorProto> =
            graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let (mut consumers, mut nodes) = (HashMap::<&str, Vec<&NodeProto>>::new(), 0);
        for node in &graph.node {
            let constant =
                node.input.first().and_then(|name| constants.get(name.as_str()).copied());
            match constant {
                // Weights of 16 bits, which the file casts to 32.
                Some(tensor)
                    if node.op_type == "Cast"
                        && attribute(node, "to").is_some_and(|to| to.i == i64::from(FLOAT)) =>
                {
                    constants.insert(node.output.first()?, tensor);
                }
                _ => {
                    nodes += 1;
                    for input in &node.input {
                        consumers.entry(input).or_default().push(node);
                    }
                }
            }
        }
        Some(Self { graph, constants, consumers, nodes })
    }

    /// Older files list their constants among the inputs.
    fn inputs(&self, graph: &'a GraphProto) -> Vec<&'a str> {
        let names = graph.input.iter().map(|input| input.name.as_str());
        names.filter(|name| !self.constants.contains_key(name)).collect()
    }

    fn consumers(&self, value: &str) -> &[&'a NodeProto] {
        self.consumers.get(value).map_or(&[], Vec::as_slice)
    }

    /// The only node that takes a value which is no output of the network.
    fn only_consumer(&self, value: &str) -> Option<&'a NodeProto> {
        let &[node] = self.consumers(value) else { return None };
        self.output(value).is_none().then_some(node)
    }

    /// The place of a value among the network's outputs.
    fn output(&self, value: &str) -> Option<usize> {
        self.graph.output.iter().position(|output| output.name == value)
    }

    fn numbers(&self, name: &str) -> Option<Numbers<'a>> {
        let tensor = self.constants.get(name)?;
        let numbers = match tensor.data_type {
            FLOAT => Numbers::Floats(tensor.raw_data.as_chunks().0),
            HALF => Numbers::Halves(tensor.raw_data.as_chunks().0),
            _ => return None,
        };
        let count: i64 = tensor.dims.iter().product();
        (count > 0 && usize::try_from(count) == Ok(numbers.len())).then_some(numbers)
    }

    fn number(&self, name: &str) -> Option<f32> {
        let numbers = self.numbers(name)?;
        let mut number = [0.0];
        (numbers.len() == 1).then(|| numbers.read(0, &mut number))?;
        Some(number[0])
    }

    /// A convolution over so many channels, without its activation.
    fn convolution(
        &self,
        node: &'a NodeProto,
        channels: usize,
    ) -> Option<(Convolution<'a>, Groups)> {
        let kernel = self.constants.get(node.input.get(1)?.as_str())?;
        let &[outputs, inputs, rows, columns] = &kernel.dims[..] else { return None };
        let (outputs, inputs, kernel) = (
            usize::try_from(outputs).ok()?,
            usize::try_from(inputs).ok()?,
            usize::try_from(rows).ok()?,
        );
        let groups = attribute(node, "group")
            .map_or(Ok(1), |attribute| usize::try_from(attribute.i))
            .ok()?;
        let groups = match (groups, inputs) {
            (_, 1) if groups == channels && outputs == channels && kernel > 1 => Groups::Each,
            (1, _) if inputs == channels => Groups::One,
            _ => return None,
        };
        let stride = strides(node)?;
        let dilated =
            ints(node, "dilations").is_some_and(|all| all.iter().any(|&dilation| dilation != 1));
        (rows == columns && !dilated && matches!(stride, 1 | 2)).then_some(())?;
        let padding = padding(node)?;
        let weights = self.numbers(&node.input[1])?;
        let bias = match node.input.get(2) {
            Some(name) if !name.is_empty() => {
                Some(self.numbers(name).filter(|bias| bias.len() == outputs)?)
            }
            _ => None,
        };
        let activation = Activation::None;
        Some((
            Convolution {
                kernel,
                stride,
                padding,
                inputs: channels,
                outputs,
                weights,
                bias,
                activation,
            },
            groups,
        ))
    }
}

/// Whether a convolution sums over channels.
#[derive(PartialEq)]
enum Groups {
    /// Over all.
    One,
    /// Each by itself.
    Each,
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    /// Nodes that were understood.
    seen: usize,
    outputs: Vec<Option<Output<'a>>>,
}

impl<'a> Walk<'_, 'a> {
    fn whole(mut self, input: &'a str) -> Option<Graph<'a>> {
        let node = self.file.only_consumer(input).filter(|node| is(node, "Conv", input))?;
        let (mut first, groups) = self.file.convolution(node, 3)?;
        (groups == Groups::One && first.stride == 2 && matches!(first.kernel, 3 | 5))
            .then_some(())?;
        self.seen += 1;
        let (activation, mut trunk) = self.activated(node.output.first()?)?;
        first.activation = activation;

        let (mut channels, mut blocks) = (first.outputs, Vec::new());
        let mut rectified = activation != Activation::None;
        while let Some((block, next)) = self.block(trunk, channels, blocks.len(), rectified)? {
            rectified = block.pointwise.activation != Activation::None;
            (channels, trunk) = (block.pointwise.outputs, next);
            blocks.push(block);
        }
        let outputs = self.outputs.into_iter().collect::<Option<Vec<_>>>()?;
        (self.seen == self.file.nodes).then_some(Graph { first, blocks, outputs })
    }

    /// The block that follows a trunk, and the next trunk: `Some(None)` behind the last. Outputs of
    /// the trunk are noted.
    #[allow(clippy::option_option, reason = "the outer one is whether the network is understood")]
    fn block(
        &mut self,
        trunk: &'a str,
        channels: usize,
        number: usize,
        rectified: bool,
    ) -> Option<Option<(Block<'a>, &'a str)>> {
        self.file.output(trunk).is_none().then_some(())?;
        let (mut through, mut around) = (None, Vec::new());
        for &node in self.file.consumers(trunk) {
            match node.op_type.as_str() {
                "Conv" if node.input[0] == trunk => match self.file.convolution(node, channels)? {
                    (depthwise, Groups::Each) if depthwise.kernel == 3 && through.is_none() => {
                        through = Some((node, depthwise));
                    }
                    (pointwise, Groups::One) if is_plain(&pointwise) => {
                        self.map(node, pointwise, number)?;
                    }
                    _ => return None,
                },
                "GlobalAveragePool" => self.average(node, number)?,
                _ => around.push(node),
            }
        }
        let Some((node, mut depthwise)) = through else { return around.is_empty().then_some(None) };
        self.seen += 1;
        let (activation, between) = self.activated(node.output.first()?)?;
        depthwise.activation = activation;

        let node = self.file.only_consumer(between).filter(|node| is(node, "Conv", between))?;
        let (mut pointwise, groups) = self.file.convolution(node, channels)?;
        (groups == Groups::One && is_plain(&pointwise)).then_some(())?;
        self.seen += 1;
        let sum = node.output.first()?;
        let (short, sum) = match around[..] {
            [] => (Short::None, sum.as_str()),
            [node] => self.short(node, trunk, sum, &depthwise, pointwise.outputs, rectified)?,
            _ => return None,
        };
        let (activation, next) = self.activated(sum)?;
        pointwise.activation = activation;
        Some(Some((Block { depthwise, pointwise, short }, next)))
    }

    /// From the node that takes a trunk around a block to the sum with what goes through it.
    fn short(
        &mut self,
        mut node: &'a NodeProto,
        trunk: &'a str,
        through: &str,
        depthwise: &Convolution<'_>,
        outputs: usize,
        rectified: bool,
    ) -> Option<(Short, &'a str)> {
        let (mut short, mut value, mut channels) = (Short::Same, trunk, depthwise.inputs);
        let add = loop {
            match node.op_type.as_str() {
                "Add" => break node,
                // Beside zeroes around the picture, the largest of a square at its end is right
                // only where nothing is below zero.
                "MaxPool" if short == Short::Same && rectified => {
                    short = Short::Pooled { round_up: pool(node)? }
                }
                "Pad" if channels == depthwise.inputs => channels += self.channels_added(node)?,
                _ => return None,
            }
            self.seen += 1;
            value = node.output.first()?;
            node = self.file.only_consumer(value)?;
        };
        let inputs = [add.input.first()?.as_str(), add.input.get(1)?.as_str()];
        let matching = inputs == [value, through] || inputs == [through, value];
        (matching && self.file.only_consumer(through).is_some() && channels == outputs)
            .then_some(())?;
        match short {
            Short::Same => (depthwise.stride == 1 && keeps_size(depthwise.padding)).then_some(())?,
            Short::Pooled { .. } | Short::None => (depthwise.stride == 2).then_some(())?,
        }
        self.seen += 1;
        Some((short, add.output.first()?))
    }

    /// How many channels of zeroes a node puts behind the others.
    fn channels_added(&self, node: &NodeProto) -> Option<usize> {
        let constant = attribute(node, "mode").is_none_or(|mode| &mode.s[..] == b"constant");
        let zero = node
            .input
            .get(2)
            .is_none_or(|value| value.is_empty() || self.file.number(value) == Some(0.0));
        let ends = whole_numbers(self.file.constants.get(node.input.get(1)?.as_str())?);
        let behind_channels = 5;
        let plain = constant && zero && ends.len() == 8 && node.input.len() <= 3;
        (plain
            && ends
                .iter()
                .enumerate()
                .all(|(place, &count)| place == behind_channels || count == 0))
        .then_some(())?;
        usize::try_from(ends[behind_channels]).ok()
    }

    /// An output made by a 1×1 convolution.
    fn map(
        &mut self,
        node: &'a NodeProto,
        mut convolution: Convolution<'a>,
        trunk: usize,
    ) -> Option<()> {
        self.seen += 1;
        let (activation, value) = self.activated(node.output.first()?)?;
        convolution.activation = activation;
        self.note(value, Output { trunk, kind: OutputKind::Map(convolution) })
    }

    /// The average over all places, flat or not.
    fn average(&mut self, node: &'a NodeProto, trunk: usize) -> Option<()> {
        self.seen += 1;
        let value = node.output.first()?;
        let Some(flatten) = self.file.only_consumer(value) else {
            return self.note(value, Output { trunk, kind: OutputKind::Average { flat: false } });
        };
        let axis = attribute(flatten, "axis").map_or(1, |axis| axis.i);
        (flatten.op_type == "Flatten" && axis == 1).then_some(())?;
        self.seen += 1;
        self.note(
            flatten.output.first()?,
            Output { trunk, kind: OutputKind::Average { flat: true } },
        )
    }

    fn note(&mut self, value: &str, output: Output<'a>) -> Option<()> {
        self.file.consumers(value).is_empty().then_some(())?;
        self.outputs[self.file.output(value)?] = Some(output);
        Some(())
    }

    /// What is done to a value, and the name of the result.
    fn activated(&mut self, value: &'a str) -> Option<(Activation, &'a str)> {
        let node = self
            .file
            .only_consumer(value)
            .filter(|node| matches!(node.op_type.as_str(), "Relu" | "Clip"));
        let Some(node) = node else { return Some((Activation::None, value)) };
        let bound = |place: usize| node.input.get(place).and_then(|name| self.file.number(name));
        let activation = match node.op_type.as_str() {
            "Relu" => Activation::Relu,
            _ if (bound(1), bound(2)) == (Some(0.0), Some(6.0)) => Activation::Relu6,
            _ => return None,
        };
        self.seen += 1;
        Some((activation, node.output.first()?))
    }
}

fn is(node: &NodeProto, operator: &str, input: &str) -> bool {
    node.op_type == operator && node.input.first().is_some_and(|name| name == input)
}

/// 1×1 and nothing around.
fn is_plain(convolution: &Convolution<'_>) -> bool {
    let unpadded =
        convolution.padding == Padding::Fixed([0; 4]) || convolution.padding == Padding::Same;
    convolution.kernel == 1 && convolution.stride == 1 && unpadded
}

/// Whether a 3×3 convolution with stride 1 gives as many places as it takes, each from those around
/// it.
fn keeps_size(padding: Padding) -> bool {
    padding == Padding::Fixed([1; 4]) || padding == Padding::Same
}

/// Whether the largest of 2×2 is taken for half squares, too.
fn pool(node: &NodeProto) -> Option<bool> {
    let same = attribute(node, "auto_pad")
        .filter(|value| &value.s[..] != b"NOTSET")
        .map(|value| &value.s[..] == b"SAME_UPPER");
    let unpadded = ints(node, "pads").is_none_or(|pads| pads.iter().all(|&pad| pad == 0));
    let flag = |name: &str| attribute(node, name).is_some_and(|flag| flag.i != 0);
    let dilated =
        ints(node, "dilations").is_some_and(|all| all.iter().any(|&dilation| dilation != 1));
    let squares = ints(node, "kernel_shape")? == [2, 2] && strides(node)? == 2;
    (squares
        && unpadded
        && !dilated
        && !flag("ceil_mode")
        && !flag("storage_order")
        && node.output.len() == 1
        && same != Some(false))
    .then_some(same.is_some())
}

fn padding(node: &NodeProto) -> Option<Padding> {
    match attribute(node, "auto_pad").map(|value| &value.s[..]) {
        Some(b"SAME_UPPER") => Some(Padding::Same),
        None | Some(b"NOTSET") => {
            let pads = ints(node, "pads").unwrap_or(&[0; 4]);
            let pads: Vec<usize> =
                pads.iter().map(|&pad| usize::try_from(pad)).collect::<Result<_, _>>().ok()?;
            let pads: [usize; 4] = pads.try_into().ok()?;
            pads.iter().all(|&pad| pad <= 2).then_some(Padding::Fixed(pads))
        }
        _ => None,
    }
}

/// The same stride both ways.
fn strides(node: &NodeProto) -> Option<usize> {
    match ints(node, "strides") {
        None => Some(1),
        Some(&[rows, columns]) if rows == columns => usize::try_from(rows).ok(),
        Some(_) => None,
    }
}

fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn ints<'n>(node: &'n NodeProto, name: &str) -> Option<&'n [i64]> {
    attribute(node, name).map(|attribute| attribute.ints.as_slice())
}

fn whole_numbers(tensor: &TensorProto) -> Vec<i64> {
    if tensor.raw_data.is_empty() {
        return tensor.int64_data.clone();
    }
    tensor.raw_data.as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
}
