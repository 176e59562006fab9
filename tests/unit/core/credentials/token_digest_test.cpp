#include "catch.hpp"
#include "core/credentials/token_digest.hpp"

#include <optional>
#include <string_view>
#include <vector>

using namespace cm::core;

namespace {

endpoint_token token(std::string_view id, credential_status status, std::optional<timestamp> updated_at) {
  return {parse_uuid(id).value(), "app", "ep", status, from_unix_ms(1), updated_at};
}

const auto first = token("0192f0a0-0000-7000-8000-000000000001", credential_status::inactive, std::nullopt);
const auto second =
  token("0192f0a0-0000-7000-8000-000000000002", credential_status::suspended, from_unix_ms(1795356000999));

token_digest digest_of(const std::vector<endpoint_token>& tokens) {
  token_digest digest;
  for (const auto& token : tokens)
    digest.add(token);
  return digest;
}

} // namespace

// The expected values were computed with another implementation of SHA-256.
TEST_CASE("a digest has the documented value, so that an ETag stays valid across releases") {
  CHECK(digest_of({}) == token_digest{0, 0, 0});
  CHECK(digest_of({first}) == token_digest{1, 0x9c2f8062ee9f90c9, 0xa2b4edf241364f34});
  CHECK(digest_of({first, second}) == token_digest{2, 0x4e34d34743d582fb, 0x9c35bc99c562647f});
  CHECK(digest_of({second, first}) == digest_of({first, second}));
}

TEST_CASE("every change that an operator can make to a token changes the digest") {
  const auto seen = digest_of({first, second});
  auto changed = first;
  changed.status = credential_status::active;
  CHECK(digest_of({changed, second}) != seen);
  changed = first;
  changed.updated_at = from_unix_ms(0);
  CHECK(digest_of({changed, second}) != seen);
  changed = first;
  changed.id = second.id;
  CHECK(digest_of({changed, second}) != seen);
  CHECK(digest_of({first}) != seen);
  CHECK(digest_of({first, second, changed}) != seen);
  // Adding the same token twice cancels its bits, but the count distinguishes it.
  CHECK(digest_of({first, second, changed, changed}) != seen);
}
