#include "knowledge_base_registry.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/directory/kb_name.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

namespace kefu::index {
namespace {

constexpr std::size_t kLongestDescription = 4096;
constexpr int kAttempts = 8;
/// A name deleted and created more often than this leaves something unswept in the log, which costs space
/// alone.
constexpr int kFormerIncarnations = 1000;

std::int64_t now_unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unexpected<Error> unknown(const std::string& name) {
  return fail(Errc::not_found, "there is no knowledge base \"" + name + "\"");
}

/// Errors: `invalid_argument`.
Result<> check_description(std::string_view description) {
  if (description.size() > kLongestDescription) {
    return fail(Errc::invalid_argument,
                fmt::format("description: longer than {} bytes", kLongestDescription));
  }
  return text::validate_utf8(description);
}

kefu::v1::KnowledgeBase new_record(kefu::v1::KnowledgeBase former, std::string name,
                                   std::string description) {
  kefu::v1::KnowledgeBase record;
  auto& incarnations = *record.mutable_former_incarnations();
  incarnations = std::move(*former.mutable_former_incarnations());
  if (!former.incarnation().empty()) *incarnations.Add() = std::move(*former.mutable_incarnation());
  if (const int excess = incarnations.size() - kFormerIncarnations; excess > 0)
    incarnations.DeleteSubrange(0, excess);
  record.set_name(std::move(name));
  record.set_incarnation(random_id());
  record.set_generation(1);
  record.set_created_unix_ms(now_unix_ms());
  record.set_description(std::move(description));
  return record;
}

}  // namespace

Task<Result<KnowledgeBaseRegistry::Found>> KnowledgeBaseRegistry::find(std::string name, Deadline deadline) {
  auto entry = co_await bucket_.get(subject_token(name), deadline);
  if (!entry && entry.error().code == Errc::not_found) co_return Found{};
  if (!entry) co_return fail(std::move(entry).error());
  Found found{{}, entry->revision};
  if (!found.record.ParseFromString(entry->value)) {
    co_return fail(Errc::data_corrupt, "the record of knowledge base \"" + name + "\" cannot be read");
  }
  co_return found;
}

Task<Result<KnowledgeBaseRegistry::Put>> KnowledgeBaseRegistry::put(std::string name, std::string description,
                                                                    Deadline deadline) {
  KEFU_CO_CHECK(directory::check_kb_name(name));
  KEFU_CO_CHECK(check_description(description));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    KEFU_CO_TRY(Found found, co_await find(name, deadline));
    Put put{found.record, !found.live()};
    if (put.created) {
      put.record = new_record(std::move(found.record), name, description);
    } else if (put.record.description() == description) {
      co_return put;
    }
    put.record.set_description(description);
    auto written =
        co_await bucket_.put(subject_token(name), put.record.SerializeAsString(), found.revision, deadline);
    if (written) co_return put;
    if (written.error().code != Errc::conflict) co_return fail(std::move(written).error());
  }
  co_return fail(Errc::conflict, "the knowledge base \"" + name + "\" is being changed by others");
}

Task<Result<kefu::v1::KnowledgeBase>> KnowledgeBaseRegistry::get(std::string name, Deadline deadline) {
  KEFU_CO_TRY(Found found, co_await find(name, deadline));
  if (!found.live()) co_return unknown(name);
  co_return std::move(found.record);
}

Task<Result<std::vector<kefu::v1::KnowledgeBase>>> KnowledgeBaseRegistry::list(Deadline deadline) {
  KEFU_CO_TRY(const auto watch, bucket_.watch());
  std::map<std::string, kefu::v1::KnowledgeBase> by_key;
  while (true) {
    KEFU_CO_TRY(const auto entry, co_await watch->next(deadline));
    if (!entry) break;
    kefu::v1::KnowledgeBase record;
    if (!entry->erased && record.ParseFromString(entry->value)) by_key[entry->key] = std::move(record);
  }
  std::vector<kefu::v1::KnowledgeBase> live;
  for (auto& [key, record] : by_key) {
    if (!record.deleted()) live.push_back(std::move(record));
  }
  std::ranges::sort(live, {}, [](const auto& record) -> const std::string& { return record.name(); });
  co_return live;
}

Task<Result<>> KnowledgeBaseRegistry::remove(std::string name, Deadline deadline) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    KEFU_CO_TRY(Found found, co_await find(name, deadline));
    if (!found.live()) co_return unknown(name);
    found.record.set_deleted(true);
    auto written =
        co_await bucket_.put(subject_token(name), found.record.SerializeAsString(), found.revision, deadline);
    if (written) co_return Result<>{};
    if (written.error().code != Errc::conflict) co_return fail(std::move(written).error());
  }
  co_return fail(Errc::conflict, "the knowledge base \"" + name + "\" is being changed by others");
}

}  // namespace kefu::index
