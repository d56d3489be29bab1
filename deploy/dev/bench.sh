#!/usr/bin/env bash
# Builds the benchmarks with optimisation and runs them one after the other; docs/benchmarks.md says what each of them measures.
# DATA=DIR: public evaluation data in DIR/clinc150, DIR/cmrc2018 and DIR/banking77, which adds to the measurements of quality (and some minutes).
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin  # where Debian has nats-server

deploy/dev/prepare.sh
deploy/dev/build.sh bench kefu_benches kefu
bin=build/bench/bin

for bench in "$bin"/kefu_*_bench; do
  printf '\n== %s\n' "$(basename "$bench")"
  "$bench" --benchmark_min_time=0.2
done
printf '\n== kefu_system_load: an import and questions to a whole system on this machine, beside the same flow in Python\n'
# python_with REQUIREMENTS NAME: sets `python` to the interpreter of an environment in .cache/NAME with what REQUIREMENTS lists. It prints
# nothing to be substituted, since bash would go on after an error in there, and keep half an environment.
python_with() {
  local wanted=$1 home=.cache/$2
  if ! cmp --silent "$wanted" "$home/requirements.txt"; then
    python3 -m venv --clear "$home"
    "$home/bin/pip" install --quiet --requirement "$wanted"
    cp "$wanted" "$home/requirements.txt"
  fi
  python=$PWD/$home/bin/python
}
flow=tests/bench/python_flow
python_with $flow/requirements.txt python-flow
plain=$python
python_with $flow/requirements-tuned.txt python-flow-tuned
"$bin/kefu_system_load" --python "Python=$plain" --python "tuned Python=$python"
printf '\n== kefu_cached_embeddings: texts whose vectors are known, beside GPTCache\n'
python_with tests/bench/gptcache_exact/requirements.txt gptcache
"$bin/kefu_cached_embeddings" --gptcache "$python"
printf '\n== engine_peers: the embedding engine beside llama-server, ONNX Runtime and OpenVINO\n'
python_with tests/bench/engine_peers/requirements.txt engine-peers
"$python" tests/bench/engine_peers/compare.py "$bin"
printf '\n== kefu_replayed_questions: what questions cost that are asked again, by one replica and by several\n'
"$bin/kefu_replayed_questions" ${DATA:+--data "$DATA"}
# Vectors stay from one run to the next: they are the same until the model changes.
quality=(--vectors build/bench/vectors.bin ${DATA:+--data "$DATA"})
printf '\n== kefu_measure_retrieval: how often the right document comes first\n'
"$bin/kefu_measure_retrieval" "${quality[@]}"
printf '\n== kefu_cached_vector_loss: what float16 in the cache costs\n'
"$bin/kefu_cached_vector_loss" "${quality[@]}"
if [ -n "${DATA:-}" ]; then
  printf '\n== through_gateway.py: the same, by way of HTTP and all services\n'
  KEFU_BIN_DIR=$PWD/$bin KEFU_TEST_MODEL=$PWD/.cache/models/multilingual-e5-small-q4_0.gguf \
    python3 tests/bench/through_gateway.py "$DATA"
  printf '\n== import_cost.py: tokens that imports spend\n'
  KEFU_BIN_DIR=$PWD/$bin KEFU_TEST_MODEL=$PWD/.cache/models/multilingual-e5-small-q4_0.gguf \
    python3 tests/bench/import_cost.py "$DATA"
fi
printf '\n== kefu_calibrate_decisions: the weights of decisions, and how good they are\n'
"$bin/kefu_calibrate_decisions" "${quality[@]}"
