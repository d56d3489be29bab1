#!/usr/bin/env python3
"""sample_knowledge_base.py ROOT: the files of deploy/sample parse, keep their ids apart, and hold what the test questions expect."""
import csv
import json
import pathlib
import sys
import unicodedata

FAQ_COLUMNS = {"问题": "question", "答案": "answer", "相似问题": "similar", "分类": "category", "编号": "id"}
MIN_ROWS = {"faq.csv": 100, "faq-en.csv": 25}
MIN_DOCUMENTS = 6
LONG_DOCUMENT_CHARACTERS = 10_000  # of which 500 to 600 fill a page
MIN_QUESTIONS = {True: 60, False: 20}
MAX_PASSAGES_OF_FAQ = 1_000  # `make run` imports them while somebody waits


class Sample:
    def __init__(self, folder):
        self.folder = folder
        self.complaints = []
        self.texts = {}  # of a row's or document's id: everything that an answer may quote
        self.phrasings = {}

    def complain(self, place, what):
        self.complaints.append(f"{place}: {what}")

    def read(self):
        shop = sorted((self.folder / "shop").iterdir())
        for path in shop:
            if path.suffix == ".csv":
                self.read_faq(path)
            elif path.suffix == ".jsonl":
                self.read_documents(path)
            else:
                self.add(path.name, path.name, path.read_text(encoding="utf-8"))
        documents = [path for path in shop if path.suffix != ".csv"]
        if len(documents) < MIN_DOCUMENTS:
            self.complain("shop", f"{len(documents)} documents")
        if max(len("".join(path.read_text(encoding="utf-8").split())) for path in documents) < LONG_DOCUMENT_CHARACTERS:
            self.complain("shop", "no document is long")
        if len(self.phrasings) > MAX_PASSAGES_OF_FAQ:
            self.complain("shop", f"{len(self.phrasings)} phrasings")
        self.read_questions(self.folder / "shop-questions.jsonl")

    def add(self, place, identity, text):
        if identity in self.texts:
            self.complain(place, f"a second {identity}")
        self.texts[identity] = text

    def read_faq(self, path):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        columns = [FAQ_COLUMNS.get(name, name) for name in rows[0]]
        for number, cells in enumerate(rows[1:], start=1):
            place = f"{path.name} row {number}"
            if len(cells) != len(columns) or not all(cell.strip() for cell in cells):
                self.complain(place, "a cell is missing or empty")
                continue
            row = dict(zip(columns, cells))
            self.add(place, row["id"], row["answer"])
            for phrasing in [row["question"], *row["similar"].split("|")]:
                known = self.phrasings.setdefault(normalized(phrasing), row["id"])
                if not phrasing.strip() or known != row["id"]:
                    self.complain(place, f"{phrasing!r} is empty, or asked by {known} too")
        if len(rows) - 1 < MIN_ROWS[path.name]:
            self.complain(path.name, f"{len(rows) - 1} rows")

    def read_documents(self, path):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            document = json.loads(line)
            place = f"{path.name} line {number}"
            if set(document) != {"id", "title", "text", "url"}:
                self.complain(place, "other fields than id, title, text and url")
            self.add(place, document["id"], document["text"])

    def read_questions(self, path):
        counts = {True: 0, False: 0}
        seen = set()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            question = json.loads(line)
            self.check_question(f"{path.name} line {number}", question, seen)
            counts[question["answerable"]] += 1
        for answerable, count in counts.items():
            if count < MIN_QUESTIONS[answerable]:
                self.complain(path.name, f"{count} questions that are answerable: {answerable}")

    def check_question(self, place, question, seen):
        text = normalized(question["question"])
        if text in seen or text in self.phrasings:
            self.complain(place, "asked before, or word for word in the FAQ")
        seen.add(text)
        documents, answers = question.get("documents", []), question.get("answers", [])
        if bool(documents) != question["answerable"] or answers and not documents:
            self.complain(place, "answerable questions name documents, the others do not")
        unknown = [identity for identity in documents if identity not in self.texts]
        if unknown:
            self.complain(place, f"no such row or document: {unknown}")
            return
        for answer in answers:
            if not any(answer in self.texts[identity] for identity in documents):
                self.complain(place, f"{answer!r} is in none of {documents}")
        for identity in documents:
            if answers and not any(answer in self.texts[identity] for answer in answers):
                self.complain(place, f"{identity} holds none of {answers}")


def normalized(text):
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def main():
    sample = Sample(pathlib.Path(sys.argv[1]) / "deploy" / "sample")
    sample.read()
    for complaint in sample.complaints:
        print(complaint)
    return 1 if sample.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
