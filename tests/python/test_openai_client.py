"""The official client of OpenAI's API against a running system."""

import openai
import pytest

from kefu_system import System

ANSWER = "质量问题由我们承担;其他由买家承担。"
QUESTION = [{"role": "user", "content": "退货的运费谁出?"}]


@pytest.fixture(scope="module")
def system():
    with System(with_keys=True) as running:
        running.import_shop()
        yield running


@pytest.fixture(scope="module")
def client(system):
    # No repetitions: what fails once is to be seen.
    return openai.OpenAI(base_url=system.url + "/v1", api_key=system.key, max_retries=0, timeout=60)


def test_models_are_the_knowledge_bases_and_the_embedding_model(client):
    models = {model.id: model for model in client.models.list()}
    assert models["shop"].owned_by == "kefu"
    assert models["shop"].created > 1_700_000_000
    assert [model.owned_by for model in models.values()].count("kefu-embedding") == 1
    assert client.models.retrieve("shop").id == "shop"


def test_a_question_is_answered(client):
    completion = client.chat.completions.create(model="shop", messages=QUESTION, temperature=0, max_tokens=100)
    assert completion.model == "shop"
    assert completion.choices[0].message.role == "assistant"
    assert completion.choices[0].message.content == ANSWER
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.kefu["decision"] == "faq"
    assert completion.kefu["sources"][0]["document"] == "shipping-fee"
    assert completion.id == "chatcmpl-" + completion.kefu["request_id"]


def test_a_question_is_answered_piece_by_piece(client):
    chunks = list(client.chat.completions.create(model="shop", messages=QUESTION, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert chunks[-1].kefu["decision"] == "faq"
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)


def test_a_stream_tells_its_tokens_when_asked(client):
    chunks = list(
        client.chat.completions.create(
            model="shop", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens >= 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_conversation_goes_on_from_what_was_said(client):
    first = client.chat.completions.create(model="shop", messages=QUESTION)
    messages = [{"role": "system", "content": "You are friendly."}, *QUESTION, first.choices[0].message]
    messages.append({"role": "user", "content": [{"type": "text", "text": "可以开发票吗?"}]})
    second = client.chat.completions.create(model="shop", messages=messages)
    assert second.choices[0].message.content == "可以;下单时填写抬头。"


def test_the_streaming_helper_of_the_client_takes_the_stream(client):
    with client.chat.completions.stream(model="shop", messages=QUESTION) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == ANSWER


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="gpt-4", messages=QUESTION)
    assert "gpt-4" in error.value.message
    assert error.value.type == "invalid_request_error"
    assert error.value.request_id == error.value.response.headers["x-request-id"]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


def test_a_wrong_request_names_the_field(client):
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="shop", messages=QUESTION, n=2)
    assert error.value.param == "n"
    assert error.value.code == "invalid_argument"


def test_a_bad_key_is_not_authenticated(system):
    stranger = openai.OpenAI(base_url=system.url + "/v1", api_key="kefu_" + "b" * 43, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as error:
        stranger.models.list()
    assert error.value.type == "authentication_error"


def test_a_key_of_another_knowledge_base_is_refused(system):
    system.request("PUT", "/v1/kbs/bank")
    key = system.request("POST", "/v1/keys", {"name": "bank", "role": "ask", "kbs": ["bank"]})["secret"]
    limited = openai.OpenAI(base_url=system.url + "/v1", api_key=key, max_retries=0)
    assert "shop" not in [model.id for model in limited.models.list()]
    with pytest.raises(openai.PermissionDeniedError):
        limited.chat.completions.create(model="shop", messages=QUESTION)
