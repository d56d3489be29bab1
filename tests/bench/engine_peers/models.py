"""One BERT in the forms that its engines want: GGUF for Kefu and llama.cpp, ONNX for ONNX Runtime and OpenVINO."""
import pathlib

import gguf  # of the sources of llama.cpp in .cache
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import dequantize, quantize

LAYER_MATRICES = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"]


def write_random(path, kind, width=384, hidden=1536, layers=6, heads=12, words=30522, positions=512):
    """all-MiniLM-L6's shape with random weights, as gguf's type `kind` says."""
    random = np.random.default_rng(7)
    writer = GGUFWriter(path, "bert")
    writer.add_context_length(positions)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(hidden)
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"\u2581w{i}" for i in range(words - 5)]
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 5 + [1] * (words - 5))
    writer.add_token_type_count(2)
    for name, number in (("pad", 0), ("unk", 1), ("bos", 2), ("sep", 3), ("mask", 4)):
        getattr(writer, f"add_{name}_token_id")(number)

    def matrix(name, rows, columns, of=None):
        values = random.normal(0, 1 / np.sqrt(columns), (rows, columns)).astype(np.float32)
        of = kind if of is None else of
        writer.add_tensor(name, values if of == GGMLQuantizationType.F32 else quantize(values, of), raw_dtype=of)

    def vector(name, size, mean=0.0):
        writer.add_tensor(name, (mean + random.normal(0, 0.02, size)).astype(np.float32))

    matrix("token_embd.weight", words, width)
    matrix("position_embd.weight", positions, width, GGMLQuantizationType.F32)
    matrix("token_types.weight", 2, width, GGMLQuantizationType.F32)
    vector("token_embd_norm.weight", width, 1.0)
    vector("token_embd_norm.bias", width)
    for i in range(layers):
        for name in LAYER_MATRICES:
            rows = hidden if name == "ffn_up" else width
            matrix(f"blk.{i}.{name}.weight", rows, hidden if name == "ffn_down" else width)
            vector(f"blk.{i}.{name}.bias", rows)
        for name in ("attn_output_norm", "layer_output_norm"):
            vector(f"blk.{i}.{name}.weight", width, 1.0)
            vector(f"blk.{i}.{name}.bias", width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class Bert:
    """The weights of a GGUF file as floats of 32 bits."""

    def __init__(self, path):
        reader = GGUFReader(path)
        field = lambda key: reader.fields[f"bert.{key}"].contents()  # noqa: E731
        self.width, self.hidden = field("embedding_length"), field("feed_forward_length")
        self.heads, self.layers = field("attention.head_count"), field("block_count")
        self.epsilon = field("attention.layer_norm_epsilon")
        if field("pooling_type") != gguf.PoolingType.MEAN:
            raise SystemExit(f"{path} does not take the mean of its tokens, which is all that this comparison knows")
        self.tensors = {t.name: np.array(dequantize(t.data, t.tensor_type), dtype=np.float32) for t in reader.tensors}
        self.words = self.tensors["token_embd.weight"].shape[0]

    def __getitem__(self, name):
        return self.tensors[name]


class Graph:
    """Collects an ONNX graph; each method adds a node and returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, values):
        self.count += 1
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), f"c{self.count}"))
        return f"c{self.count}"

    def add(self, operator, *inputs, domain="", **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(operator, list(inputs), [f"n{self.count}"], f"{operator}_{self.count}", domain=domain, **attributes))
        return f"n{self.count}"

    def linear(self, values, weights, bias):
        return self.add("Add", self.add("MatMul", values, self.constant(weights.T)), self.constant(bias))


def embedded(graph, bert):
    words = graph.add("Gather", graph.constant(bert["token_embd.weight"]), "ids")
    count = graph.add("Shape", "ids", start=1, end=2)
    zero = graph.constant(np.array([0], np.int64))
    positions = graph.add("Slice", graph.constant(bert["position_embd.weight"]), zero, count, zero)
    typed = graph.add("Add", positions, graph.constant(bert["token_types.weight"].reshape(-1, bert.width)[0]))
    return graph.add("Add", words, typed)


def normed(graph, bert, values, name):
    return graph.add("LayerNormalization", values, graph.constant(bert[f"{name}.weight"]), graph.constant(bert[f"{name}.bias"]),
                     axis=-1, epsilon=float(bert.epsilon))


def attention(graph, bert, values, layer):
    def heads(name, order):
        linear = graph.linear(values, bert[f"{layer}.{name}.weight"], bert[f"{layer}.{name}.bias"])
        shape = graph.constant(np.array([0, 0, bert.heads, bert.width // bert.heads], np.int64))
        return graph.add("Transpose", graph.add("Reshape", linear, shape), perm=order)

    query, key, value = heads("attn_q", [0, 2, 1, 3]), heads("attn_k", [0, 2, 3, 1]), heads("attn_v", [0, 2, 1, 3])
    scale = graph.constant(np.array((bert.width // bert.heads) ** -0.5, np.float32))
    weights = graph.add("Softmax", graph.add("Mul", graph.add("MatMul", query, key), scale), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    return graph.add("Reshape", mixed, graph.constant(np.array([0, 0, bert.width], np.int64)))


def fused_attention(graph, bert, values, layer):
    """ONNX Runtime's own operator, which its tools put where they find the nodes of attention()."""
    names = [f"{layer}.attn_{name}" for name in "qkv"]
    weights = np.concatenate([bert[f"{name}.weight"].T for name in names], axis=1)
    bias = np.concatenate([bert[f"{name}.bias"] for name in names])
    return graph.add("Attention", values, graph.constant(weights), graph.constant(bias), domain="com.microsoft", num_heads=bert.heads)


def add_and_norm(graph, bert, values, more, name, fused):
    if not fused:
        return normed(graph, bert, graph.add("Add", values, more), name)
    return graph.add("SkipLayerNormalization", values, more, graph.constant(bert[f"{name}.weight"]), graph.constant(bert[f"{name}.bias"]),
                     domain="com.microsoft", epsilon=float(bert.epsilon))


def write_onnx(bert, path, fused):
    """Tokens to the mean of their vectors. `fused`: with ONNX Runtime's own operators."""
    graph = Graph()
    values = normed(graph, bert, embedded(graph, bert), "token_embd_norm")
    for i in range(bert.layers):
        layer = f"blk.{i}"
        mixed = (fused_attention if fused else attention)(graph, bert, values, layer)
        out = graph.linear(mixed, bert[f"{layer}.attn_output.weight"], bert[f"{layer}.attn_output.bias"])
        values = add_and_norm(graph, bert, values, out, f"{layer}.attn_output_norm", fused)
        up = graph.add("MatMul", values, graph.constant(bert[f"{layer}.ffn_up.weight"].T))
        bias = graph.constant(bert[f"{layer}.ffn_up.bias"])
        if fused:
            up = graph.add("FastGelu", up, bias, domain="com.microsoft")
        else:
            up = graph.add("Gelu", graph.add("Add", up, bias), approximate="tanh")
        down = graph.linear(up, bert[f"{layer}.ffn_down.weight"], bert[f"{layer}.ffn_down.bias"])
        values = add_and_norm(graph, bert, values, down, f"{layer}.layer_output_norm", fused)
    mean = graph.add("ReduceMean", values, graph.constant(np.array([1], np.int64)), keepdims=0)
    graph.nodes.append(helper.make_node("Identity", [mean], ["vector"]))
    model = helper.make_model(
        helper.make_graph(graph.nodes, "bert", [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
                          [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, bert.width])], graph.constants),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)], ir_version=10)
    onnx.save(model, pathlib.Path(path))
