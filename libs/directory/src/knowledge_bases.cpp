#include <kefu/base/ids.hpp>
#include <kefu/directory/knowledge_bases.hpp>

#include <chrono>
#include <utility>

namespace kefu::directory {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 500ms;

}  // namespace

KnowledgeBases::KnowledgeBases(bus::KeyValueBucket& bucket)
    : bucket_(bucket), follower_(bucket, kPoll, [this](const std::optional<bus::KvEntry>& entry) {
        if (entry) {
          apply(*entry);
        } else {
          complete_ = true;
        }
      }) {}

void KnowledgeBases::apply(const bus::KvEntry& entry) {
  kefu::v1::KnowledgeBase record;
  if (entry.erased || !record.ParseFromString(entry.value)) {
    by_key_.erase(entry.key);
  } else {
    by_key_[entry.key] = std::move(record);
  }
}

Task<Result<kefu::v1::KnowledgeBase>> KnowledgeBases::find(std::string name, Deadline deadline) const {
  const std::string key = subject_token(name);
  const auto unknown = [&] { return fail(Errc::not_found, "there is no knowledge base \"" + name + "\""); };
  if (const auto known = by_key_.find(key); known != by_key_.end() && !known->second.deleted())
    co_return known->second;
  auto entry = co_await bucket_.get(key, deadline);
  if (!entry && entry.error().code == Errc::not_found) co_return unknown();
  if (!entry) co_return fail(std::move(entry).error());
  kefu::v1::KnowledgeBase record;
  if (!record.ParseFromString(entry->value)) {
    co_return fail(Errc::data_corrupt, "the record of knowledge base \"" + name + "\" cannot be read");
  }
  if (record.deleted()) co_return unknown();
  co_return record;
}

std::vector<kefu::v1::KnowledgeBase> KnowledgeBases::all() const {
  std::vector<kefu::v1::KnowledgeBase> records;
  records.reserve(by_key_.size());
  for (const auto& [key, record] : by_key_) records.push_back(record);
  return records;
}

}  // namespace kefu::directory
