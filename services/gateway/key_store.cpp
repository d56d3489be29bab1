#include "key_store.hpp"

#include "api_key.hpp"
#include "json_text.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 100ms;

/// An entry of the bucket that is no key: the id of the key that was revoked last. Whoever revokes writes it
/// by compare-and-set first, so that two replicas cannot revoke each the other's last key at once.
constexpr std::string_view kLastRevoked = "last-revoked";

}  // namespace

KeyStore::KeyStore(asio::any_io_executor executor, bus::KeyValueBucket& bucket)
    : bucket_(bucket),
      follower_(bucket, kPoll,
                [this](const std::optional<bus::KvEntry>& entry) {
                  if (entry) return apply(*entry);
                  complete_ = true;
                  completed_.raise();
                }),
      completed_(std::move(executor)) {}

Task<bool> KeyStore::wait_complete(Deadline deadline) {
  while (!complete_ && !deadline.passed()) co_await completed_.wait(deadline);
  co_return complete_;
}

void KeyStore::apply(const bus::KvEntry& entry) {
  if (entry.key == kLastRevoked) return;
  kefu::v1::ApiKey key;
  if (!entry.erased && key.ParseFromString(entry.value) && key.id() == entry.key) {
    put(std::move(key), entry.revision);
    return;
  }
  // Whatever stands there gives nobody access.
  const auto known = by_id_.find(entry.key);
  if (known == by_id_.end() || known->second.revision > entry.revision) return;
  id_by_hash_.erase(known->second.key.secret_sha256());
  by_id_.erase(known);
}

/// The watch may tell of an older revision than the one that this replica has just written.
void KeyStore::put(kefu::v1::ApiKey key, std::uint64_t revision) {
  Entry& entry = by_id_[key.id()];
  if (entry.revision > revision) return;
  any_ = true;
  if (entry.revision != 0) id_by_hash_.erase(entry.key.secret_sha256());
  id_by_hash_[key.secret_sha256()] = key.id();
  entry = {.key = std::move(key), .revision = revision};
}

const kefu::v1::ApiKey* KeyStore::find_by_hash(const std::string& secret_sha256) const {
  const auto id = id_by_hash_.find(secret_sha256);
  return id == id_by_hash_.end() ? nullptr : &by_id_.at(id->second).key;
}

std::vector<kefu::v1::ApiKey> KeyStore::all() const {
  std::vector<kefu::v1::ApiKey> keys;
  keys.reserve(by_id_.size());
  for (const auto& [id, entry] : by_id_) keys.push_back(entry.key);
  std::ranges::sort(keys, {}, [](const kefu::v1::ApiKey& key) {
    return std::pair(key.created_unix_ms(), std::string_view(key.id()));
  });
  return keys;
}

Task<Result<>> KeyStore::add(kefu::v1::ApiKey key, Deadline deadline) {
  KEFU_CO_TRY(const std::uint64_t revision,
              co_await bucket_.put(key.id(), key.SerializeAsString(), 0, deadline));
  put(std::move(key), revision);
  co_return Result<>{};
}

Task<Result<>> KeyStore::revoke(std::string id, bool keep_one, Deadline deadline) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) co_return fail(Errc::not_found, "there is no API key of this id");
  kefu::v1::ApiKey key = found->second.key;
  const std::uint64_t known_revision = found->second.revision;
  if (key.revoked_unix_ms() != 0) co_return Result<>{};
  if (keep_one && manages_everything(key)) KEFU_CO_CHECK(co_await claim_revocation(id, deadline));
  key.set_revoked_unix_ms(unix_milliseconds());
  KEFU_CO_TRY(const std::uint64_t revision,
              co_await bucket_.put(std::move(id), key.SerializeAsString(), known_revision, deadline));
  put(std::move(key), revision);
  co_return Result<>{};
}

Task<Result<>> KeyStore::claim_revocation(std::string id, Deadline deadline) {
  const std::string claim(kLastRevoked);
  auto last = co_await bucket_.get(claim, deadline);
  if (!last && last.error().code != Errc::not_found) co_return fail(std::move(last).error());
  const bus::KvEntry before = last ? *std::move(last) : bus::KvEntry{};
  // The one revoked last may still look usable in the copy.
  if (!another_remains(id, before.value)) {
    co_return fail(Errc::conflict,
                   "this is the last usable key that manages everything: make another one first");
  }
  auto claimed = co_await bucket_.put(claim, std::move(id), before.revision, deadline);
  if (!claimed && claimed.error().code == Errc::conflict)
    co_return fail(Errc::conflict, "another key is being revoked at this moment: try again");
  if (!claimed) co_return fail(std::move(claimed).error());
  co_return Result<>{};
}

bool KeyStore::another_remains(std::string_view id, std::string_view nor_this) const {
  const std::int64_t now = unix_milliseconds();
  return std::ranges::any_of(by_id_, [&](const auto& entry) {
    return entry.first != id && entry.first != nor_this && manages_everything(entry.second.key) &&
           state_of(entry.second.key, now) == KeyState::usable;
  });
}

}  // namespace kefu::gateway
