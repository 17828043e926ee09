"""MobileNetV1 without a classifier: from ONNX to Keras and back.

Batch normalisation is folded into the kernels and biases from the start. An ONNX file holds a chain of Conv and Clip(0, 6) nodes; the last Conv
may go without Clip. A backbone has a GlobalAveragePool behind them and gives [1, features], the face detector a map. Input
[1, 3, size, size], RGB scaled to -1..1. Kernels and biases are stored as float16, which
halves the file, and cast to float32 by the file itself: whoever loads it computes in float32.
"""

import os

import keras
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# The difference between Keras and ONNX that rounding explains, on random inputs.
TOLERANCE = 1e-4


def read(path):
    """A Keras model for pictures of any even size [batch, height, width, 3] with the weights of an ONNX file."""
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    tensors |= {node.output[0]: tensors[node.input[0]].astype(np.float32) for node in graph.node if node.op_type == "Cast"}
    pictures = output = keras.Input((None, None, 3))
    weights = []
    clipped = {node.input[0] for node in graph.node if node.op_type == "Clip"}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        kernel, bias = (tensors[name] for name in node.input[1:3])
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        options = {"strides": attributes["strides"][0], "padding": "same", "activation": "relu6" if node.output[0] in clipped else None}
        if attributes["group"] > 1:
            layer = keras.layers.DepthwiseConv2D(kernel.shape[2], **options)
            weights.append((layer, kernel.transpose(2, 3, 0, 1), bias))
        else:
            layer = keras.layers.Conv2D(kernel.shape[0], kernel.shape[2], **options)
            weights.append((layer, kernel.transpose(2, 3, 1, 0), bias))
        output = layer(output)
    if any(node.op_type == "GlobalAveragePool" for node in graph.node):
        output = keras.layers.GlobalAveragePooling2D()(output)
    model = keras.Model(pictures, output, name="backbone")
    for layer, kernel, bias in weights:
        layer.set_weights([kernel, bias])
    return model


def write(model, path, size):
    """Writes the model as ONNX for pictures of a fixed size, once it agrees with Keras; returns the largest difference.

    The weights are rounded to float16 for both; the model has its own again afterwards.
    """
    weights = model.get_weights()
    try:
        model.set_weights([array.astype(np.float16).astype(np.float32) for array in weights])
        return _write_rounded(model, path, size)
    finally:
        model.set_weights(weights)


def _write_rounded(model, path, size):
    graph = _graph(model, size)
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="friends-judge", ir_version=8)
    onnx.checker.check_model(content, full_check=True)
    return save(content, path, _difference(model, content.SerializeToString(), size))


def save(content, path, difference):
    """Writes a file whole or not at all, once it differs from Keras by no more than rounding explains; returns the difference."""
    if difference > TOLERANCE:
        raise ValueError(f"ONNX and Keras differ by {difference}: {path} is not written")
    fresh = f"{path}.new"
    onnx.save(content, fresh)
    os.replace(fresh, path)
    return difference


def _graph(model, size):
    nodes, tensors, side, value = [], [], size, "input"

    def tensor(name, array):
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float16), f"{name}_half"))
        nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        return name

    limits = ["low", "high"]
    tensors += [numpy_helper.from_array(np.float32(value), name) for name, value in (("low", 0), ("high", 6))]
    convolutions = [layer for layer in model.layers if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D))]
    for number, layer in enumerate(convolutions):
        kernel, bias = layer.get_weights()
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        kernel = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
        extent, stride = kernel.shape[2], layer.strides[0]
        # What "same" means: the padding that is left over goes to the right and the bottom.
        padding = max((-(-side // stride) - 1) * stride + extent - side, 0)
        side = -(-side // stride)
        before, after = padding // 2, padding - padding // 2
        inputs = [value, tensor(f"kernel{number}", kernel), tensor(f"bias{number}", bias)]
        nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [f"sum{number}"],
                group=kernel.shape[0] if depthwise else 1,
                kernel_shape=[extent, extent],
                pads=[before, before, after, after],
                strides=[stride, stride],
            )
        )
        value = f"sum{number}"
        if layer.activation is keras.activations.relu6:
            nodes.append(helper.make_node("Clip", [value, *limits], [f"layer{number}"]))
            value = f"layer{number}"
    if isinstance(model.layers[-1], keras.layers.GlobalAveragePooling2D):
        nodes.append(helper.make_node("GlobalAveragePool", [value], ["pooled"]))
        nodes.append(helper.make_node("Flatten", ["pooled"], ["features"], axis=1))
        value, shape = "features", [1, model.output_shape[-1]]
    else:
        shape = [1, model.output_shape[-1], side, side]
    pictures = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, size, size])
    output = helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)
    return helper.make_graph(nodes, model.name, [pictures], [output], tensors)


def _difference(model, content, size):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).uniform(-1, 1, (4, size, size, 3)).astype(np.float32)
    expected = model.predict_on_batch(pictures)
    actual = np.array([session.run(None, {"input": picture.transpose(2, 0, 1)[None]})[0][0] for picture in pictures])
    if actual.ndim == 4:
        actual = actual.transpose(0, 2, 3, 1)
    return float(np.abs(expected - actual).max())
