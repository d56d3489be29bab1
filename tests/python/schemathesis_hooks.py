"""Loaded by schemathesis: how it sends bodies of types that it does not know, and what it must not take for valid."""

import unicodedata
import urllib.parse

import schemathesis

LONGEST_FILENAME_BYTES = 255


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", errors="surrogatepass")


@schemathesis.hook
def filter_case(context, case):
    """Without names that fit their schema by chance: \\p{M} is made of whole blocks, in which characters are missing, and a schema counts
    characters where a filename is measured in bytes."""
    parameters = {**(case.query or {}), **(case.path_parameters or {})}
    names = {name: urllib.parse.unquote(str(value)) for name, value in parameters.items() if value is not None}
    if any(unicodedata.category(c) == "Cn" for c in names.get("kb", "")):
        return False
    filenames = (names.get("filename", ""), names.get("after", ""))
    return not any(name in (".", "..") or len(name.encode("utf-8", errors="surrogatepass")) > LONGEST_FILENAME_BYTES for name in filenames)
