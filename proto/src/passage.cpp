#include <kefu/proto/passage.hpp>

namespace kefu::proto {

std::string embedding_input(const kefu::v1::Passage& passage) {
  if (passage.kind() == kefu::v1::PASSAGE_KIND_FAQ || passage.heading().empty()) return passage.text();
  return passage.heading() + "\n" + passage.text();
}

}  // namespace kefu::proto
