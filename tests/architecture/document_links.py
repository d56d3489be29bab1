#!/usr/bin/env python3
"""document_links.py ROOT: every relative link in a Markdown file of the repository leads to a file or folder."""
import pathlib
import re
import sys

SKIPPED_FOLDERS = {".git", ".cache", ".run", "build"}
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def documents(folder):
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in SKIPPED_FOLDERS:
            yield from documents(path)
        elif path.suffix == ".md":
            yield path


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    broken = []
    for document in documents(root):
        for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
            for target, _ in LINK.findall(line):
                if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
                    broken.append(f"{document.relative_to(root)}:{number}: {target}")
    for link in broken:
        print(link)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
