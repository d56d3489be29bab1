"""What /openapi.json promises, held against a running system by requests made from it, good ones and bad ones."""

import os
import pathlib
import subprocess
import sys

import pytest

from kefu_system import System

HERE = pathlib.Path(__file__).parent
SEED = "20260301"
# What takes something away from the others; the budget of a random request may be nothing.
AT_THE_END = ["deleteKnowledgeBase", "deleteDocument", "putBudget", "removeBudget"]


@pytest.fixture(scope="module")
def system():
    # With a key, so that a key that is made does not shut everybody out.
    with System(with_keys=True) as running:
        running.import_shop()
        yield running


def run(system, *options):
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{system.url}/openapi.json", "--header", f"Authorization: Bearer {system.key}"]
    command += ["--seed", SEED, "--generation-database", "none", "--no-color"]
    command += ["--suppress-health-check", "all", "--request-timeout", "30", *options]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUTF8": "1"}
    result = subprocess.run(command, capture_output=True, text=True, cwd=system.folder, env=environment, timeout=400)
    assert result.returncode == 0, result.stdout[-20000:] + result.stderr[-4000:]


def test_the_api_is_as_it_is_described(system):
    excluded = [option for name in AT_THE_END for option in ("--exclude-operation-id", name)]
    run(system, "--phases", "examples,coverage,fuzzing", "--max-examples", "100", *excluded)
    # None of that hurt.
    assert system.request("POST", "/v1/ask", {"kb": "shop", "question": "退货的运费谁出?"})["decision"] == "faq"


def test_what_takes_something_away_is_as_it_is_described(system):
    included = [option for name in AT_THE_END for option in ("--include-operation-id", name)]
    run(system, "--phases", "examples,coverage,fuzzing", "--max-examples", "10", *included)
