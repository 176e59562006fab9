// The part of Avro's binary encoding (specification 1.11, "Binary Encoding") that the records of contract section 4
// use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::messaging::avro {

/// Maximum number of items in an array. That many UUIDs exceed a NATS message (1 MiB) by far, so the limit only bounds
/// the memory that a malicious array of empty strings can make CM allocate.
inline constexpr std::size_t max_array_items = 65'536;

/// Reads from bytes that it does not own; never past their end. The first failure is sticky: every later read fails
/// too. A failed read does not change its output, but outputs of earlier reads may not be meaningful. Never throws;
/// allocates only in read_strings. Not thread-safe.
class reader {
public:
  explicit reader(std::string_view bytes) noexcept : bytes_(bytes) {}

  explicit reader(std::span<const std::byte> bytes) noexcept
    : bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

  /// Reads a zig-zag variable-length integer of at most 10 bytes; refuses one that exceeds 64 bits.
  [[nodiscard]] bool read_long(std::int64_t& out) noexcept;

  /// Reads the same encoding; refuses values that exceed 32 bits.
  [[nodiscard]] bool read_int(std::int32_t& out) noexcept;

  /// Reads a string as a view into the input; refuses invalid UTF-8.
  [[nodiscard]] bool read_string(std::string_view& out) noexcept;

  /// Reads the branch index of a union; refuses an index of `branches` or more.
  [[nodiscard]] bool read_branch(std::uint32_t branches, std::uint32_t& out) noexcept;

  /// `["string","null"]`: branch 0 is the string.
  [[nodiscard]] bool read_string_or_null(std::optional<std::string_view>& out) noexcept;

  /// `["null","string"]`: branch 0 is null.
  [[nodiscard]] bool read_null_or_string(std::optional<std::string_view>& out) noexcept;

  /// Reads an array of strings in any number of blocks, with or without byte sizes; at most max_array_items in total.
  [[nodiscard]] bool read_strings(std::vector<std::string_view>& out) noexcept;

  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }

  /// False after the first failure.
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }

  /// Describes the first failure, for the log: static text that contains nothing from the input; empty while ok().
  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }

  /// Puts the reader into the failed state, for errors that the caller finds. Always returns false.
  bool fail(std::string_view static_text) noexcept;

private:
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }

  [[nodiscard]] bool read_optional(std::uint32_t string_branch, std::optional<std::string_view>& out) noexcept;
  [[nodiscard]] bool read_block(std::size_t count, std::vector<std::string_view>& out) noexcept;

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string_view problem_;
};

/// The number of bytes that writer::write_long appends for `value`.
[[nodiscard]] constexpr std::size_t size_of_long(std::int64_t value) noexcept {
  constexpr unsigned bits_per_byte = 7;
  auto raw = (static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
  std::size_t bytes = 1;
  while ((raw >>= bits_per_byte) != 0)
    ++bytes;
  return bytes;
}

/// The number of bytes that writer::write_string appends for `value`.
[[nodiscard]] constexpr std::size_t size_of_string(std::string_view value) noexcept {
  return size_of_long(static_cast<std::int64_t>(value.size())) + value.size();
}

/// Appends to a buffer that it does not own, so that callers can reuse it. Precondition: strings are valid UTF-8.
class writer {
public:
  explicit writer(std::string& out) noexcept : out_(out) {}

  void write_long(std::int64_t value);

  void write_int(std::int32_t value) { write_long(value); }

  void write_string(std::string_view value);
  void write_string_or_null(const std::optional<std::string_view>& value);
  void write_null_or_string(const std::optional<std::string_view>& value);

  /// Writes one block and the end marker; only the end marker for an empty array.
  void write_strings(std::span<const std::string_view> values);

private:
  std::string& out_;
};

} // namespace cm::messaging::avro
