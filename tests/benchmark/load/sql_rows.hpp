// The rows that sql_load reads and writes: all columns are derived from the row's number.
#pragma once

#include "sql_options.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace cm::benchmark {

/// One row of endpoint_token.
struct sql_row {
  std::array<unsigned char, 16> id{}; ///< a version 7 UUID, ascending with the number
  std::array<unsigned char, 32> hash{};
  std::string endpoint;
  std::int64_t created_at = 0; ///< Unix ms
};

/// Generates rows according to the options. Not thread-safe: every thread has its own.
class row_rule {
public:
  explicit row_rule(const sql_options& options);
  ~row_rule();
  row_rule(const row_rule&) = delete;
  row_rule(row_rule&&) = delete;
  row_rule& operator=(const row_rule&) = delete;
  row_rule& operator=(row_rule&&) = delete;

  [[nodiscard]] std::array<unsigned char, 16> id_of(std::uint64_t number) const noexcept;

  /// SHA-256, or HMAC-SHA-256 with the key of the options, over the length of the application (4 bytes, most
  /// significant first), the application and the token: what CM stores.
  [[nodiscard]] std::array<unsigned char, 32> hash_of(std::uint64_t number);

  [[nodiscard]] sql_row row_of(std::uint64_t number);

private:
  struct digest;
  const sql_options& options_;
  std::string text_; ///< length and application, followed by space for the token
  std::size_t token_at_ = 0;
  std::unique_ptr<digest> digest_;
};

/// A permutation of 0 to n-1 that matches no index order; the same for all threads.
class scattered {
public:
  explicit scattered(std::uint64_t n) noexcept;

  [[nodiscard]] std::uint64_t operator[](std::uint64_t index) const noexcept;

private:
  std::uint64_t n_;
  std::uint64_t step_;
};

} // namespace cm::benchmark
