// Avro's binary encoding (specification 1.11, "Binary Encoding"), as far as the records of contract section 4 need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::messaging::avro {

/// Most items that an array may have; more is refused. A revocation of that many tokens is far beyond one message of
/// NATS (1 MiB) with UUIDs in it, so the limit only bounds what a hostile array of empty strings can make us allocate.
inline constexpr std::size_t max_array_items = 65'536;

/// Reads from bytes that it does not own. The first failure sticks: every later read fails too, and nothing is ever
/// read past the end. What was read into an output before a failure is unspecified; a failed read leaves it alone.
/// Never throws; allocates only in read_strings.
class reader {
public:
  explicit reader(std::string_view bytes) noexcept : bytes_(bytes) {}

  explicit reader(std::span<const std::byte> bytes) noexcept
    : bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

  /// Zig-zag variable-length integer of at most 10 bytes; one that does not fit 64 bits is refused.
  [[nodiscard]] bool read_long(std::int64_t& out) noexcept;

  /// The same, refused beyond 32 bits.
  [[nodiscard]] bool read_int(std::int32_t& out) noexcept;

  /// A view into the input; well-formed UTF-8 only.
  [[nodiscard]] bool read_string(std::string_view& out) noexcept;

  /// The index of a union's branch; refused unless it is below `branches`.
  [[nodiscard]] bool read_branch(std::uint32_t branches, std::uint32_t& out) noexcept;

  /// `["string","null"]`: branch 0 is the string.
  [[nodiscard]] bool read_string_or_null(std::optional<std::string_view>& out) noexcept;

  /// `["null","string"]`: branch 0 is null.
  [[nodiscard]] bool read_null_or_string(std::optional<std::string_view>& out) noexcept;

  /// An array of strings in any number of blocks, with or without byte sizes; at most max_array_items in all.
  [[nodiscard]] bool read_strings(std::vector<std::string_view>& out) noexcept;

  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }

  /// False after the first failure.
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }

  /// What the first failure was, for a log; static text without anything of the input; empty while ok().
  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }

  /// Makes the reader fail, as a caller that found a fault of its own does. Always returns false.
  bool fail(std::string_view static_text) noexcept;

private:
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }

  [[nodiscard]] bool read_optional(std::uint32_t string_branch, std::optional<std::string_view>& out) noexcept;
  [[nodiscard]] bool read_block(std::size_t count, std::vector<std::string_view>& out) noexcept;

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string_view problem_;
};

/// Bytes that writer::write_long appends for `value`.
[[nodiscard]] constexpr std::size_t size_of_long(std::int64_t value) noexcept {
  constexpr unsigned bits_per_byte = 7;
  auto raw = (static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
  std::size_t bytes = 1;
  while ((raw >>= bits_per_byte) != 0)
    ++bytes;
  return bytes;
}

/// Bytes that writer::write_string appends for `value`.
[[nodiscard]] constexpr std::size_t size_of_string(std::string_view value) noexcept {
  return size_of_long(static_cast<std::int64_t>(value.size())) + value.size();
}

/// Appends to a buffer that it does not own and that callers reuse. Strings must be valid UTF-8 already.
class writer {
public:
  explicit writer(std::string& out) noexcept : out_(out) {}

  void write_long(std::int64_t value);

  void write_int(std::int32_t value) { write_long(value); }

  void write_string(std::string_view value);
  void write_string_or_null(const std::optional<std::string_view>& value);
  void write_null_or_string(const std::optional<std::string_view>& value);

  /// One block and the end mark; only the end mark for an empty array.
  void write_strings(std::span<const std::string_view> values);

private:
  std::string& out_;
};

} // namespace cm::messaging::avro
