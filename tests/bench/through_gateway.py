#!/usr/bin/env python3
"""Measures search as a client sees it: starts all of Kefu on free ports, imports the data sets of prepare_datasets.py with
`kefu import` and asks their questions with `kefu eval`.

    KEFU_BIN_DIR=$PWD/build/bench/bin KEFU_TEST_MODEL=$PWD/.cache/models/MODEL.gguf tests/bench/through_gateway.py DATA

Exit status 1 where CMRC 2018 falls below what twenty lines of Python reach.
"""

import pathlib
import subprocess
import sys
import tempfile

import prepare_datasets

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
import kefu_system  # noqa: E402

LIMITS = {"cmrc-dev": ["--min-recall-1", "0.98", "--min-recall-5", "0.998"], "banking77": []}


def measure(system, folder, name):
    def kefu(*arguments):
        return subprocess.run([kefu_system.BIN / "kefu", "--server", system.url, *arguments], check=False).returncode

    print(f"\n{name}", flush=True)
    if kefu("import", "--kb", name, str(folder / f"{name}.jsonl")) != 0:
        return False
    questions = str(folder / f"{name}-questions.jsonl")
    return kefu("eval", "--search-only", "--kb", name, questions, *LIMITS[name]) == 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name, kefu_system.System() as system:
        folder = pathlib.Path(name)
        prepare_datasets.prepare_cmrc(data, folder)
        prepare_datasets.prepare_banking(data, folder)
        results = [measure(system, folder, each) for each in LIMITS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
