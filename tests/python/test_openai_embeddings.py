"""The official client of OpenAI's API, given a running system as the place where embeddings come from."""

import array
import base64
import math

import openai
import pytest

from kefu_system import System

# The default model was not trained for its vectors to be cut, but it has enough of them to be.
FEWEST_DIMENSIONS = 64
DIMENSIONS = 384


@pytest.fixture(scope="module")
def system():
    with System(with_keys=True, arguments={"embedding": ["--matryoshka-dimensions", str(FEWEST_DIMENSIONS)]}) as running:
        yield running


def client_of(system, key):
    # No repetitions: what fails once is to be seen.
    return openai.OpenAI(base_url=system.url + "/v1", api_key=key, max_retries=0, timeout=90)


@pytest.fixture(scope="module")
def client(system):
    return client_of(system, system.key)


@pytest.fixture(scope="module")
def model(client):
    return next(model.id for model in client.models.list() if model.owned_by == "kefu-embedding")


def embed(client, texts, **options):
    response = client.embeddings.create(model="default", input=texts, **options)
    assert [entry.index for entry in response.data] == list(range(len(response.data)))
    return response


def vectors(response):
    return [numbers(entry.embedding) for entry in response.data]


def numbers(embedding):
    """The client decodes base64 where it has chosen it itself, and not where it was told to."""
    return list(array.array("f", base64.b64decode(embedding))) if isinstance(embedding, str) else embedding


def length(vector):
    return math.sqrt(sum(x * x for x in vector))


def test_vectors_are_the_same_in_either_encoding(client, model):
    # The client asks for base64 when it is not told.
    default = embed(client, "退货")
    floats = embed(client, "退货", encoding_format="float")
    assert default.model == floats.model == model
    assert vectors(default)[0] == pytest.approx(vectors(floats)[0], abs=1e-6)
    assert len(vectors(default)[0]) == DIMENSIONS
    assert length(vectors(default)[0]) == pytest.approx(1, abs=1e-5)
    assert default.usage.prompt_tokens == default.usage.total_tokens > 0


def test_the_model_goes_by_its_name(client, model):
    named = client.embeddings.create(model=model, input="退货", user="somebody")
    assert vectors(named) == vectors(embed(client, "退货"))
    assert client.models.retrieve(model).owned_by == "kefu-embedding"


def test_a_text_is_paid_for_once(client):
    texts = ["这句话还没有人问过", "这一句也没有"]
    first = embed(client, texts)
    assert first.usage.kefu == {"computed_tokens": first.usage.total_tokens, "saved_tokens": 0}
    # With a blank behind it, and twice.
    again = embed(client, [texts[0] + " ", texts[1], texts[0]])
    assert again.usage.kefu["computed_tokens"] == 0
    assert again.usage.kefu["saved_tokens"] == again.usage.total_tokens > first.usage.total_tokens
    assert vectors(again)[:2] == vectors(first)


def test_2048_texts_come_back_in_their_order(client):
    few = [f"第{number}个问题" for number in range(16)]
    texts = [few[(number * 7) % 16] for number in range(2048)]
    known = vectors(embed(client, few))
    for encoding in ("base64", "float"):
        response = embed(client, texts, encoding_format=encoding)
        assert len(response.data) == 2048
        for number, vector in enumerate(vectors(response)):
            assert vector == pytest.approx(known[(number * 7) % 16], abs=1e-6)


def test_questions_differ_from_passages(client):
    passage = vectors(embed(client, "退货"))
    assert passage == vectors(embed(client, "退货", extra_body={"input_type": "passage"}))
    assert passage != vectors(embed(client, "退货", extra_body={"input_type": "query"}))


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_vectors_are_cut_to_the_dimensions_asked_for(client, encoding):
    whole = vectors(embed(client, "运费谁出?"))[0]
    for dimensions in (FEWEST_DIMENSIONS, 100, DIMENSIONS):
        cut = vectors(embed(client, "运费谁出?", dimensions=dimensions, encoding_format=encoding))[0]
        scale = length(whole[:dimensions])
        assert cut == pytest.approx([x / scale for x in whole[:dimensions]], abs=1e-3)
        assert length(cut) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("dimensions", [1, FEWEST_DIMENSIONS - 1, DIMENSIONS + 1])
def test_other_dimensions_are_refused(client, dimensions):
    with pytest.raises(openai.BadRequestError) as error:
        embed(client, "a", dimensions=dimensions)
    assert error.value.param == "dimensions"
    assert error.value.type == "invalid_request_error"
    assert f"{FEWEST_DIMENSIONS} to {DIMENSIONS}" in error.value.message


def test_a_text_over_the_context_of_the_model_is_embedded_whole(client):
    text = "收到货后七天内可以退货。" * 200
    response = embed(client, [text, text + "运费由买家承担。"])
    assert response.usage.total_tokens > 2 * 1000
    first, second = vectors(response)
    assert first != second
    assert sum(x * y for x, y in zip(first, second)) > 0.99


@pytest.mark.parametrize(
    "texts, parameter",
    [
        ("", "input[0]"),
        (["a", ""], "input[1]"),
        (["a", " \n\u3000"], "input[1]"),
        (["\x00\x07"], "input[0]"),
        ([], "input"),
        ([1, 2, 3], "input"),
        ([[1, 2], [3]], "input"),
        (["a"] * 2049, "input"),
        (["a", "b" * 40000], "input[1]"),
    ],
)
def test_what_cannot_be_embedded_is_refused_by_name(client, texts, parameter):
    with pytest.raises(openai.BadRequestError) as error:
        embed(client, texts)
    assert error.value.param == parameter
    assert error.value.code == "invalid_argument"
    assert error.value.type == "invalid_request_error"
    assert error.value.request_id == error.value.response.headers["x-request-id"]


def test_control_characters_in_a_text_do_not_count(client):
    assert vectors(embed(client, "退\x00\x1b货")) == vectors(embed(client, "退货"))


def test_another_model_is_not_found(client, model):
    with pytest.raises(openai.NotFoundError) as error:
        client.embeddings.create(model="text-embedding-3-small", input="a")
    assert model in error.value.message
    assert error.value.code == "not_found"


def test_a_stranger_is_not_authenticated(system):
    with pytest.raises(openai.AuthenticationError) as error:
        embed(client_of(system, "kefu_" + "b" * 43), "a")
    assert error.value.type == "authentication_error"


def test_a_key_over_its_rate_is_limited(system):
    record = {"name": "slow", "role": "ask", "requests_per_minute": 1}
    limited = client_of(system, system.request("POST", "/v1/keys", record)["secret"])
    with pytest.raises(openai.RateLimitError) as error:
        for _ in range(20):  # ten may come at once
            embed(limited, "退货")
    assert error.value.type == "rate_limit_error"
    assert int(error.value.response.headers["retry-after"]) > 0


def test_an_embedding_service_that_does_not_answer_is_an_error_of_the_server(system):
    client = client_of(system, system.key)
    with system.without("embedding"), pytest.raises(openai.InternalServerError) as error:
        embed(client, "a")
    assert error.value.type == "server_error"
    assert error.value.code in ("unavailable", "deadline_exceeded")
    embed(client, "a")
