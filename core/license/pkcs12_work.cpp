#include "core/license/pkcs12_work.hpp"

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string_view>

namespace cm::core::detail {

namespace {

// OpenSSL 3.0 has no number for PBMAC1.
constexpr std::string_view pbmac1 = "1.2.840.113549.1.5.14";

/// One step of scrypt for this much of N * r * p costs about as much as one iteration of PBKDF2. 16,384 * 8 * 1 is
/// usual.
constexpr std::uint64_t max_scrypt_work = std::uint64_t{1} << 22;

struct free_parameters {
  void operator()(PBEPARAM* p) const noexcept { PBEPARAM_free(p); }

  void operator()(PBE2PARAM* p) const noexcept { PBE2PARAM_free(p); }

  void operator()(PBKDF2PARAM* p) const noexcept { PBKDF2PARAM_free(p); }

  void operator()(SCRYPT_PARAMS* p) const noexcept { SCRYPT_PARAMS_free(p); }
};

template <class T>
using parameters = std::unique_ptr<T, free_parameters>;

template <class T>
parameters<T> unpack(const X509_ALGOR* algorithm, const ASN1_ITEM* as) {
  const ASN1_OBJECT* object = nullptr;
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE || value == nullptr)
    return nullptr;
  return parameters<T>{static_cast<T*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), as))};
}

std::optional<std::uint64_t> count_in(const ASN1_INTEGER* number) {
  std::uint64_t value = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&value, number) != 1 || value == 0)
    return std::nullopt;
  return value;
}

bool is_pbmac1(const ASN1_OBJECT* object) {
  std::array<char, 64> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return text.data() == pbmac1;
}

// scrypt's work, in iterations of PBKDF2.
std::optional<std::uint64_t> scrypt_work(const X509_ALGOR* derivation) {
  const auto scrypt = unpack<SCRYPT_PARAMS>(derivation, ASN1_ITEM_rptr(SCRYPT_PARAMS));
  if (!scrypt)
    return std::nullopt;
  const auto n = count_in(scrypt->costParameter);
  const auto r = count_in(scrypt->blockSize);
  const auto p = count_in(scrypt->parallelizationParameter);
  // Each below the limit, so that the product of three does not overflow 64 bits.
  if (!n || !r || !p || *n > max_scrypt_work || *r > 1024 || *p > 1024 || *n * *r * *p > max_scrypt_work)
    return std::nullopt;
  return *n * *r * *p;
}

// The form of PBES2 is that of PBMAC1 too: the derivation, and the algorithm that uses its key.
std::optional<std::uint64_t> derived_work(const X509_ALGOR* algorithm) {
  const auto both = unpack<PBE2PARAM>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  if (!both)
    return std::nullopt;
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, both->keyfunc);
  if (OBJ_obj2nid(object) == NID_id_scrypt)
    return scrypt_work(both->keyfunc);
  const auto pbkdf2 = unpack<PBKDF2PARAM>(both->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
  return pbkdf2 ? count_in(pbkdf2->iter) : std::nullopt;
}

} // namespace

bool pkcs12_work::add(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  const int number = OBJ_obj2nid(object);
  if (number == NID_pbes2 || is_pbmac1(object))
    return add(derived_work(algorithm));
  if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, number, nullptr, nullptr, nullptr) != 1)
    return true;
  const auto pbe = unpack<PBEPARAM>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
  return pbe && add(count_in(pbe->iter));
}

bool pkcs12_work::add(std::optional<std::uint64_t> iterations) {
  if (!iterations || *iterations == 0 || *iterations > max_iterations)
    return false;
  total_ += *iterations;
  return total_ <= max_total_iterations;
}

} // namespace cm::core::detail
