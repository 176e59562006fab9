#include "catch.hpp"
#include "core/credentials/token_hash.hpp"

#include <string>

using namespace cm::core;

namespace {

std::string hex(const token_hash& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : hash) {
    text += digits[byte >> 4U];
    text += digits[byte & 0x0fU];
  }
  return text;
}

} // namespace

// The expected values were computed with Python: hmac.new(key, struct.pack('>I', len(app)) + app + token, 'sha256'),
// and hashlib.sha256 of the same bytes; the first two with `openssl dgst -sha256 [-hmac KEY]` as well.

TEST_CASE("without a key a token is hashed with SHA-256 over length, application and token") {
  token_hasher hasher{secret{}};
  CHECK(hex(hasher.hash("thermostat", "device-token-1"))
        == "deeddb4fdde7ca377f52a6bbe45fd5fcb8360615b00f887c40a9b645d5b0ce80");
  CHECK(hex(hasher.hash("", "")) == "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119");
}

TEST_CASE("with a key a token is hashed with HMAC-SHA-256 over length, application and token") {
  token_hasher hasher{secret{"key of the tests"}};
  CHECK(hex(hasher.hash("thermostat", "device-token-1"))
        == "515041198690ed2960b05e96f7b3a6cc975830ecc04c8763d07514eb327b2598");
  // A key longer than the block of SHA-256 is hashed first (RFC 2104 section 2).
  token_hasher long_key{secret{std::string(100, 'k')}};
  CHECK(hex(long_key.hash("a", "grüße")) == "0f7edabd3e37952f0e4559a088dfe63e0b5c319339965467c0a25c0db0c104e4");
}

TEST_CASE("a hasher gives the same results for any number and order of calls") {
  for (const auto* key : {"", "key of the tests"}) {
    token_hasher kept{secret{key}};
    for (int round = 0; round < 3; ++round) {
      for (const auto* token : {"a", "device-token-1", "", "b"}) {
        token_hasher fresh{secret{key}};
        CHECK(kept.hash("thermostat", token) == fresh.hash("thermostat", token));
      }
    }
  }
}

TEST_CASE("moving characters between application and token changes the hash") {
  for (const auto* key : {"", "key of the tests"}) {
    token_hasher hasher{secret{key}};
    CHECK(hasher.hash("ab", "c") != hasher.hash("a", "bc"));
    CHECK(hasher.hash("abc", "") != hasher.hash("", "abc"));
    CHECK(hasher.hash("a", "b") != hasher.hash("b", "a"));
  }
}

TEST_CASE("different keys, and no key, give different hashes") {
  token_hasher first{secret{"one"}};
  token_hasher second{secret{"other"}};
  token_hasher none{secret{}};
  CHECK(first.hash("a", "t") != second.hash("a", "t"));
  CHECK(first.hash("a", "t") != none.hash("a", "t"));
}

TEST_CASE("a moved hasher gives the same results") {
  token_hasher first{secret{"key of the tests"}};
  const auto before = first.hash("a", "t");
  token_hasher second{std::move(first)};
  CHECK(second.hash("a", "t") == before);
}

TEST_CASE("fingerprints distinguish keys and are the same in every process") {
  // The hash of the token "kaa.cm.token-hash-key" of the application "".
  CHECK(hex(key_fingerprint(secret{"key of the tests"}))
        == "0800918ddec6dec1bbc46b7f4538b7b6b6f280e5f856be37fb6e3238bc9c96be");
  CHECK(hex(key_fingerprint(secret{})) == "f98d0d7d153e3163da0bbed79a6e44d8d05b7a3799157e541aa3d28a1a079c61");
  CHECK(key_fingerprint(secret{"key of the tests "}) != key_fingerprint(secret{"key of the tests"}));
}
