#include "catch.hpp"
#include "core/credentials/password_hash.hpp"

#include <sodium.h>

#include <fstream>
#include <functional>
#include <new>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cm::core;

namespace {

/// A hash with other parameters, as of an earlier or later release.
secret hashed_with(const std::string& password, unsigned long long passes, std::size_t memory_bytes,
                   int algorithm = crypto_pwhash_ALG_ARGON2ID13) {
  std::string phc(crypto_pwhash_STRBYTES, '\0');
  REQUIRE(crypto_pwhash_str_alg(phc.data(), password.data(), password.size(), passes, memory_bytes, algorithm) == 0);
  phc.resize(phc.find('\0'));
  return secret{std::move(phc)};
}

/// Whether `check` returns true in a child process that cannot allocate more than a few KiB.
bool without_memory(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + std::size_t{64} * 1024;
    _exit(setrlimit(RLIMIT_AS, &limit) == 0 && check() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Whether verify_password() reports that memory is short, and not a wrong password.
bool is_short(const secret& phc, const char* password) {
  try {
    static_cast<void>(verify_password(phc, secret{password}));
    return false;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

} // namespace

TEST_CASE("a password matches its own hash only") {
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

TEST_CASE("passwords may contain any bytes, including zero") {
  const secret password{std::string("gr\xc3\xbc\0e", 6)};
  const auto phc = hash_password(password);
  REQUIRE(phc.has_value());
  CHECK(verify_password(*phc, password));
  CHECK_FALSE(verify_password(*phc, secret{"gr\xc3\xbc"}));
  CHECK(hash_password(secret{std::string(max_password_length, 'x')}).has_value());
}

TEST_CASE("a password that a client can send has 1 to 1024 bytes, none of them zero") {
  CHECK(is_client_password("p"));
  CHECK(is_client_password("gr\xc3\xbc\x01"
                           "e\n"));
  CHECK(is_client_password(std::string(max_password_length, 'x')));
  CHECK_FALSE(is_client_password(""));
  CHECK_FALSE(is_client_password(std::string(max_password_length + 1, 'x')));
  CHECK_FALSE(is_client_password(std::string_view("secret\0word", 11)));
  CHECK_FALSE(is_client_password(std::string_view("\0", 1)));
}

TEST_CASE("empty and too long passwords are refused") {
  const auto empty = hash_password(secret{""});
  REQUIRE(empty.has_error());
  CHECK(empty.error().code == errc::invalid);
  const auto longer = hash_password(secret{std::string(max_password_length + 1, 'x')});
  REQUIRE(longer.has_error());
  CHECK(longer.error().code == errc::invalid);
  CHECK(longer.error().message == "a password has at most 1024 bytes");
}

// Generated with libargon2, the reference implementation: argon2id_hash_encoded() with 2 passes and the salt
// "somesaltsomesalt".
TEST_CASE("hashes of another implementation are verified, also with more than one lane") {
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

TEST_CASE("verification of a hash with one lane agrees with libsodium's own function") {
  const auto one_lane = hashed_with("password", 1, std::size_t{64} * 1024);
  const std::string text{one_lane.reveal()};
  const auto verified = [](const std::string& phc, const std::string& password) {
    const bool own = verify_password(secret{phc}, secret{password});
    CHECK(own == (crypto_pwhash_str_verify(phc.c_str(), password.c_str(), password.size()) == 0));
    return own;
  };
  CHECK(verified(text, "password"));
  CHECK_FALSE(verified(text, "Password"));
  CHECK_FALSE(verified(text, ""));
  CHECK_FALSE(verified(text, std::string("password\0", 9)));
  CHECK_FALSE(verified(text.substr(0, text.size() - 1), "password"));
  CHECK_FALSE(verified(text + "A", "password"));
  CHECK_FALSE(verified(text + "$", "password"));
  // A truncated hash does not match.
  CHECK_FALSE(verified(text.substr(0, text.rfind('$') + 1), "password"));
  CHECK_FALSE(verified(text.substr(0, text.rfind('$')), "password"));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"m=64", "m=065"},
                                                                                 {"m=64", "m=7"},
                                                                                 {"m=64", "m=0"},
                                                                                 {"t=1", "t=0"},
                                                                                 {"t=1", "t=2"},
                                                                                 {"p=1", "p=2"},
                                                                                 {"p=1", "p=1,x=1"},
                                                                                 {"m=64,t=1", "t=1,m=64"},
                                                                                 {"v=19", "v=16"},
                                                                                 {"p=1$", "p=1$A"}}) {
    INFO(to);
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    CHECK_FALSE(verified(changed, "password"));
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a shortage of memory is not reported as a wrong password for any kind of hash, and hashing fails") {
  const std::string four_lanes =
    "$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$5CZ0y4EFo8aGNnTOqyj0Zv3Ly//FEsr0bPZ6BGnEO9U";
  constexpr std::size_t mib = std::size_t{1024} * 1024;
  const std::vector<secret> hashes{hashed_with("password", 2, 19 * mib), hashed_with("password", 1, mib),
                                   hashed_with("password", 3, mib, crypto_pwhash_ALG_ARGON2I13), secret{four_lanes},
                                   secret{decoy_hash()}};
  for (const auto& phc : hashes) {
    INFO(phc.reveal());
    CHECK(without_memory([&] { return is_short(phc, "password"); }));
    CHECK(without_memory([&] { return is_short(phc, "another"); }));
    CHECK_FALSE(is_short(phc, "another"));
  }
  CHECK(without_memory([] {
    const auto hashed = hash_password(secret{"password"});
    return hashed.has_error() && hashed.error().code == errc::unavailable;
  }));
  // Malformed hashes need no memory.
  CHECK(without_memory([] { return !verify_password(secret{"no PHC string"}, secret{"password"}); }));
}
#endif

TEST_CASE("a hash with less memory or fewer passes needs a rehash, a stronger one does not") {
  constexpr std::size_t mib = std::size_t{1024} * 1024;
  CHECK(needs_rehash(hashed_with("p", 2, 18 * mib)));
  CHECK(needs_rehash(hashed_with("p", 1, 19 * mib)));
  CHECK(needs_rehash(hashed_with("p", 1, 40 * mib)));
  CHECK_FALSE(needs_rehash(hashed_with("p", 2, 20 * mib)));
  CHECK_FALSE(needs_rehash(hashed_with("p", 3, 19 * mib)));
  CHECK(needs_rehash(hashed_with("p", 3, 20 * mib, crypto_pwhash_ALG_ARGON2I13)));
}

TEST_CASE("a malformed PHC string matches no password and needs a rehash") {
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

TEST_CASE("a hash within the limits can be verified, whichever software made it") {
  constexpr std::size_t mib = std::size_t{1024} * 1024;
  CHECK(can_verify(decoy_hash()));
  CHECK(can_verify(hashed_with("p", 3, 64 * mib)));
  CHECK(can_verify(hashed_with("p", 3, mib, crypto_pwhash_ALG_ARGON2I13)));
  CHECK(can_verify(
    secret{"$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$5CZ0y4EFo8aGNnTOqyj0Zv3Ly//FEsr0bPZ6BGnEO9U"}));
}

TEST_CASE("a hash that costs more than the limits, or that Argon2 does not permit, is never computed") {
  const std::string salt = "$c29tZXNhbHRzb21lc2FsdA";
  const std::string hash = "$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE";
  const std::string long_text(75, 'A'); // 56 bytes: with them the text has almost 128 bytes, libsodium's limit
  REQUIRE(can_verify(secret{"$argon2id$v=19$m=19456,t=2,p=1" + salt + hash}));
  REQUIRE(can_verify(secret{"$argon2id$v=19$m=8,t=2,p=1" + salt + "$" + long_text}));
  for (const auto& text : std::vector<std::string>{"$argon2id$v=19$m=19456,t=200000,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=4294967295,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=4294967296,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=8,t=1025,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=65537,t=1,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=65536,t=5,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=4194304,t=1,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=4294967295,t=1,p=4" + salt + hash,
                                                   "$argon2i$v=19$m=4194304,t=3,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=2,p=65" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=2,p=4294967295" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=2,p=0" + salt + hash,
                                                   "$argon2id$v=19$m=31,t=2,p=4" + salt + hash,
                                                   "$argon2id$v=19$m=7,t=2,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=0,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=019456,t=2,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=64,m=4194304,t=2,p=1" + salt + hash,
                                                   "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA" + hash,
                                                   "$argon2id$v=19$m=19456,t=2,p=1" + salt + "$c2FsdHNhbHQ",
                                                   "$argon2id$v=19$m=19456,t=2,p=1" + salt + "$",
                                                   "$argon2id$v=19$m=8,t=2,p=1" + salt + "$" + long_text + "AAAA",
                                                   "$argon2id$v=19$m=19456,t=2,p=1" + salt,
                                                   "$argon2id$v=19$m=8,t=2,p=1" + salt + hash + std::string(200, 'A'),
                                                   "$argon2d$v=19$m=64,t=2,p=1" + salt + hash,
                                                   "$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                                   "!",
                                                   ""}) {
    INFO(text);
    CHECK_FALSE(can_verify(secret{text}));
    CHECK_FALSE(verify_password(secret{text}, secret{"password"})); // at once
  }
}

TEST_CASE("the decoy hash is a valid hash with the current parameters, and always the same") {
  const auto& decoy = decoy_hash();
  CHECK(&decoy == &decoy_hash());
  CHECK_FALSE(needs_rehash(decoy));
  CHECK(decoy.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK_FALSE(verify_password(decoy, secret{""}));
  CHECK_FALSE(verify_password(decoy, secret{"password"}));
}

TEST_CASE("generated passwords consist of letters and digits, and differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto password = generate_password();
    CHECK(password.reveal().size() == 24);
    CHECK(password.reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
          == std::string_view::npos);
    seen.emplace(password.reveal());
  }
  CHECK(seen.size() == 100);
  CHECK(generate_password(64).reveal().size() == 64);
}
