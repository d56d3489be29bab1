"""Loaded by schemathesis: how it sends bodies of types that it does not know."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", errors="surrogatepass")
