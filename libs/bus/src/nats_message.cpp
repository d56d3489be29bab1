#include "nats_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace kefu::bus {
namespace {

/// The messages that a thread is done with and has not given to nats.c yet.
class Discarded {
 public:
  Discarded() = default;
  ~Discarded() { hand_over(); }
  Discarded(const Discarded&) = delete;
  Discarded& operator=(const Discarded&) = delete;

  void add(natsMsg* message) noexcept {
    messages_[count_++] = message;
    bytes_ += natsMsg_GetDataLength(message);
    if (count_ == messages_.size() || bytes_ > kMaxBytes) hand_over();
  }

 private:
  static constexpr int kMaxBytes = 256 << 10;

  void hand_over() noexcept {
    for (std::size_t i = 0; i < count_; ++i) natsMsg_Destroy(messages_[i]);
    count_ = 0;
    bytes_ = 0;
  }

  std::array<natsMsg*, 64> messages_{};
  std::size_t count_ = 0;
  int bytes_ = 0;
};

/// nats.c writes subjects into its line protocol as they are: white space would end them, or begin a command.
bool is_subject(const std::string& subject) {
  return !subject.empty() && std::ranges::all_of(subject, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f;
  });
}

}  // namespace

void discard(natsMsg* message) noexcept {
  thread_local Discarded discarded;
  if (message != nullptr) discarded.add(message);
}

Result<NatsMessagePtr> to_nats(const Message& message) {
  if (!is_subject(message.subject) || (!message.reply_to.empty() && !is_subject(message.reply_to))) {
    return fail(Errc::invalid_argument, "not a subject: '" + message.subject + "'");
  }
  natsMsg* raw = nullptr;
  natsStatus status = natsMsg_Create(&raw, message.subject.c_str(),
                                     message.reply_to.empty() ? nullptr : message.reply_to.c_str(),
                                     message.payload.data(), static_cast<int>(message.payload.size()));
  NatsMessagePtr result(raw);
  for (const auto& [name, value] : message.headers) {
    if (status == NATS_OK) status = natsMsgHeader_Add(result.get(), name.c_str(), value.c_str());
  }
  if (status != NATS_OK) return fail(to_error(status));
  return result;
}

Message from_nats(natsMsg& message) {
  Message result{.subject = natsMsg_GetSubject(&message),
                 .payload = std::string(natsMsg_GetData(&message),
                                        static_cast<std::size_t>(natsMsg_GetDataLength(&message)))};
  if (const char* reply = natsMsg_GetReply(&message); reply != nullptr) result.reply_to = reply;
  const char** names = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(&message, &names, &count) != NATS_OK) return result;
  const std::unique_ptr<const char*, decltype(&std::free)> owner(names, &std::free);
  for (int i = 0; i < count; ++i) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(&message, names[i], &value) == NATS_OK && value != nullptr) {
      result.headers.set(names[i], value);
    }
  }
  return result;
}

Error to_error(natsStatus status) {
  const std::string text = fmt::format("nats.c: {}", natsStatus_GetText(status));
  switch (status) {
    case NATS_MAX_PAYLOAD:
      return {Errc::payload_too_large, "the message is larger than the bus carries", text};
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_QUEUE_NAME:
    case NATS_ADDRESS_MISSING:
      return {Errc::invalid_argument, "refused by the bus", text};
    default:
      return {Errc::unavailable, "the message bus is not reachable", text};
  }
}

}  // namespace kefu::bus
