#include "core/license/license_pkcs12.hpp"

#include "core/base/stray_ends.hpp"
#include "core/license/pkcs12_work.hpp"

#include <openssl/err.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace cm::core::detail {

namespace {

using outcome = boost::system::result<pkcs12_content, license_error>;

license_error failed(license_failure failure, std::string message) {
  return {failure, std::move(message), std::nullopt};
}

/// `unsupported`: the failure may be due to an algorithm that another library context supports.
struct attempt {
  outcome result;
  bool unsupported = false;
};

license_error wrong_password(const secret& password) {
  std::string message = "cannot be opened: the password is wrong";
  if (const auto ends = stray_ends(password.reveal()); !ends.empty())
    message += "; it " + std::string(ends) + ", which counts as a part of it";
  return failed(license_failure::wrong_password, std::move(message));
}

license_error too_much_work() {
  return failed(license_failure::malformed, "asks for an iteration count out of range");
}

/// Makes a library context the default one of this thread: OpenSSL 3.0 decrypts keys in the default context, whatever
/// context the file was read with.
class default_context {
public:
  explicit default_context(OSSL_LIB_CTX* library)
    : before_(library == nullptr ? nullptr : OSSL_LIB_CTX_set0_default(library)) {}

  ~default_context() {
    if (before_ != nullptr)
      OSSL_LIB_CTX_set0_default(before_);
  }

  default_context(const default_context&) = delete;
  default_context& operator=(const default_context&) = delete;

private:
  OSSL_LIB_CTX* before_;
};

struct free_bags {
  void operator()(STACK_OF(PKCS7) * p) const noexcept { sk_PKCS7_pop_free(p, PKCS7_free); }

  void operator()(STACK_OF(PKCS12_SAFEBAG) * p) const noexcept { sk_PKCS12_SAFEBAG_pop_free(p, PKCS12_SAFEBAG_free); }

  void operator()(PKCS8_PRIV_KEY_INFO* p) const noexcept { PKCS8_PRIV_KEY_INFO_free(p); }
};

using authsafes = std::unique_ptr<STACK_OF(PKCS7), free_bags>;
using safe_bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), free_bags>;
using key_info = std::unique_ptr<PKCS8_PRIV_KEY_INFO, free_bags>;

enum class reading { done, damaged, undecrypted, too_much };

/// Collects the private key and the certificates of a file. PKCS12_parse() does that too, but it computes what the file
/// asks for, and accepts no file without MAC.
class bag_reader {
public:
  /// @param password null: that of no bytes, which differs from the empty one
  bag_reader(const char* password, pkcs12_work& work) : password_(password), work_(work) {}

  reading read(const PKCS12* file) {
    const authsafes contents{PKCS12_unpack_authsafes(file)};
    if (!contents)
      return reading::damaged;
    for (int i = 0; i < sk_PKCS7_num(contents.get()); ++i) {
      if (const auto result = read(sk_PKCS7_value(contents.get(), i)); result != reading::done)
        return result;
    }
    return reading::done;
  }

  openssl_ptr<EVP_PKEY> key; ///< the first one
  certificates all;

private:
  static constexpr int max_depth = 4;

  reading read(PKCS7* content) {
    if (OBJ_obj2nid(content->type) == NID_pkcs7_data) {
      const safe_bags bags{PKCS12_unpack_p7data(content)};
      return bags ? read(bags.get(), 0) : reading::damaged;
    }
    if (OBJ_obj2nid(content->type) != NID_pkcs7_encrypted)
      return reading::done; // encrypted for a recipient, not by a password
    if (content->d.encrypted == nullptr || content->d.encrypted->enc_data == nullptr)
      return reading::damaged;
    if (!work_.add(content->d.encrypted->enc_data->algorithm))
      return reading::too_much;
    const safe_bags bags{PKCS12_unpack_p7encdata(content, password_, -1)};
    return bags ? read(bags.get(), 0) : reading::undecrypted;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by max_depth
  reading read(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      if (const auto result = read(sk_PKCS12_SAFEBAG_value(bags, i), depth); result != reading::done)
        return result;
    }
    return reading::done;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by max_depth
  reading read(const PKCS12_SAFEBAG* bag, int depth) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
      return take_key(PKCS12_SAFEBAG_get0_p8inf(bag));
    case NID_pkcs8ShroudedKeyBag:
      return decrypt_key(bag);
    case NID_certBag:
      if (PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate) {
        if (certificate_ptr certificate{PKCS12_SAFEBAG_get1_cert(bag)})
          all.push_back(std::move(certificate));
        else
          return reading::damaged;
      }
      return reading::done;
    case NID_safeContentsBag:
      return depth < max_depth ? read(PKCS12_SAFEBAG_get0_safes(bag), depth + 1) : reading::damaged;
    default:
      return reading::done;
    }
  }

  reading decrypt_key(const PKCS12_SAFEBAG* bag) {
    if (key)
      return reading::done;
    const auto* encrypted = PKCS12_SAFEBAG_get0_pkcs8(bag);
    if (encrypted == nullptr)
      return reading::damaged;
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(encrypted, &algorithm, nullptr);
    if (!work_.add(algorithm))
      return reading::too_much;
    const key_info decrypted{PKCS12_decrypt_skey(bag, password_, -1)};
    return decrypted ? take_key(decrypted.get()) : reading::undecrypted;
  }

  reading take_key(const PKCS8_PRIV_KEY_INFO* info) {
    if (info == nullptr)
      return reading::damaged;
    if (!key)
      key.reset(EVP_PKCS82PKEY(info));
    return key ? reading::done : reading::damaged;
  }

  const char* password_;
  pkcs12_work& work_;
};

enum class mac_result { match, match_without_bytes, mismatch, failed };

mac_result verify_mac(PKCS12* file, const secret& password) {
  ERR_clear_error();
  // Tools encode an empty password in two ways: as no bytes, or as a terminating zero.
  if (PKCS12_verify_mac(file, password.c_str(), -1) == 1)
    return mac_result::match;
  if (password.empty() && PKCS12_verify_mac(file, nullptr, 0) == 1)
    return mac_result::match_without_bytes;
  // OpenSSL queues an error only if it could not compute the MAC, not if the MAC differs.
  return ERR_peek_error() == 0 ? mac_result::mismatch : mac_result::failed;
}

/// Adds the work of the MAC. @return false if it is too much
bool add_mac(const PKCS12* file, pkcs12_work& work) {
  const ASN1_INTEGER* iterations = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, file);
  std::uint64_t count = 1;
  if (iterations != nullptr && ASN1_INTEGER_get_uint64(&count, iterations) != 1)
    return false;
  return work.add(std::optional{count}) && (algorithm == nullptr || work.add(algorithm));
}

/// Divides the certificates into the one that belongs to the key and the others.
attempt sort_out(openssl_ptr<EVP_PKEY> key, certificates all) {
  if (!key)
    return {failed(license_failure::no_key, "holds no private key")};
  if (all.empty())
    return {failed(license_failure::no_certificate, "holds no certificate")};
  pkcs12_content found;
  for (auto& certificate : all) {
    if (!found.certificate && X509_check_private_key(certificate.get(), key.get()) == 1)
      found.certificate = std::move(certificate);
    else
      found.others.push_back(std::move(certificate));
  }
  if (!found.certificate)
    return {failed(license_failure::key_mismatch, "holds no certificate that belongs to its private key")};
  return {std::move(found)};
}

attempt open_in(OSSL_LIB_CTX* library, std::string_view content, const secret& password) {
  const default_context in_force(library);
  const auto* cursor = reinterpret_cast<const unsigned char*>(content.data());
  PKCS12* raw = PKCS12_init_ex(NID_pkcs7_data, library, nullptr);
  // On failure d2i_PKCS12() frees `raw` and sets it to null.
  if (raw == nullptr || d2i_PKCS12(&raw, &cursor, static_cast<long>(content.size())) == nullptr)
    return {failed(license_failure::malformed, "is not a PKCS #12 file")};
  const openssl_ptr<PKCS12> file{raw};
  pkcs12_work work;
  const bool has_mac = PKCS12_mac_present(file.get()) == 1;
  const char* word = password.c_str();
  if (has_mac) {
    if (!add_mac(file.get(), work))
      return {too_much_work()};
    switch (verify_mac(file.get(), password)) {
    case mac_result::match:
      break;
    case mac_result::match_without_bytes:
      word = nullptr;
      break;
    case mac_result::mismatch:
      return {wrong_password(password)};
    case mac_result::failed:
      return {failed(license_failure::malformed, "has an integrity code (MAC) that cannot be checked"), true};
    }
  }
  bag_reader bags(word, work);
  switch (bags.read(file.get())) {
  case reading::done:
    return sort_out(std::move(bags.key), std::move(bags.all));
  case reading::too_much:
    return {too_much_work()};
  case reading::damaged:
    break;
  case reading::undecrypted:
    // Without a MAC only the decryption shows whether the password is right.
    if (!has_mac)
      return {wrong_password(password), true};
    break;
  }
  return {failed(license_failure::malformed, "is damaged or encrypted in a way that is not supported"), true};
}

/// Copies a certificate into the default library context, because its own context is about to be destroyed.
certificate_ptr copy_to_default_context(const certificate_ptr& certificate) {
  unsigned char* raw = nullptr;
  const int length = i2d_X509(certificate.get(), &raw);
  const openssl_ptr<unsigned char> der{raw};
  if (length <= 0)
    return nullptr;
  const unsigned char* cursor = der.get();
  return certificate_ptr{d2i_X509(nullptr, &cursor, length)};
}

outcome copy_to_default_context(outcome in) {
  if (!in)
    return in;
  pkcs12_content out;
  out.certificate = copy_to_default_context(in->certificate);
  for (const auto& certificate : in->others) {
    auto copy = copy_to_default_context(certificate);
    if (copy)
      out.others.push_back(std::move(copy));
  }
  if (!out.certificate)
    return failed(license_failure::malformed, "holds a certificate that cannot be read");
  return out;
}

} // namespace

outcome open_pkcs12(std::string_view content, const secret& password) {
  auto first = open_in(nullptr, content, password);
  if (!first.unsupported)
    return std::move(first.result);
  // RC2 and single DES are in the legacy provider, which must not be loaded into the default context of the process.
  const openssl_ptr<OSSL_LIB_CTX> library{OSSL_LIB_CTX_new()};
  if (!library)
    return std::move(first.result);
  const openssl_ptr<OSSL_PROVIDER> standard{OSSL_PROVIDER_load(library.get(), "default")};
  const openssl_ptr<OSSL_PROVIDER> legacy{OSSL_PROVIDER_load(library.get(), "legacy")};
  if (!standard || !legacy) {
    auto e = std::move(first.result).error();
    e.message += " (OpenSSL's legacy provider, which opens files of old tools, is not installed)";
    return e;
  }
  auto second = open_in(library.get(), content, password);
  return copy_to_default_context(std::move(second.result));
}

} // namespace cm::core::detail
