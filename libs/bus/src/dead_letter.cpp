#include "dead_letter.hpp"

#include <utility>

namespace kefu::bus {

Message dead_letter(const std::string& stream, const StoredMessage& message, const std::string& reason) {
  Message letter{.subject = std::string(kDeadLetterPrefix) + stream,
                 .payload = message.payload,
                 .headers = message.headers};
  letter.headers.set(std::string(header::kDeadSubject), message.subject);
  letter.headers.set(std::string(header::kDeadSequence), std::to_string(message.sequence));
  letter.headers.set(std::string(header::kDeadReason), reason);
  return letter;
}

}  // namespace kefu::bus
