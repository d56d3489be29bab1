#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/message.hpp>
#include <kefu/bus/message_bus.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::bus {

enum class Retention {
  limits,      ///< kept until age or an explicit erase
  work_queue,  ///< removed when its one consumer acknowledges
};

/// A durable stream. All of them refuse new messages when full (`insufficient_storage`), none drops old ones.
struct StreamSpec {
  std::string name;
  std::vector<std::string> subjects;
  Retention retention = Retention::limits;
  std::int64_t max_bytes = 0;                 ///< 0: no limit
  std::chrono::seconds max_age{0};            ///< 0: no limit
  std::int64_t max_messages_per_subject = 0;  ///< 0: no limit; 1 with `replace`: the last one is kept
  bool replace_oldest_of_subject = false;     ///< a new message of a subject takes the old one's place
  int replicas = 1;
};

struct StoredMessage {
  std::string subject;
  std::string payload;
  Headers headers;
  std::uint64_t sequence = 0;
  std::chrono::system_clock::time_point time{};
};

struct StreamState {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;  ///< 0: nothing was ever stored
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::string incarnation;  ///< differs after the stream was deleted and made again
};

/// Durable streams: create, append, read one, erase one or all of a subject. Errors of all: `unavailable` (no
/// server, or one without JetStream), `deadline_exceeded`.
class StreamStore {
 public:
  virtual ~StreamStore() = default;

  /// Creates the stream, or brings an existing one to this specification.
  virtual Task<Result<>> ensure(StreamSpec spec, Deadline deadline) = 0;
  virtual Task<Result<StreamState>> state(std::string stream, Deadline deadline) = 0;
  /// Appends and returns the sequence once the server has stored it. After `deadline_exceeded` it may have
  /// been stored all the same. Errors: `insufficient_storage`, `payload_too_large`.
  virtual Task<Result<std::uint64_t>> append(Message message, Deadline deadline) = 0;
  /// The newest message of a subject (wildcards allowed). Errors: `not_found`.
  virtual Task<Result<StoredMessage>> last(std::string stream, std::string subject, Deadline deadline) = 0;
  /// Removes one message; one that is gone already is no error.
  virtual Task<Result<>> erase(std::string stream, std::uint64_t sequence, Deadline deadline) = 0;
  /// Removes all messages of a subject (wildcards allowed) and returns how many. It looks through the whole
  /// stream, half a second for a large one: for what happens seldom.
  virtual Task<Result<std::uint64_t>> purge(std::string stream, std::string subject, Deadline deadline) = 0;
};

/// What becomes of a message that a worker was given.
enum class Disposition {
  done,     ///< acknowledged, never seen again
  retry,    ///< delivered again, after a delay that grows with the number of deliveries
  later,    ///< put aside: given to the handler again after a delay, without another delivery being counted
  give_up,  ///< moved to the dead letters at once
};

/// How a worker ended with a message. The reason goes with it to the dead letters, and from there to whoever
/// waits for the work: a sentence that a user may read.
struct WorkOutcome {
  Disposition disposition = Disposition::done;
  std::string reason = {};
  std::chrono::milliseconds delay{0};       ///< of `later`
  std::chrono::milliseconds given_back{0};  ///< of `later`: before a message that is not kept comes again

  static WorkOutcome done() { return {}; }
  static WorkOutcome retry(std::string reason) {
    return {.disposition = Disposition::retry, .reason = std::move(reason)};
  }
  /// For what cannot go on yet, through no fault of its own. The slot is free meanwhile; the process that has
  /// the message keeps it. When it stops, the message goes back at once; when it has too many aside, for the
  /// time `given_back`. Either counts as a delivery, after the last of which the message goes to the dead
  /// letters.
  static WorkOutcome later(std::string reason, std::chrono::milliseconds delay,
                           std::chrono::milliseconds given_back) {
    return {.disposition = Disposition::later,
            .reason = std::move(reason),
            .delay = delay,
            .given_back = given_back};
  }
  static WorkOutcome later(std::string reason, std::chrono::milliseconds delay) {
    return later(std::move(reason), delay, delay);
  }
  static WorkOutcome give_up(std::string reason) {
    return {.disposition = Disposition::give_up, .reason = std::move(reason)};
  }
};

struct WorkOptions {
  std::string stream;
  std::string durable;                        ///< replicas with the same name share the work
  std::string filter_subject = {};            ///< empty: all of the stream
  std::size_t slots = 1;                      ///< messages worked on at once by this process
  std::chrono::milliseconds ack_wait{30000};  ///< renewed every third of it while a worker is busy
  unsigned max_deliveries = 5;                ///< after these, the message goes to the dead letters
};

/// How far the workers of one durable are, those of all replicas together.
struct ConsumerState {
  std::uint64_t pending = 0;      ///< messages that no worker was given yet
  std::uint64_t ack_pending = 0;  ///< given to a worker that has not finished with them
  std::uint64_t redelivered = 0;  ///< those of `ack_pending` that were given more than once
  /// When the oldest of all these was stored; empty where there are none.
  std::optional<std::chrono::system_clock::time_point> oldest = {};
};

/// Works on one message. `deliveries` counts from 1.
using WorkHandler = std::function<Task<WorkOutcome>(StoredMessage, unsigned deliveries)>;
/// Told before a message goes to the dead letters, so that its job can be marked failed. Called again if the
/// process dies in between.
using GiveUpHandler = std::function<Task<void>(StoredMessage, std::string reason)>;

/// Reads a stream in order from a sequence, without taking part in its acknowledgements.
class Replay {
 public:
  virtual ~Replay() = default;
  /// The next message; waits for new ones at the end of the stream. Survives reconnects and never skips.
  /// Errors: `deadline_exceeded` (nothing new: call again), `unavailable` (call again later), `not_found`
  /// (the stream is gone or has been made again: start over).
  virtual Task<Result<StoredMessage>> next(Deadline deadline) = 0;
};

struct ReplayOptions {
  std::string stream;
  std::string filter_subject = {};  ///< empty: all of the stream
  std::uint64_t from_sequence = 1;
  bool headers_only = false;  ///< payloads come empty
};

/// Consumers of durable streams.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  /// Starts workers; drain() of the result stops pulling, gives back what has not begun and waits for the
  /// rest.
  virtual Task<Result<std::unique_ptr<Subscription>>> work(WorkOptions options, WorkHandler handler,
                                                           GiveUpHandler give_up, Deadline deadline) = 0;
  virtual Result<std::unique_ptr<Replay>> replay(ReplayOptions options) = 0;
  /// The workers of this durable have finished every message up to this sequence; 0 when there are no such
  /// workers. Errors: `unavailable`, `deadline_exceeded`.
  virtual Task<Result<std::uint64_t>> finished_up_to(std::string stream, std::string durable,
                                                     Deadline deadline) = 0;
  /// Errors: `not_found` where there is no such stream or there never was a worker of this durable;
  /// `unavailable`, `deadline_exceeded`.
  virtual Task<Result<ConsumerState>> consumer_state(std::string stream, std::string durable,
                                                     Deadline deadline) = 0;
};

/// Where messages go that no delivery could process. Subject: kDeadLetterPrefix + the stream's name. Headers
/// name the original subject, sequence and reason. While that stream is missing or full, the message is tried
/// again.
inline constexpr std::string_view kDeadLetterStream = "KEFU_DEAD";
inline constexpr std::string_view kDeadLetterPrefix = "kefu.v1.dead.";

}  // namespace kefu::bus
