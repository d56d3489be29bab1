#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/usage/payer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {

/// Limits of a part, which must fit one message of a stream with its vectors. A passage alone may have more
/// bytes.
inline constexpr int kMaxPartPassages = 32;
inline constexpr std::size_t kMaxPartBytes = 192 << 10;

/// Puts passages, in order, together to parts. The same passages give the same parts, in however many pieces
/// they come.
class PartBuilder {
 public:
  PartBuilder(proto::VersionKey version, std::string filename, usage::Payer payer)
      : version_(std::move(version)), filename_(std::move(filename)), payer_(std::move(payer)) {}

  /// Numbers the passages and returns the parts that are full.
  std::vector<kefu::v1::PassagePart> add(std::vector<kefu::v1::Passage> passages);
  /// The last part; none when there was no passage.
  std::vector<kefu::v1::PassagePart> finish();
  /// Of all that was added.
  std::uint32_t passages() const { return passages_; }
  std::uint32_t parts() const { return parts_; }

 private:
  void begin_part();

  proto::VersionKey version_;
  std::string filename_;
  usage::Payer payer_;
  kefu::v1::PassagePart open_;
  std::size_t open_bytes_ = 0;
  std::uint32_t passages_ = 0;
  std::uint32_t parts_ = 0;  // the open one included
};

/// Writes versions of documents to the streams. Doing it again for the same version changes nothing.
class PartPublisher {
 public:
  explicit PartPublisher(bus::StreamStore& store) : store_(store) {}

  /// To KEFU_PASSAGES, on their way to be embedded. Errors: the store's.
  Task<Result<>> publish(proto::VersionKey version, std::vector<kefu::v1::PassagePart> parts);
  /// To KEFU_VECTORS, once all parts are published: a version becomes visible only with its manifest.
  Task<Result<>> publish_manifest(proto::VersionKey version, kefu::v1::Manifest manifest);

 private:
  bus::StreamStore& store_;
};

}  // namespace kefu::ingest
