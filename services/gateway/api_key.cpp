#include "api_key.hpp"

#include "base64.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kefu::gateway {
namespace {

constexpr std::size_t kSecretBytes = 32;

}  // namespace

std::string new_secret() {
  std::array<unsigned char, kSecretBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system's random source failed");
  std::string secret = "kefu_" + base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());
  secret.pop_back();  // the `=` that fills up 32 bytes
  std::ranges::replace(secret, '+', '-');
  std::ranges::replace(secret, '/', '_');
  return secret;
}

std::string secret_hash(std::string_view secret) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(secret.data(), secret.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available in this OpenSSL");
  }
  digest.resize(size);
  return digest;
}

bool equal_hashes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

KeyState state_of(const kefu::v1::ApiKey& key, std::int64_t now_unix_ms) {
  if (key.revoked_unix_ms() != 0) return KeyState::revoked;
  if (key.expires_unix_ms() != 0 && key.expires_unix_ms() <= now_unix_ms) return KeyState::expired;
  return KeyState::usable;
}

bool manages_everything(const kefu::v1::ApiKey& key) {
  return key.role() == kefu::v1::ApiKey::ROLE_MANAGE && key.kbs().empty();
}

}  // namespace kefu::gateway
