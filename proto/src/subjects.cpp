#include <kefu/bus/message_bus.hpp>
#include <kefu/proto/subjects.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace kefu::proto {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

struct Served {
  std::string_view subject;
  std::string_view service;
};

constexpr std::array kServed{Served{kAsk, "answer"},
                             Served{kRetrieve, "answer"},
                             Served{kEmbed, "embedding"},
                             Served{kCountTokens, "embedding"},
                             Served{kGetModel, "embedding"},
                             Served{kSearch, "index"},
                             Served{kPutKnowledgeBase, "index"},
                             Served{kGetKnowledgeBase, "index"},
                             Served{kListKnowledgeBases, "index"},
                             Served{kDeleteKnowledgeBase, "index"},
                             Served{kListDocuments, "index"},
                             Served{kGetDocument, "index"},
                             Served{kGetJob, "ingest"},
                             Served{kListJobs, "ingest"},
                             Served{kCancelJob, "ingest"}};

std::string version_subject(std::string_view kind, const VersionKey& key) {
  return fmt::format("kefu.v1.{}.{}.{}.{}.{}", kind, key.kb_incarnation, key.generation, key.document,
                     key.version);
}

}  // namespace

std::string_view service_of(std::string_view subject) {
  const auto* const served = std::ranges::find(kServed, subject, &Served::subject);
  return served == kServed.end() ? std::string_view{} : served->service;
}

Error name_service(Error error, std::string_view subject) {
  const std::string_view service = service_of(subject);
  if (bus::is_unserved(error) && !service.empty())
    error.message = fmt::format("the {} service does not answer", service);
  return error;
}

std::string file_part_subject(std::string_view upload_id, std::uint32_t part) {
  return fmt::format("kefu.v1.files.{}.{}", upload_id, part);
}

std::string job_subject(std::string_view kb_incarnation) {
  return fmt::format("kefu.v1.jobs.{}", kb_incarnation);
}

std::string passages_subject(const VersionKey& version, std::uint32_t part) {
  return fmt::format("{}.{}", version_subject("passages", version), part);
}

std::string vectors_subject(const VersionKey& version, std::uint32_t part) {
  return fmt::format("{}.{}", version_subject("vectors", version), part);
}

std::string manifest_subject(const VersionKey& version) { return version_subject("vectors", version) + ".m"; }

std::string passages_of_version(const VersionKey& version) {
  return version_subject("passages", version) + ".*";
}

std::string vectors_of_version(const VersionKey& version) {
  return version_subject("vectors", version) + ".*";
}

std::string manifests_of_document(const VersionKey& any_version) {
  return fmt::format("kefu.v1.vectors.{}.{}.{}.*.m", any_version.kb_incarnation, any_version.generation,
                     any_version.document);
}

std::string passages_of_knowledge_base(std::string_view kb_incarnation) {
  return fmt::format("kefu.v1.passages.{}.>", kb_incarnation);
}

namespace {

/// nullopt for any subject that is not of this form. `prefix` ends with a dot.
std::optional<PartKey> parse_part_subject(std::string_view subject, std::string_view prefix) {
  constexpr std::size_t kTokens = 8;
  std::array<std::string_view, kTokens> tokens;
  std::size_t count = 0;
  for (std::string_view rest = subject; count <= kTokens;) {
    const std::size_t dot = rest.find('.');
    if (count < kTokens) tokens[count] = rest.substr(0, dot);
    ++count;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  PartKey key;
  const bool well_formed = count == kTokens && subject.starts_with(prefix) && !tokens[3].empty() &&
                           !tokens[5].empty() && parse_number(tokens[4], key.version.generation) &&
                           parse_number(tokens[6], key.version.version) &&
                           (tokens[7] == "m" || parse_number(tokens[7], key.part));
  if (!well_formed) return std::nullopt;
  key.version.kb_incarnation = tokens[3];
  key.version.document = tokens[5];
  key.manifest = tokens[7] == "m";
  return key;
}

}  // namespace

Result<PartKey> parse_vectors_subject(std::string_view subject) {
  if (auto key = parse_part_subject(subject, "kefu.v1.vectors.")) return *std::move(key);
  return fail(Errc::invalid_argument, "not a subject of KEFU_VECTORS", std::string(subject));
}

Result<PartKey> parse_passages_subject(std::string_view subject) {
  auto key = parse_part_subject(subject, "kefu.v1.passages.");
  if (key && !key->manifest) return *std::move(key);
  return fail(Errc::invalid_argument, "not a subject of KEFU_PASSAGES", std::string(subject));
}

}  // namespace kefu::proto
