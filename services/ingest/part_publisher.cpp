#include "part_publisher.hpp"

#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxPassages = 32;
constexpr std::size_t kMaxBytes = 192 << 10;
constexpr auto kAppendTime = 10s;

}  // namespace

std::vector<kefu::v1::PassagePart> make_parts(const proto::VersionKey& version, const std::string& filename,
                                              std::vector<kefu::v1::Passage> passages) {
  std::vector<kefu::v1::PassagePart> parts;
  std::size_t bytes = 0;
  for (kefu::v1::Passage& passage : passages) {
    const std::size_t size = passage.ByteSizeLong();
    if (parts.empty() || parts.back().passages_size() == kMaxPassages || bytes + size > kMaxBytes) {
      kefu::v1::PassagePart& part = parts.emplace_back();
      part.set_kb_incarnation(version.kb_incarnation);
      part.set_kb_generation(version.generation);
      part.set_document(version.document);
      part.set_version(version.version);
      part.set_part(static_cast<std::uint32_t>(parts.size() - 1));
      part.set_filename(filename);
      bytes = 0;
    }
    bytes += size;
    *parts.back().add_passages() = std::move(passage);
  }
  return parts;
}

Task<Result<>> PartPublisher::publish(proto::VersionKey version, std::vector<kefu::v1::PassagePart> parts) {
  for (const kefu::v1::PassagePart& part : parts) {
    bus::Message message{.subject = proto::passages_subject(version, part.part()),
                         .payload = part.SerializeAsString()};
    KEFU_CO_CHECK(co_await store_.append(std::move(message), Deadline::in(kAppendTime)));
  }
  co_return Result<>{};
}

Task<Result<>> PartPublisher::publish_manifest(proto::VersionKey version, kefu::v1::Manifest manifest) {
  bus::Message message{.subject = proto::manifest_subject(version), .payload = manifest.SerializeAsString()};
  // How many passages this message itself carries.
  message.headers.set(std::string(proto::kPassagesHeader), "0");
  KEFU_CO_CHECK(co_await store_.append(std::move(message), Deadline::in(kAppendTime)));
  co_return Result<>{};
}

}  // namespace kefu::ingest
