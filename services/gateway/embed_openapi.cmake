# cmake -DINPUT=openapi.json -DOUTPUT=openapi.cpp -P embed_openapi.cmake
# Writes the document as a C++ source, byte by byte: it is longer than a string literal may be.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(
  WRITE "${OUTPUT}"
  "#include \"openapi.hpp\"

namespace kefu::gateway {
namespace {

constexpr unsigned char kDocument[] = {
${bytes}};

}  // namespace

std::string_view openapi_document() {
  return {reinterpret_cast<const char*>(kDocument), sizeof kDocument};
}

}  // namespace kefu::gateway
")
