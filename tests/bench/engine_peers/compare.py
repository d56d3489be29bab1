#!/usr/bin/env python3
"""Kefu's embedding engine beside llama.cpp's server, ONNX Runtime and OpenVINO: the same BERT, the same tokens, one thread, one processor.

Usage: compare.py BIN [--model FILE.gguf]... [--rounds N]    BIN: where kefu_engine_time and llama-server are
Without --model: the default model, and one of all-MiniLM-L6's shape with random weights. They take turns, and of each the least
processor time counts, since whatever else the machine does can only add to it. deploy/dev/bench.sh makes the environment that it needs.
"""
import argparse
import contextlib
import http.client
import json
import logging
import os
import pathlib
import random
import select
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / ".cache/llama.cpp/gguf-py"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import openvino  # noqa: E402
from gguf import GGMLQuantizationType  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402

import models  # noqa: E402

TEXTS = {"question": (21, 60), "passage": (130, 12)}  # tokens, and how many a turn
ANSWER_WITHIN = 120  # seconds: an engine that takes longer is stuck


def end(process):
    """Waits for a process that was told to end, but not for ever."""
    try:
        process.wait(ANSWER_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Kefu:
    """The engine in a process of its own, by the seam that the service calls it through."""

    def __init__(self, program, model, *options):
        self.process = subprocess.Popen([program, "--model", model, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order, tokens):
        print(order, *tokens, file=self.process.stdin, flush=True)
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_WITHIN)
        answer = self.process.stdout.readline() if ready else ""
        if not answer:
            raise SystemExit("kefu_engine_time gave up or does not answer")
        return [float(word) for word in answer.split()]

    def vector(self, tokens):
        return self.ask("vector", tokens)

    def time(self, tokens, count):
        return self.ask(f"time {count}", tokens)

    def close(self):
        self.process.stdin.close()
        end(self.process)


class Peer:
    """Another engine: compute() gives the vector of a text, processor_seconds() what the engine has used."""

    def vector(self, tokens):
        return self.compute(tokens)

    def time(self, tokens, count):
        self.vector(tokens)
        shortest, began = float("inf"), self.processor_seconds()
        for _ in range(count):
            one = time.perf_counter()
            self.compute(tokens)
            shortest = min(shortest, time.perf_counter() - one)
        return self.processor_seconds() - began, shortest


class InProcess(Peer):
    processor_seconds = staticmethod(time.process_time)

    def close(self):
        pass


class OnnxRuntime(InProcess):
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def compute(self, tokens):
        return self.session.run(None, {"ids": np.array([tokens], np.int64)})[0][0]


class OpenVino(InProcess):
    def __init__(self, path, precision, **more):
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        self.request = openvino.Core().compile_model(path, "CPU", settings | more).create_infer_request()

    def compute(self, tokens):
        self.request.infer({0: np.array([tokens], np.int64)}, share_inputs=True)
        return self.request.get_output_tensor().data[0].copy()


class LlamaServer(Peer):
    def __init__(self, program, model):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "--model", model, "--embedding", "--threads", "1", "--threads-batch", "1", "--parallel", "1", "--ctx-size", "512",
             "--batch-size", "512", "--ubatch-size", "512", "--flash-attn", "on", "--port", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
        deadline = time.monotonic() + ANSWER_WITHIN
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise SystemExit("llama-server did not start")
            time.sleep(0.1)

    def healthy(self):
        try:
            self.connection.request("GET", "/health")
            response = self.connection.getresponse()
            response.read()
            return response.status == 200
        except OSError:
            self.connection.close()
            return False

    def vector(self, tokens):
        self.connection.close()  # the server has, if it was idle for some seconds
        return self.compute(tokens)

    def compute(self, tokens):
        body = json.dumps({"input": tokens, "model": "x"})
        self.connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
        return json.loads(self.connection.getresponse().read())["data"][0]["embedding"]

    def processor_seconds(self):
        """Of all its threads; those that have ended are few and short."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def close(self):
        self.process.terminate()
        end(self.process)


def peers_of(model, programs, folder, opened):
    """All engines by their names; `opened` closes them."""
    plain, fused, small = (folder / f"{name}.onnx" for name in ("plain", "fused", "int8"))
    bert = models.Bert(model)
    models.write_onnx(bert, plain, fused=False)
    models.write_onnx(bert, fused, fused=True)
    logging.disable(logging.WARNING)  # it recommends a step that finds nothing to do in these graphs
    quantize_dynamic(fused, small, weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": TensorProto.FLOAT})
    logging.disable(logging.NOTSET)
    kinds = {
        "Kefu": lambda: Kefu(programs / "kefu_engine_time", model),
        "llama.cpp in Kefu's place": lambda: Kefu(programs / "kefu_engine_time", model, "--llama"),
        "llama-server": lambda: LlamaServer(programs / "llama-server", model),
        "ONNX Runtime, float32": lambda: OnnxRuntime(fused),
        "ONNX Runtime, int8": lambda: OnnxRuntime(small),
        "OpenVINO, float32": lambda: OpenVino(plain, "f32"),
        "OpenVINO, bfloat16": lambda: OpenVino(plain, "bf16"),
        "OpenVINO, int8": lambda: OpenVino(small_for_openvino(plain, folder), "f32", DYNAMIC_QUANTIZATION_GROUP_SIZE=32),
    }
    return bert.words, {name: opened.enter_context(contextlib.closing(make())) for name, make in kinds.items()}


def small_for_openvino(plain, folder):
    """ONNX with weights of 8 bits, whose activations OpenVINO then gives 8 bits as it runs."""
    model = onnx.load(plain)
    matrices = {node.input[1] for node in model.graph.node if node.op_type == "MatMul"}
    for constant in [c for c in model.graph.initializer if c.name in matrices]:
        values = numpy_helper.to_array(constant)
        scale = np.maximum(np.abs(values).max(axis=0), 1e-9) / 127
        model.graph.initializer.remove(constant)
        model.graph.initializer.extend([numpy_helper.from_array(np.round(values / scale).astype(np.int8), constant.name + "_q"),
                                        numpy_helper.from_array(scale.astype(np.float32), constant.name + "_s")])
        model.graph.node.insert(0, helper.make_node("DequantizeLinear", [constant.name + "_q", constant.name + "_s"], [constant.name], axis=1))
    onnx.save(model, folder / "compressed.onnx")
    return folder / "compressed.onnx"


def cosine(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def compare(model, programs, rounds):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as opened:
        words, peers = peers_of(model, programs, pathlib.Path(folder), opened)
        draw = random.Random(7)
        texts = {name: [draw.randrange(5, words) for _ in range(tokens)] for name, (tokens, _) in TEXTS.items()}
        wanted = peers["ONNX Runtime, float32"].vector(texts["passage"])
        agreement = {name: cosine(peer.vector(texts["passage"]), wanted) for name, peer in peers.items()}
        least = {}
        for _ in range(rounds):
            for name, peer in peers.items():
                for text, (_, count) in TEXTS.items():
                    seconds, shortest = peer.time(texts[text], count)
                    before = least.get((name, text), (float("inf"), float("inf")))
                    least[name, text] = (min(before[0], seconds / count), min(before[1], shortest))
    report(pathlib.Path(model).stem, list(peers), least, agreement)


def report(title, names, least, agreement):
    others = [name for name in names if name != "Kefu"]
    best = {text: min(least[name, text][0] for name in others) for text in TEXTS}
    print(f"\n{title}\n| | question of 21 tokens, CPU ms | shortest, ms | passages of 130 tokens a CPU-second | beside the best other: question,"
          " passages | cosine with float32 |\n|---|---|---|---|---|---|")
    for name in names:
        question, passage = least[name, "question"], least[name, "passage"]
        print(f"| {name} | {question[0] * 1e3:.2f} | {question[1] * 1e3:.2f} | {1 / passage[0]:.1f} | {best['question'] / question[0]:.2f},"
              f" {best['passage'] / passage[0]:.2f} | {agreement[name]:.5f} |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # children inherit it
    if arguments.model:
        for model in arguments.model:
            compare(model, arguments.programs, arguments.rounds)
        return
    compare(str(ROOT / ".cache/models/multilingual-e5-small-q4_0.gguf"), arguments.programs, arguments.rounds)
    with tempfile.TemporaryDirectory() as folder:
        for kind in (GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q8_0, GGMLQuantizationType.BF16):
            path = f"{folder}/MiniLM-L6-random-{kind.name.lower()}.gguf"
            models.write_random(path, kind)
            compare(path, arguments.programs, arguments.rounds)


if __name__ == "__main__":
    main()
