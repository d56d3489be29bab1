#!/usr/bin/env python3
"""Writes public data as files that `kefu import` and `kefu eval` take:

    prepare_datasets.py DATA OUT

From DATA/cmrc2018/cmrc2018_dev.json: OUT/cmrc-dev.jsonl, a document an article ({id, title, text}), and
OUT/cmrc-dev-questions.jsonl ({question, documents: [id]}). From DATA/banking77/{train,test}.csv:
OUT/banking77.jsonl, an FAQ row an intent with its first ten training utterances as phrasings, and
OUT/banking77-questions.jsonl with all test utterances.
"""

import argparse
import csv
import json
import pathlib
import sys

PHRASINGS = 10


def write_lines(path, entries):
    with path.open("w", encoding="utf-8") as out:
        for entry in entries:
            out.write(json.dumps(entry, ensure_ascii=False) + "\n")
    print(f"{path}: {len(entries)} lines")


def prepare_cmrc(data, out):
    with (data / "cmrc2018" / "cmrc2018_dev.json").open(encoding="utf-8") as source:
        articles = json.load(source)["data"]
    paragraphs = [(article.get("title", ""), paragraph) for article in articles for paragraph in article["paragraphs"]]
    write_lines(
        out / "cmrc-dev.jsonl",
        [{"id": paragraph["id"], "title": title, "text": paragraph["context"]} for title, paragraph in paragraphs],
    )
    questions = [
        {"question": asked["question"], "documents": [paragraph["id"]]}
        for _, paragraph in paragraphs
        for asked in paragraph["qas"]
        if asked["question"]  # some are empty
    ]
    write_lines(out / "cmrc-dev-questions.jsonl", questions)


def read_utterances(path):
    with path.open(encoding="utf-8", newline="") as source:
        return [(row["text"].strip(), row["category"]) for row in csv.DictReader(source)]


def prepare_banking(data, out):
    phrasings = {}
    for text, intent in read_utterances(data / "banking77" / "train.csv"):
        own = phrasings.setdefault(intent, [])
        if len(own) < PHRASINGS:
            own.append(text)
    write_lines(
        out / "banking77.jsonl",
        [
            {"id": intent, "question": own[0], "similar": own[1:], "answer": intent.replace("_", " ")}
            for intent, own in sorted(phrasings.items())
        ],
    )
    write_lines(
        out / "banking77-questions.jsonl",
        [
            {"question": text, "documents": [intent]}
            for text, intent in read_utterances(data / "banking77" / "test.csv")
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    try:
        prepare_cmrc(arguments.data, arguments.out)
        prepare_banking(arguments.data, arguments.out)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"prepare_datasets.py: {error!r}")


if __name__ == "__main__":
    main()
