"""The face detector's network: from ONNX to Keras and back.

The file holds convolutions, plain and depthwise, rectifiers, sums, poolings, and paddings of channels. Keras gets a model of the same
operators; what is written is the file that was read with the model's weights in place of its own, so that nothing else in it can change.
Input [1, 3, rows, columns], RGB scaled to -1..1, rows and columns multiples of 32; four outputs, see src/core/face_detector/decode.rs.
"""

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from onnx import helper, numpy_helper

import network

# TensorFlow 2.21 ends the process when it fuses the convolutions of this network with what follows them.
tf.config.optimizer.set_experimental_options({"remapping": False})


def read(path):
    """A Keras model with the weights of an ONNX file, for pictures [batch, rows, columns, 3]; its outputs are [batch, rows, columns, channels]."""
    graph = onnx.load(path).graph
    tensors = _tensors(graph)
    values = {graph.input[0].name: keras.Input((None, None, 3))}
    weights = []
    for node in graph.node:
        options = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        inputs = [values[name] for name in node.input if name in values]
        if node.op_type == "Conv":
            layer, kernel, bias = _convolution(node, options, tensors)
            padding = options.get("pads", [0, 0, 0, 0])
            edges = ((padding[0], padding[2]), (padding[1], padding[3]))
            output = layer(keras.layers.ZeroPadding2D(edges)(inputs[0]) if any(padding) else inputs[0])
            weights.append((layer, kernel, bias))
        elif node.op_type == "Relu":
            output = keras.layers.ReLU()(inputs[0])
        elif node.op_type == "Add":
            output = keras.layers.Add()(inputs)
        elif node.op_type == "MaxPool":
            output = keras.layers.MaxPooling2D(options["kernel_shape"], options["strides"])(inputs[0])
        elif node.op_type == "Pad":
            padding = options.get("pads") or tensors[node.input[1]].tolist()
            batch, channels, rows, columns = zip(padding[:4], padding[4:])
            output = keras.ops.pad(inputs[0], (batch, rows, columns, channels))
        else:
            raise ValueError(f"{path} has an operator {node.op_type}, which is not known here")
        values[node.output[0]] = output
    model = keras.Model(values[graph.input[0].name], [values[output.name] for output in graph.output], name="faces")
    for layer, kernel, bias in weights:
        layer.set_weights([kernel, bias])
    return model


def _tensors(graph):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _convolution(node, options, tensors):
    kernel, bias = (tensors[name] for name in node.input[1:3])
    named = {"strides": options.get("strides", [1, 1])[0], "name": _layer_name(node)}
    if options.get("group", 1) > 1:
        return keras.layers.DepthwiseConv2D(kernel.shape[2], **named), kernel.transpose(2, 3, 0, 1), bias
    return keras.layers.Conv2D(kernel.shape[0], kernel.shape[2], **named), kernel.transpose(2, 3, 1, 0), bias


def _layer_name(node):
    return f"convolution_of_{''.join(letter if letter.isalnum() else '_' for letter in node.output[0])}"


def write(model, initial, path, share=1.0):
    """Writes `share` of the model's weights and the rest of those of the file `initial` that it was read from, once both run alike.

    Returns the largest difference between Keras and ONNX, as a share of the largest output.
    """
    content = onnx.load(initial)
    mixture = read(initial)
    pairs = zip(model.get_weights(), mixture.get_weights())
    mixture.set_weights([share * trained + (1 - share) * old for trained, old in pairs])
    arrays = {}
    for node in content.graph.node:
        if node.op_type == "Conv":
            layer = mixture.get_layer(_layer_name(node))
            kernel, bias = layer.get_weights()
            depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            arrays[node.input[1]] = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
            arrays[node.input[2]] = bias
    for tensor in content.graph.initializer:
        if tensor.name in arrays:
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(arrays[tensor.name], np.float32), tensor.name))
    return network.save(content, path, _difference(mixture, content.SerializeToString()))


def _difference(model, content):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 96, 128, 3)).astype(np.float32)
    expected = model.predict_on_batch(picture)
    actual = session.run(None, {session.get_inputs()[0].name: picture.transpose(0, 3, 1, 2)})
    pairs = [(one, other.transpose(0, 2, 3, 1)) for one, other in zip(expected, actual)]
    return max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in pairs)
