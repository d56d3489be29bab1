#!/usr/bin/env python3
"""What imports cost: starts all of Kefu on free ports, imports CMRC 2018's development set, imports it again, imports it under
another name, and then with a tenth of its passages changed; and counts the tokens that went through the model each time.

    KEFU_BIN_DIR=$PWD/build/bench/bin KEFU_TEST_MODEL=$PWD/.cache/models/MODEL.gguf tests/bench/import_cost.py DATA

Exit status 1 where an import costs more than its new passages.
"""

import json
import pathlib
import sys
import tempfile
import time

import prepare_datasets

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))
import kefu_system  # noqa: E402

FILE = "cmrc-dev.jsonl"
CHANGED_ONE_IN = 10
TEXTS_OF_A_REQUEST = 256


class Costs:
    def __init__(self, system):
        self._system = system
        print(f"{'':<44} {'passages':>9} {'new':>6} {'tokens computed':>16} {'of new passages':>16} {'seconds':>8}")

    def import_file(self, what, kb, articles, known):
        """Returns the texts of its passages, and whether it cost what those that are not in `known` have to."""
        self._system.request("PUT", f"/v1/kbs/{kb}", {})
        before = self._computed()
        began = time.monotonic()
        self._system.upload(kb, FILE, "application/x-ndjson", "".join(json.dumps(each) + "\n" for each in articles))
        seconds = time.monotonic() - began
        computed = self._computed() - before
        passages = self._passages(kb)
        new = sorted(set(passages) - known)
        due = self._tokens(new)
        print(f"{what:<44} {len(passages):>9} {len(new):>6} {computed:>16,} {due:>16,} {seconds:>8.1f}", flush=True)
        return passages, computed == due

    def _computed(self):
        return int(self._system.metric("embedding", "kefu_embedding_tokens_computed_total"))

    def _passages(self, kb):
        texts, first = [], 0
        while first is not None:
            page = self._system.request("GET", f"/v1/kbs/{kb}/documents/{FILE}?first={first}")
            texts += [passage["text"] for row in page["rows"] for passage in row["passages"]]
            first = page.get("next")
        return texts

    def _tokens(self, texts):
        """As the usage of a request for them has it, all of which is saved: they have just been imported."""
        tokens = 0
        for begin in range(0, len(texts), TEXTS_OF_A_REQUEST):
            body = {"model": "default", "input": texts[begin : begin + TEXTS_OF_A_REQUEST], "encoding_format": "base64"}
            usage = self._system.request("POST", "/v1/embeddings", body)["usage"]["kefu"]
            assert usage["computed_tokens"] == 0, usage
            tokens += usage["saved_tokens"]
        return tokens


def change_passages(articles, passages):
    """One character in the middle of every tenth passage."""
    articles = [dict(article) for article in articles]
    for passage in passages[::CHANGED_ONE_IN]:
        line = max(passage.split("\n"), key=len)  # passages may join lines in another way than their article
        middle = len(line) // 2
        changed = line[:middle] + "改" + line[middle + 1 :]
        for article in articles:
            if line in article["text"]:
                article["text"] = article["text"].replace(line, changed, 1)
                break
        else:
            raise AssertionError(f"in no article: {line}")
    return articles


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as name, kefu_system.System() as system:
        folder = pathlib.Path(name)
        prepare_datasets.prepare_cmrc(pathlib.Path(sys.argv[1]), folder)
        articles = [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]
        costs = Costs(system)
        passages, first = costs.import_file("CMRC 2018, development set", "cmrc", articles, set())
        known = set(passages)
        _, again = costs.import_file("the same again", "cmrc", articles, known)
        _, elsewhere = costs.import_file("the same in another knowledge base", "cmrc-2", articles, known)
        changed = change_passages(articles, passages)
        _, third = costs.import_file("with a tenth of the passages changed", "cmrc", changed, known)
    return 0 if first and again and elsewhere and third else 1


if __name__ == "__main__":
    sys.exit(main())
