"""The flow of a question as a Python team would write it: FastAPI, Redis for cached vectors, numpy for the search; one
process, nothing durable, no words beside vectors, no decision but a threshold. Kefu is measured beside it.

requirements.txt is what `pip install fastapi uvicorn redis numpy` gives; requirements-tuned.txt adds what makes these fast.

KEFU_FLOW_FOLDER: vectors.f32 (rows x dimensions, each of length 1) and rows.json ([{id, question, answer}]).
KEFU_FLOW_REDIS: the URL of a Redis that holds vectors of questions under "q:<question>", as float32.
"""
import json
import os
import pathlib
import time

import numpy as np
import redis.asyncio as redis
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

try:
    import orjson  # noqa: F401: of requirements-tuned.txt
    from fastapi.responses import ORJSONResponse as Response
except ImportError:
    Response = JSONResponse

folder = pathlib.Path(os.environ["KEFU_FLOW_FOLDER"])
rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
vectors = np.fromfile(folder / "vectors.f32", dtype=np.float32).reshape(len(rows), -1)
cache = redis.from_url(os.environ["KEFU_FLOW_REDIS"])
app = FastAPI(default_response_class=Response)


class Question(BaseModel):
    kb: str
    question: str


@app.get("/healthz")
async def healthz():
    return {}


@app.post("/v1/ask")
async def ask(asked: Question):
    began = time.perf_counter()
    cached = await cache.get("q:" + asked.question)
    if cached is None:
        raise HTTPException(503, "this measurement asks questions whose vectors are cached")
    scores = vectors @ np.frombuffer(cached, dtype=np.float32)
    nearest = np.argpartition(scores, -8)[-8:]
    nearest = nearest[np.argsort(-scores[nearest])]
    best = rows[int(nearest[0])]
    sources = [{"document": rows[int(n)]["id"], "title": rows[int(n)]["question"], "score": float(scores[n])} for n in nearest]
    decision = "faq" if scores[nearest[0]] > 0.85 else "refused"
    return {
        "answer": best["answer"] if decision == "faq" else "",
        "decision": decision,
        "sources": sources,
        "timings": {"total": time.perf_counter() - began},
    }
