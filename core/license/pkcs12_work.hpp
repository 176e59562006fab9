// Bounds the work that a PKCS #12 file may ask for. Internal to the license check.
#pragma once

#include <openssl/pkcs12.h>

#include <cstdint>
#include <optional>

namespace cm::core::detail {

/// Iterations of one key derivation: as many as the JDK permits. Common tools write 2,000 to 600,000.
inline constexpr std::uint64_t max_iterations = 5'000'000;

/// Iterations of all key derivations of a file: some seconds of CPU time. A file of the permitted size could ask for
/// thousands of derivations.
inline constexpr std::uint64_t max_total_iterations = 10'000'000;

/// Adds up what the derivations of one file cost, before they are computed.
class pkcs12_work {
public:
  /// @param algorithm of an encryption or a MAC: one of PKCS #12 or PKCS #5 with an iteration count, PBES2 or PBMAC1
  /// with
  ///        PBKDF2 or scrypt. Others cost nothing, since OpenSSL knows no other.
  /// @return false if it asks for more than permitted, or its parameters cannot be read
  [[nodiscard]] bool add(const X509_ALGOR* algorithm);

  /// The iteration count of a MAC in the form of PKCS #12.
  [[nodiscard]] bool add(std::optional<std::uint64_t> iterations);

private:
  std::uint64_t total_ = 0;
};

} // namespace cm::core::detail
