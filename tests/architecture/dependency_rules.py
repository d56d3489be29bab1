#!/usr/bin/env python3
"""dependency_rules.py ROOT RULE: checks one rule of docs/architecture.md over the source tree; prints each violation as file:line."""
import pathlib
import re
import sys

# Direct includes that each library may have; whatever is not listed is forbidden.
LIBRARIES = {
    "base": set(),
    "text": {"base"},
    "async": {"base"},
    "bus": {"base", "async"},
    "redis": {"base", "async"},
    "http": {"base", "async"},
    "telemetry": {"base", "async"},
    "provider": {"base", "async", "http", "telemetry"},
    "proto": {"base", "async", "bus"},
    "vector": {"base", "proto"},
    "directory": {"base", "async", "bus", "proto", "text"},
    "usage": {"base", "async", "bus", "proto", "telemetry"},
    "service": {"base", "async", "bus", "http", "telemetry"},
}

# Header of a vendor -> where alone it may be included.
VENDORS = {
    r"nats(/nats)?\.h": r"libs/bus/src/nats_[a-z_]+\.(cpp|hpp)",
    r"hiredis/.*": r"libs/redis/src/redis_[a-z_]+\.(cpp|hpp)",
    r"(llama|ggml.*|gguf)\.h": r"services/embedding/llama_[a-z_]+\.(cpp|hpp)",
}

MAX_LINES = 450

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[>"]')
COMMENT = re.compile(r"//.*")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    def files(self, *folders, suffixes=(".cpp", ".hpp")):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in suffixes and path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def lines(self, file):
        return enumerate((self.root / file).read_text(encoding="utf-8").splitlines(), start=1)

    def includes(self, *folders):
        """Yields (file, line number, header)."""
        for file in self.files(*folders):
            for number, line in self.lines(file):
                if match := INCLUDE.match(line):
                    yield file, number, match[1]


def owner_of_header(header):
    """The library that a header belongs to, or None for one of ours or of a vendor."""
    parts = header.split("/")
    if parts[0] != "kefu" or len(parts) < 3:
        return None
    return "proto" if parts[1] == "v1" else parts[1]


def libraries_include_only_what_they_may(tree):
    for file, line, header in tree.includes("libs", "proto"):
        parts = file.split("/")
        library = "proto" if parts[0] == "proto" else parts[1]
        if library not in LIBRARIES:
            yield f"{file}:{line}: library {library} is not in the table of {pathlib.Path(__file__).name}"
            continue
        used = owner_of_header(header)
        if used and used != library and used not in LIBRARIES[library]:
            yield f"{file}:{line}: {library} may not include <{header}>"


def libraries_never_include_services(tree):
    for file, line, header in tree.includes("libs", "proto"):
        if "services/" in header or header.startswith("../../"):
            yield f"{file}:{line}: {header}"
    for file in tree.files("libs", "proto", suffixes=(".txt",)):
        for line, text in tree.lines(file):
            if re.search(r"kefu_\w+_parts", text):
                yield f"{file}:{line}: links a service"


def services_never_include_each_other(tree):
    services = sorted(path.name for path in (tree.root / "services").iterdir() if path.is_dir())
    for file, line, header in tree.includes("services"):
        service = file.split("/")[1]
        used = owner_of_header(header)
        if used:
            if used not in LIBRARIES:
                yield f"{file}:{line}: <{header}> belongs to no library"
        elif ".." in header.split("/") or any(header.startswith((f"{s}/", f"services/{s}/")) for s in services if s != service):
            yield f"{file}:{line}: {service} may not include \"{header}\""
    for file in tree.files("services", suffixes=(".txt",)):
        service = file.split("/")[1] if file.count("/") > 1 else None
        for line, text in tree.lines(file):
            for linked in re.findall(r"kefu_(\w+)_parts", text):
                if linked != service:
                    yield f"{file}:{line}: {service} may not link {linked}"


def vendor_headers_stay_behind_their_seam(tree):
    for file, line, header in tree.includes("libs", "proto", "services"):
        for vendor, place in VENDORS.items():
            if re.fullmatch(vendor, header) and not re.fullmatch(place, file):
                yield f"{file}:{line}: <{header}> is for {place} only"


def base_does_without_asio(tree):
    for file, line, header in tree.includes("libs/base", "libs/text"):
        if header.startswith("boost/"):
            yield f"{file}:{line}: <{header}>"


def no_task_is_detached_and_no_event_loop_is_stopped(tree):
    forbidden = re.compile(r"\bdetached\b|\bio_context::stop\b|\b(io|io_|io_context|io_context_|context_)(\.|->)stop\(\)")
    for file in tree.files("libs", "proto", "services"):
        for line, text in tree.lines(file):
            if forbidden.search(COMMENT.sub("", text)):
                yield f"{file}:{line}: {text.strip()}"


def files_stay_short(tree):
    for file in tree.files("libs", "proto", "services", "tests", "deploy", suffixes=(".cpp", ".hpp", ".proto", ".py", ".sh")):
        lines = len((tree.root / file).read_text(encoding="utf-8").splitlines())
        if lines >= MAX_LINES:
            yield f"{file}: {lines} lines; it probably has two reasons to change"


RULES = {rule.__name__: rule for rule in (
    libraries_include_only_what_they_may,
    libraries_never_include_services,
    services_never_include_each_other,
    vendor_headers_stay_behind_their_seam,
    base_does_without_asio,
    no_task_is_detached_and_no_event_loop_is_stopped,
    files_stay_short,
)}


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in RULES:
        print(__doc__, "Rules:", *RULES, sep="\n  ", file=sys.stderr)
        return 2
    violations = list(RULES[sys.argv[2]](Tree(sys.argv[1])))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
