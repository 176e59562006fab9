#include "catch.hpp"
#include "core/license/pkcs12_work.hpp"

#include <openssl/evp.h>

#include <memory>

using namespace cm::core::detail;

namespace {

struct free_algorithm {
  void operator()(X509_ALGOR* p) const noexcept { X509_ALGOR_free(p); }
};

using algorithm = std::unique_ptr<X509_ALGOR, free_algorithm>;

algorithm pbes2(int iterations) {
  return algorithm{PKCS5_pbe2_set(EVP_aes_256_cbc(), iterations, nullptr, 0)};
}

algorithm pbes1(int number, int iterations) {
  return algorithm{PKCS5_pbe_set(number, iterations, nullptr, 0)};
}

algorithm scrypt(std::uint64_t n, std::uint64_t r, std::uint64_t p) {
  return algorithm{PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, n, r, p)};
}

bool permitted(const algorithm& asked) {
  REQUIRE(asked);
  pkcs12_work work;
  return work.add(asked.get());
}

} // namespace

TEST_CASE("a derivation is permitted as many iterations as the JDK permits, and not one more") {
  CHECK(permitted(pbes2(600'000)));
  CHECK(permitted(pbes2(5'000'000)));
  CHECK_FALSE(permitted(pbes2(5'000'001)));
  CHECK_FALSE(permitted(pbes2(2'000'000'000)));
  for (const int number :
       {NID_pbe_WithSHA1And40BitRC2_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbeWithMD5AndDES_CBC}) {
    CHECK(permitted(pbes1(number, 2048)));
    CHECK_FALSE(permitted(pbes1(number, 5'000'001)));
  }
}

TEST_CASE("scrypt is permitted within its usual parameters") {
  CHECK(permitted(scrypt(16'384, 8, 1)));
  // Within the memory that OpenSSL permits, but a thousand times the usual time.
  CHECK_FALSE(permitted(scrypt(16'384, 8, 1024)));
}

TEST_CASE("many derivations are refused when their sum is too large") {
  pkcs12_work work;
  const auto large = pbes2(5'000'000);
  CHECK(work.add(large.get()));
  CHECK(work.add(large.get()));
  CHECK_FALSE(work.add(pbes2(1).get()));
}

TEST_CASE("an iteration count of 0, a missing one, and parameters that cannot be read are refused") {
  pkcs12_work work;
  CHECK_FALSE(work.add(std::optional<std::uint64_t>{0}));
  CHECK_FALSE(work.add(std::nullopt));
  const algorithm empty{X509_ALGOR_new()};
  REQUIRE(X509_ALGOR_set0(empty.get(), OBJ_nid2obj(NID_pbes2), V_ASN1_NULL, nullptr) == 1);
  CHECK_FALSE(work.add(empty.get()));
}

TEST_CASE("an algorithm without a derivation costs nothing") {
  const algorithm digest{X509_ALGOR_new()};
  REQUIRE(X509_ALGOR_set0(digest.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1);
  CHECK(permitted(digest));
}
