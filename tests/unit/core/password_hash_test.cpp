#include "catch.hpp"
#include "core/password_hash.hpp"

#include <sodium.h>

#include <set>
#include <string>
#include <utility>

using namespace cm::core;

namespace {

/// Made with other parameters, as an earlier or later release would.
secret hashed_with(const std::string& password, unsigned long long passes, std::size_t memory_bytes,
                   int algorithm = crypto_pwhash_ALG_ARGON2ID13) {
  std::string phc(crypto_pwhash_STRBYTES, '\0');
  REQUIRE(crypto_pwhash_str_alg(phc.data(), password.data(), password.size(), passes, memory_bytes, algorithm) == 0);
  phc.resize(phc.find('\0'));
  return secret{std::move(phc)};
}

} // namespace

TEST_CASE("a password is verified by its own hash only") {
  const secret password{"correct horse battery staple"};
  const auto phc = hash_password(password);
  REQUIRE(phc.has_value());
  CHECK(phc->reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(verify_password(*phc, password));
  CHECK_FALSE(verify_password(*phc, secret{"correct horse battery stapl"}));
  CHECK_FALSE(verify_password(*phc, secret{""}));
  CHECK_FALSE(needs_rehash(*phc));
  const auto other = hash_password(password);
  REQUIRE(other.has_value());
  CHECK_FALSE(*phc == *other); // the salt
  CHECK(verify_password(*other, password));
}

TEST_CASE("passwords may hold any bytes, a zero too") {
  const secret password{std::string("gr\xc3\xbc\0e", 6)};
  const auto phc = hash_password(password);
  REQUIRE(phc.has_value());
  CHECK(verify_password(*phc, password));
  CHECK_FALSE(verify_password(*phc, secret{"gr\xc3\xbc"}));
  CHECK(hash_password(secret{std::string(max_password_length, 'x')}).has_value());
}

TEST_CASE("an empty password and one that is too long are refused") {
  const auto empty = hash_password(secret{""});
  REQUIRE(empty.has_error());
  CHECK(empty.error().code == errc::invalid);
  const auto longer = hash_password(secret{std::string(max_password_length + 1, 'x')});
  REQUIRE(longer.has_error());
  CHECK(longer.error().code == errc::invalid);
  CHECK(longer.error().message == "a password has at most 1024 bytes");
}

// Made by libargon2, the reference implementation: argon2id_hash_encoded() with 2 passes and the salt
// "somesaltsomesalt".
TEST_CASE("hashes of another implementation are verified, with more lanes too") {
  const secret one_lane{
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE"};
  const secret four_lanes{
    "$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$5CZ0y4EFo8aGNnTOqyj0Zv3Ly//FEsr0bPZ6BGnEO9U"};
  CHECK(verify_password(one_lane, secret{"password"}));
  CHECK_FALSE(verify_password(one_lane, secret{"passwords"}));
  CHECK_FALSE(needs_rehash(one_lane));
  CHECK(verify_password(four_lanes, secret{"password"}));
  CHECK(needs_rehash(four_lanes));
}

TEST_CASE("a hash with less memory or fewer passes is made anew, a stronger one is not") {
  constexpr std::size_t mib = std::size_t{1024} * 1024;
  CHECK(needs_rehash(hashed_with("p", 2, 18 * mib)));
  CHECK(needs_rehash(hashed_with("p", 1, 19 * mib)));
  CHECK(needs_rehash(hashed_with("p", 1, 40 * mib)));
  CHECK_FALSE(needs_rehash(hashed_with("p", 2, 20 * mib)));
  CHECK_FALSE(needs_rehash(hashed_with("p", 3, 19 * mib)));
  CHECK(needs_rehash(hashed_with("p", 3, 20 * mib, crypto_pwhash_ALG_ARGON2I13)));
}

TEST_CASE("a string that is no PHC string verifies nothing and needs another") {
  for (const auto* text :
       {"", "secret", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2id$v=16$m=19456,t=2,p=1$a$b",
        "$argon2id$v=19$m=x,t=2,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    INFO(text);
    CHECK_FALSE(verify_password(secret{text}, secret{"secret"}));
    CHECK_FALSE(verify_password(secret{text}, secret{""}));
  }
  for (const auto* text :
       {"", "secret", "$argon2id$", "$argon2id$v=16$m=19456,t=2,p=1$a$b", "$argon2id$v=19$m=x,t=2,p=1$a$b",
        "$argon2id$v=19$t=2,p=1$a$b", "$argon2id$v=19$m=99999999999,t=2$a$b", "$argon2id$v=19$m=19456$a"})
    CHECK(needs_rehash(secret{text}));
  const std::string longer = "$argon2id$v=19$m=19456,t=2,p=1$" + std::string(200, 'a');
  CHECK(needs_rehash(secret{longer}));
  CHECK_FALSE(verify_password(secret{longer}, secret{"secret"}));
}

TEST_CASE("the hash for unknown users is a real one with the present parameters, and always the same") {
  const auto& decoy = decoy_hash();
  CHECK(&decoy == &decoy_hash());
  CHECK_FALSE(needs_rehash(decoy));
  CHECK(decoy.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK_FALSE(verify_password(decoy, secret{""}));
  CHECK_FALSE(verify_password(decoy, secret{"password"}));
}

TEST_CASE("generated passwords are of letters and digits, and differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto one = generate_password();
    CHECK(one.reveal().size() == 24);
    CHECK(one.reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
          == std::string_view::npos);
    seen.emplace(one.reveal());
  }
  CHECK(seen.size() == 100);
  CHECK(generate_password(64).reveal().size() == 64);
}
