#include "jetstream_api.hpp"

#include <fmt/format.h>

#include <utility>

namespace kefu::bus::jetstream {
namespace {

using nlohmann::json;

// https://github.com/nats-io/nats-server/blob/main/server/errors.json
constexpr std::uint64_t kInsufficientResources = 10023;
constexpr std::uint64_t kMemoryExceeded = 10028;
constexpr std::uint64_t kStorageExceeded = 10047;
constexpr std::uint64_t kMessageTooLarge = 10054;
constexpr std::uint64_t kStreamNameInUse = 10058;
constexpr std::uint64_t kWrongLastSequence = 10071;
constexpr std::uint64_t kStoreFailed = 10077;

Errc code_of(std::uint64_t error_code, std::uint64_t status) {
  switch (error_code) {
    case kInsufficientResources:
    case kMemoryExceeded:
    case kStorageExceeded:
    case kStoreFailed:
      return Errc::insufficient_storage;
    case kMessageTooLarge:
      return Errc::payload_too_large;
    case kStreamNameInUse:
    case kWrongLastSequence:
      return Errc::conflict;
    default:
      break;
  }
  switch (status) {
    case 400:
      return Errc::invalid_argument;
    case 404:
      return Errc::not_found;
    case 503:
      return Errc::unavailable;
    default:
      return Errc::bad_upstream;
  }
}

Task<Result<json>> ask(MessageBus& bus, Message message, Deadline deadline) {
  message.plain = true;
  RequestContext context{.request_id = "", .deadline = deadline};
  KEFU_CO_TRY(const Message reply, co_await bus.request(std::move(context), std::move(message)));
  co_return read_answer(reply.payload);
}

}  // namespace

std::string detail_of(std::uint64_t error_code) { return fmt::format("err_code {}", error_code); }

std::uint64_t number(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_number_integer() ? found->get<std::uint64_t>() : 0;
}

std::string text(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<json> read_answer(std::string_view payload) {
  json answer = json::parse(payload, nullptr, false);
  if (!answer.is_object()) return fail(Errc::bad_upstream, "JetStream gave no valid answer");
  const auto error = answer.find("error");
  if (error == answer.end() || !error->is_object()) return answer;
  const std::uint64_t error_code = number(*error, "err_code");
  const std::string description = text(*error, "description");
  return fail(code_of(error_code, number(*error, "code")), "JetStream: " + description,
              detail_of(error_code));
}

Task<Result<json>> call(MessageBus& bus, std::string operation, json body, Deadline deadline) {
  Message message{.subject = "$JS.API." + operation, .payload = body.is_null() ? std::string() : body.dump()};
  co_return co_await ask(bus, std::move(message), deadline);
}

Task<Result<json>> store(MessageBus& bus, Message message, Deadline deadline) {
  KEFU_CO_TRY(json answer, co_await ask(bus, std::move(message), deadline));
  if (number(answer, "seq") == 0) co_return fail(Errc::bad_upstream, "no stream acknowledged the message");
  co_return answer;
}

}  // namespace kefu::bus::jetstream
