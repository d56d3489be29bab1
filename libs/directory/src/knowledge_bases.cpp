#include <kefu/base/ids.hpp>
#include <kefu/directory/knowledge_bases.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace kefu::directory {
namespace {

using namespace std::chrono_literals;

/// How long stop() may take at most to be noticed, and how soon a failed watch is tried again.
constexpr auto kPoll = 500ms;

}  // namespace

KnowledgeBases::KnowledgeBases(asio::any_io_executor executor, bus::KeyValueBucket& bucket)
    : executor_(std::move(executor)), bucket_(bucket) {}

Task<void> KnowledgeBases::run() {
  std::unique_ptr<bus::KvWatch> watch;
  while (!stopping_) {
    if (!watch) {
      auto opened = bucket_.watch();
      if (!opened) {
        co_await sleep_for(kPoll);
        continue;
      }
      watch = std::move(*opened);
    }
    auto entry = co_await watch->next(Deadline::in(kPoll));
    if (entry && *entry) {
      apply(**entry);
    } else if (entry) {
      complete_ = true;
    } else if (entry.error().code != Errc::deadline_exceeded) {
      watch.reset();
      co_await sleep_for(kPoll);
    }
  }
}

void KnowledgeBases::stop() { stopping_ = true; }

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
