#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::bus {

/// Headers in the order sent; names are compared as they are written.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> entries) : entries_(entries) {}

  void set(std::string name, std::string value);
  /// The first value of this name, empty if there is none.
  std::string_view get(std::string_view name) const;
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// Names of the headers that Kefu puts on messages.
namespace header {
inline constexpr std::string_view kRequestId = "Kefu-Request-Id";
inline constexpr std::string_view kRemainingMicroseconds = "Kefu-Remaining-Us";
inline constexpr std::string_view kTraceparent = "traceparent";
inline constexpr std::string_view kError = "Kefu-Error";  ///< wire code; the payload is the message
inline constexpr std::string_view kMore = "Kefu-More";    ///< "1" on every reply but the last
/// The number in the status line of a message that the server itself sent ("NATS/1.0 404 No Messages"), such
/// as the end of a pull; absent on all others. Its text is in kDescription.
inline constexpr std::string_view kStatus = "Status";
inline constexpr std::string_view kDescription = "Description";
/// On dead letters: where the message was, and why it is here.
inline constexpr std::string_view kDeadSubject = "Kefu-Dead-Subject";
inline constexpr std::string_view kDeadSequence = "Kefu-Dead-Sequence";
inline constexpr std::string_view kDeadReason = "Kefu-Dead-Reason";
}  // namespace header

struct Message {
  std::string subject;
  std::string payload = {};
  Headers headers = {};
  std::string reply_to = {};
  /// Sent without the headers of a request context: for streams, which would keep them with the message.
  bool plain = false;
};

}  // namespace kefu::bus
