#include "visibility.hpp"

#include <iterator>
#include <utility>

namespace kefu::index {

DocumentKey document_of(const proto::VersionKey& version) {
  return {version.kb_incarnation, version.generation, version.document};
}

bool Visibility::Version::complete() const {
  if (manifest == 0 || parts.size() < stated_parts) return false;
  // Part numbers are distinct and ordered: the first n of them are 0..n-1 exactly when the n-th is n-1.
  return stated_parts == 0 || std::next(parts.begin(), stated_parts - 1)->first == stated_parts - 1;
}

void Visibility::Version::collect(std::vector<std::uint64_t>& sequences) const {
  if (manifest != 0) sequences.push_back(manifest);
  for (const auto& [part, sequence] : parts) sequences.push_back(sequence);
}

void Visibility::Version::take_out(std::uint64_t up_to, std::vector<std::uint64_t>& sequences) {
  if (manifest != 0 && manifest <= up_to) {
    sequences.push_back(std::exchange(manifest, 0));
    stated_parts = 0;
  }
  std::erase_if(parts, [&](const auto& part) {
    if (part.second > up_to) return false;
    sequences.push_back(part.second);
    return true;
  });
}

std::uint64_t Visibility::highest_complete(const Document& document) {
  for (auto it = document.versions.rbegin(); it != document.versions.rend(); ++it) {
    if (it->second.complete()) return it->first;
  }
  return 0;
}

void Visibility::drop_below_visible(Document& document, std::vector<std::uint64_t>& superseded) {
  const auto end = document.versions.lower_bound(document.visible);
  for (auto it = document.versions.begin(); it != end; ++it) it->second.collect(superseded);
  document.versions.erase(document.versions.begin(), end);
}

Visibility::Effect Visibility::apply(const LogEntry& entry) {
  Effect effect;
  if (forgotten_.contains(entry.key.version.kb_incarnation)) {
    effect.superseded.push_back(entry.sequence);
    return effect;
  }
  Document& document = documents_[document_of(entry.key.version)];
  const std::uint64_t number = entry.key.version.version;
  if (number < document.visible) {
    effect.superseded.push_back(entry.sequence);
    return effect;
  }
  Version& version = document.versions[number];
  std::uint64_t& slot = entry.key.manifest ? version.manifest : version.parts[entry.key.part];
  if (slot == entry.sequence) return effect;  // the same message again
  if (slot > entry.sequence) {
    effect.superseded.push_back(entry.sequence);
    return effect;
  }
  if (slot != 0) effect.superseded.push_back(slot);
  slot = entry.sequence;
  if (entry.key.manifest) version.stated_parts = entry.parts;

  const std::uint64_t before = document.visible;
  document.visible = highest_complete(document);
  effect.changed = document.visible != before || number == document.visible;
  if (document.visible != 0) drop_below_visible(document, effect.superseded);
  return effect;
}

std::optional<VisibleVersion> Visibility::visible(const DocumentKey& key) const {
  const auto found = documents_.find(key);
  if (found == documents_.end() || found->second.visible == 0) return std::nullopt;
  const Version& version = found->second.versions.at(found->second.visible);
  VisibleVersion result{found->second.visible, version.manifest, {}};
  result.parts.reserve(version.stated_parts);
  for (auto it = version.parts.begin(); result.parts.size() < version.stated_parts; ++it) {
    result.parts.push_back(it->second);
  }
  return result;
}

std::vector<DocumentKey> Visibility::visible_documents() const {
  std::vector<DocumentKey> keys;
  for (const auto& [key, document] : documents_) {
    if (document.visible != 0) keys.push_back(key);
  }
  return keys;
}

std::vector<proto::VersionKey> Visibility::incomplete() const {
  std::vector<proto::VersionKey> keys;
  for (const auto& [key, document] : documents_) {
    for (auto it = document.versions.upper_bound(document.visible); it != document.versions.end(); ++it) {
      keys.push_back({key.kb_incarnation, key.generation, key.document, it->first});
    }
  }
  return keys;
}

std::vector<std::uint64_t> Visibility::drop(const proto::VersionKey& key, std::uint64_t sequence) {
  std::vector<std::uint64_t> sequences;
  const auto document = documents_.find(document_of(key));
  if (document == documents_.end() || key.version <= document->second.visible) return sequences;
  auto& versions = document->second.versions;
  const auto version = versions.find(key.version);
  if (version == versions.end()) return sequences;
  version->second.take_out(sequence, sequences);
  if (version->second.empty()) versions.erase(version);
  if (versions.empty()) documents_.erase(document);
  return sequences;
}

std::vector<std::string> Visibility::knowledge_bases() const {
  std::vector<std::string> incarnations;
  for (const auto& [key, document] : documents_) {
    if (incarnations.empty() || incarnations.back() != key.kb_incarnation) {
      incarnations.push_back(key.kb_incarnation);
    }
  }
  return incarnations;
}

std::vector<std::uint64_t> Visibility::forget(std::string_view kb_incarnation) {
  std::vector<std::uint64_t> sequences;
  forgotten_.emplace(kb_incarnation);
  auto it = documents_.lower_bound(DocumentKey{std::string(kb_incarnation), 0, {}});
  while (it != documents_.end() && it->first.kb_incarnation == kb_incarnation) {
    for (const auto& [number, version] : it->second.versions) version.collect(sequences);
    it = documents_.erase(it);
  }
  return sequences;
}

}  // namespace kefu::index
