#include "catch.hpp"
#include "core/base/openssl_handles.hpp"
#include "core/base/text.hpp"

#include <array>
#include <string>

using namespace cm::core;

TEST_CASE("SHA-256 is fetched once, and is SHA-256") {
  REQUIRE(sha256() != nullptr);
  CHECK(sha256() == sha256());
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  REQUIRE(EVP_Digest("abc", 3, digest.data(), &length, sha256(), nullptr) == 1);
  REQUIRE(length == digest.size());
  std::string text;
  for (const auto byte : digest)
    append_hex(text, byte);
  CHECK(text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, appendix B.1
}

TEST_CASE("a stack of certificates frees itself, and not the certificates in it") {
  const openssl_ptr<X509> certificate{X509_new()};
  REQUIRE(certificate);
  {
    const openssl_ptr<STACK_OF(X509)> stack{sk_X509_new_null()};
    REQUIRE(stack);
    REQUIRE(sk_X509_push(stack.get(), certificate.get()) == 1);
  }
  CHECK(X509_set_version(certificate.get(), 2) == 1); // a sanitiser reports a use after free
}
