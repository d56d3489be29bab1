#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/bus/stream_store.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::index::testing {

/// Messages of KEFU_VECTORS as embedding and ingest write them.
struct DocumentVersion {
  proto::VersionKey key;
  std::vector<std::vector<std::string>> parts;  ///< texts; each of them has a vector of its own direction
  kefu::v1::Manifest about = {};                ///< what the manifest says beside its name and parts

  bus::Message part(std::uint32_t number) const {
    kefu::v1::VectorPart made;
    made.mutable_passages()->set_filename(filename());
    std::vector<float> vectors;
    for (const std::string& text : parts.at(number)) {
      auto& passage = *made.mutable_passages()->add_passages();
      passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
      passage.set_ordinal(number * 100 + static_cast<std::uint32_t>(made.passages().passages_size()));
      passage.set_text(text);
      const auto direction = static_cast<float>(text.size() % 7);
      vectors.insert(vectors.end(), {1.0F, direction, 1.0F});
    }
    made.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
    made.set_dimensions(3);
    made.set_vectors(vector::encode(vectors, kefu::v1::VECTOR_FORMAT_FLOAT16));
    made.set_model_fingerprint("m1");
    return {proto::vectors_subject(key, number), made.SerializeAsString()};
  }
  bus::Message manifest() const {
    kefu::v1::Manifest made = about;
    made.set_filename(filename());
    made.set_parts(static_cast<std::uint32_t>(parts.size()));
    return {proto::manifest_subject(key), made.SerializeAsString()};
  }
  std::vector<bus::Message> messages() const {
    std::vector<bus::Message> all;
    for (std::uint32_t i = 0; i < parts.size(); ++i) all.push_back(part(i));
    all.push_back(manifest());
    return all;
  }
  std::string filename() const { return key.document + ".md"; }
};

inline DocumentVersion document_version(std::string document, std::uint64_t version,
                                        std::vector<std::vector<std::string>> parts, std::string kb = "kb") {
  return {{std::move(kb), 1, std::move(document), version}, std::move(parts), {}};
}

}  // namespace kefu::index::testing
