#include "wire.hpp"

#include "long_blocks.hpp"

#include <utility>

namespace kefu::ingest {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kPieceBytes = 64 << 10;

std::size_t read_length(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = (length << 8) | static_cast<unsigned char>(bytes[i]);
  return length;
}

}  // namespace

void ItemWriter::take(extraction::FaqRow row) {
  extraction::Item item;
  *item.mutable_faq() = std::move(row);
  write(item);
}

/// Pieces end where a section does, or where one has become four times as long as a piece, and no block is
/// longer than a piece. Where passages end depends on that, so it depends on nothing but the document.
void ItemWriter::take(extraction::Document document) {
  google::protobuf::RepeatedPtrField<extraction::Block> blocks;
  blocks.Swap(document.mutable_blocks());
  extraction::Item item;
  extraction::Document& piece = *item.mutable_document();
  piece = std::move(document);
  std::size_t bytes = 0;
  const auto add = [&](extraction::Block& block) {
    const bool section_ends = bytes >= kPieceBytes && piece.blocks().rbegin()->heading() != block.heading();
    if (section_ends || bytes >= 4 * kPieceBytes) {
      write(item);
      piece.clear_blocks();
      piece.set_continued(true);
      bytes = 0;
    }
    bytes += block.heading().size() + block.text().size();
    piece.add_blocks()->Swap(&block);
  };
  for (extraction::Block& block : blocks) {
    for (extraction::Block& part : divide_long_block(std::move(block), kPieceBytes)) add(part);
  }
  write(item);
}

void ItemWriter::reject(std::uint32_t row, std::string field, std::string reason) {
  if (++rejected_ > Rejections::kKept) return;
  extraction::Item item;
  item.mutable_rejection()->set_row(row);
  item.mutable_rejection()->set_field(std::move(field));
  item.mutable_rejection()->set_reason(std::move(reason));
  write(item);
}

void ItemWriter::finish(const Result<>& outcome) {
  extraction::Item item;
  item.mutable_outcome()->set_rejected_total(rejected_);
  if (!outcome) item.mutable_outcome()->set_error(outcome.error().message);
  write(item);
}

void ItemWriter::write(const extraction::Item& item) {
  const std::string body = item.SerializeAsString();
  std::string framed;
  framed.reserve(kLengthBytes + body.size());
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    framed.push_back(static_cast<char>((body.size() >> (8 * i)) & 0xFF));
  write_(framed += body);
}

Result<> ItemReader::feed(std::string_view bytes) {
  pending_ += bytes;
  std::string_view rest = pending_;
  while (rest.size() >= kLengthBytes && rest.size() - kLengthBytes >= read_length(rest)) {
    const std::size_t length = read_length(rest);
    KEFU_CHECK(consume(rest.substr(kLengthBytes, length)));
    rest.remove_prefix(kLengthBytes + length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return {};
}

Result<> ItemReader::consume(std::string_view bytes) {
  extraction::Item item;
  if (!item.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Errc::data_corrupt, "the extractor did not answer in its own language");
  }
  held_bytes_ += bytes.size();
  switch (item.item_case()) {
    case extraction::Item::kFaq:
      extraction_.entries.emplace_back(std::move(*item.mutable_faq()));
      break;
    case extraction::Item::kDocument:
      extraction_.entries.emplace_back(std::move(*item.mutable_document()));
      break;
    case extraction::Item::kRejection: {
      ++rejections_;
      kefu::v1::Rejection rejection;
      rejection.set_file(filename_);
      rejection.set_row(item.rejection().row());
      rejection.set_field(item.rejection().field());
      rejection.set_reason(item.rejection().reason());
      extraction_.rejections.add(std::move(rejection));
      break;
    }
    case extraction::Item::kOutcome:
      outcome_ = item.outcome();
      extraction_.rejections.add_unkept(outcome_->rejected_total() - rejections_);
      break;
    case extraction::Item::ITEM_NOT_SET:
      break;
  }
  return {};
}

Result<Extraction> ItemReader::take() {
  if (outcome_ && !outcome_->error().empty()) return fail(Errc::invalid_argument, outcome_->error());
  held_bytes_ = 0;
  return std::exchange(extraction_, {});
}

}  // namespace kefu::ingest
