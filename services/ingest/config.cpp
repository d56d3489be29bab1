#include "config.hpp"

namespace kefu::ingest {

void add_settings(service::Settings& settings, IngestConfig& config) {
  settings.add("slots", config.slots, "jobs worked on at once");
  settings.add("target-tokens", config.target_tokens,
               "length of a passage, in tokens of the embedding model");
  settings.add("overlap-tokens", config.overlap_tokens,
               "tokens that a passage repeats from the one before it");
  settings.add("embedding-patience", config.embedding_patience,
               "how long a job waits for the embedding service before it is put aside");
  settings.add("extractor-program", config.extractor_program,
               "program that reads files, started for each with --extract; this one by default");
  settings.add("extractor-memory-mb", config.extractor_memory_mb,
               "memory that reading one file may take, in MiB");
  settings.add("extractor-time", config.extractor_time, "time that reading one file may take");
  settings.add("sweep-interval", config.sweep_interval, "how often uploads that no job names are looked for");
  settings.add("sweep-age", config.sweep_age, "how old such an upload must be to be removed");
}

Result<> validate(const IngestConfig& config) {
  if (config.slots == 0) return fail(Errc::invalid_argument, "slots must be at least 1");
  if (config.target_tokens < 16) return fail(Errc::invalid_argument, "target-tokens must be at least 16");
  if (config.overlap_tokens > config.target_tokens / 2) {
    return fail(Errc::invalid_argument, "overlap-tokens must be at most half of target-tokens");
  }
  if (config.extractor_program.empty())
    return fail(Errc::invalid_argument, "extractor-program must not be empty");
  if (config.extractor_memory_mb == 0)
    return fail(Errc::invalid_argument, "extractor-memory-mb must be at least 1");
  for (const auto& [name, value] : {std::pair("extractor-time", config.extractor_time),
                                    std::pair("sweep-interval", config.sweep_interval)}) {
    if (value.count() <= 0)
      return fail(Errc::invalid_argument, std::string(name) + " must be longer than nothing");
  }
  return {};
}

}  // namespace kefu::ingest
