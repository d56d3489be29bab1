"""GPTCache's exact match on texts whose vectors are in Redis: Kefu's cached vectors are measured beside it.

GPTCache's own storage in Redis (redis-om) needs the modules RediSearch and RedisJSON, which the redis-server of Debian does not
have, and looks a vector up by a search. So its map of exact matches is taken, which is its fastest, with Redis as the container
that it lets one choose (`get_data_container`). Its pre-processing, evaluation and post-processing are what its API has for text.

    measure.py --redis-port PORT --folder FOLDER --seconds 2 --at-once 64

FOLDER has texts.json and vectors.f32 (texts x dimensions). Prints {"one": {...}, "many": {...}}, each with `seconds` and
`milliseconds`, the times of one text and of --at-once texts one after the other: GPTCache has no look-up of several.
"""

import argparse
import collections.abc
import json
import os
import pathlib
import pickle
import time

os.environ["IS_CI"] = "1"  # at its end it wants to write its map to a file, and is to be silent when it cannot

import numpy as np
import redis
from gptcache import Cache
from gptcache.adapter.api import get
from gptcache.manager import get_data_manager
from gptcache.manager.scalar_data.base import Answer, DataType
from gptcache.processor.post import first
from gptcache.processor.pre import get_prompt
from gptcache.similarity_evaluation import ExactMatchEvaluation


class RedisContainer(collections.abc.MutableMapping):
    """What GPTCache takes for its map: one GET or SET for a text."""

    def __init__(self, port):
        self._redis = redis.Redis(port=port)

    def __getitem__(self, text):
        value = self._redis.get("gptcache:" + text)
        if value is None:
            raise KeyError(text)
        return pickle.loads(value)

    def __setitem__(self, text, value):
        self._redis.set("gptcache:" + text, pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))

    def __delitem__(self, text):
        self._redis.delete("gptcache:" + text)

    def __iter__(self):
        return iter(())

    def __len__(self):
        return self._redis.dbsize()


def open_cache(port, folder):
    cache = Cache()
    cache.init(
        pre_embedding_func=get_prompt,
        data_manager=get_data_manager(
            data_path=str(folder / "nowhere" / "map"), get_data_container=lambda _: RedisContainer(port)
        ),
        similarity_evaluation=ExactMatchEvaluation(),
        post_process_messages_func=first,
    )
    return cache


def fill(cache, folder, texts):
    vectors = np.fromfile(folder / "vectors.f32", dtype=np.float32).reshape(len(texts), -1)
    if texts[-1] not in cache.data_manager.data:
        cache.import_data(texts, [Answer(vector.tobytes(), DataType.STR) for vector in vectors])
    found = np.frombuffer(get(texts[0], cache_obj=cache), dtype=np.float32)
    assert np.array_equal(found, vectors[0])


def measure(cache, texts, at_once, seconds):
    times = []
    position = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        for _ in range(at_once):
            assert get(texts[position % len(texts)], cache_obj=cache) is not None
            position += 1
        times.append(round((time.perf_counter() - start) * 1e3, 4))
    return {"seconds": time.perf_counter() - began, "milliseconds": times}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redis-port", type=int, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    texts = json.loads((options.folder / "texts.json").read_text(encoding="utf-8"))
    cache = open_cache(options.redis_port, options.folder)
    fill(cache, options.folder, texts)
    one = measure(cache, texts, 1, options.seconds)
    print(json.dumps({"one": one, "many": measure(cache, texts, options.at_once, options.seconds)}))


if __name__ == "__main__":
    main()
