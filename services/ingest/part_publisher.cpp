#include "part_publisher.hpp"

#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kAppendTime = 10s;

}  // namespace

void PartBuilder::begin_part() {
  open_ = {};
  open_.set_kb_incarnation(version_.kb_incarnation);
  open_.set_kb_generation(version_.generation);
  open_.set_document(version_.document);
  open_.set_version(version_.version);
  open_.set_part(parts_++);
  open_.set_filename(filename_);
  open_.set_kb_name(payer_.kb);
  open_.set_key_id(payer_.key);
  open_bytes_ = 0;
}

std::vector<kefu::v1::PassagePart> PartBuilder::add(std::vector<kefu::v1::Passage> passages) {
  std::vector<kefu::v1::PassagePart> full;
  for (kefu::v1::Passage& passage : passages) {
    passage.set_ordinal(passages_++);
    const std::size_t size = passage.ByteSizeLong();
    if (parts_ == 0) begin_part();
    if (open_.passages_size() == kMaxPartPassages ||
        (open_.passages_size() > 0 && open_bytes_ + size > kMaxPartBytes)) {
      full.push_back(std::move(open_));
      begin_part();
    }
    open_bytes_ += size;
    *open_.add_passages() = std::move(passage);
  }
  return full;
}

std::vector<kefu::v1::PassagePart> PartBuilder::finish() {
  std::vector<kefu::v1::PassagePart> last;
  if (open_.passages_size() > 0) last.push_back(std::exchange(open_, {}));
  return last;
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
