#include <kefu/usage/records.hpp>

#include <optional>
#include <utility>

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 500ms;

std::optional<Records::Record> parse(const bus::KvEntry& entry) {
  kefu::v1::UsageRecord record;
  if (entry.erased || !record.ParseFromString(entry.value)) return std::nullopt;
  const Day day{std::chrono::days(record.day())};
  if (!entry.key.starts_with(day_key(day) + ".")) return std::nullopt;
  return Records::Record{.day = day, .replica = record.replica(), .counts = counts_of(record)};
}

}  // namespace

Records::Records(bus::KeyValueBucket& bucket, std::function<Day()> keep_from, OnChange on_change)
    : follower_(bucket, kPoll,
                [this](const std::optional<bus::KvEntry>& entry) {
                  if (entry) {
                    apply(*entry);
                  } else {
                    complete_ = true;
                  }
                }),
      keep_from_(std::move(keep_from)),
      on_change_(std::move(on_change)) {}

void Records::apply(const bus::KvEntry& entry) {
  const std::string first = day_key(keep_from_());
  by_key_.erase(by_key_.begin(), by_key_.lower_bound(first));
  if (entry.key < first) return;
  auto now = parse(entry);
  const auto known = by_key_.find(entry.key);
  if (on_change_ && (now || known != by_key_.end()))
    on_change_(known == by_key_.end() ? nullptr : &known->second, now ? &*now : nullptr);
  if (now) {
    by_key_.insert_or_assign(entry.key, *std::move(now));
  } else if (known != by_key_.end()) {
    by_key_.erase(known);
  }
}

void Records::each(Day first, Day last, const std::function<void(Day, const Count&)>& take) const {
  for (auto record = by_key_.lower_bound(day_key(first));
       record != by_key_.end() && record->second.day <= last; ++record) {
    for (const Count& count : record->second.counts) take(record->second.day, count);
  }
}

}  // namespace kefu::usage
