#include "messaging/records/avro.hpp"

#include "core/base/text.hpp"

#include <limits>

namespace cm::messaging::avro {

namespace {

constexpr unsigned bits_of_a_byte = 7;   // payload bits per byte of a variable-length integer
constexpr unsigned last_byte_shift = 63; // the tenth byte only contains bit 63

} // namespace

bool reader::fail(std::string_view static_text) noexcept {
  if (problem_.empty())
    problem_ = static_text;
  return false;
}

bool reader::read_long(std::int64_t& out) noexcept {
  if (!ok())
    return false;
  std::uint64_t raw = 0;
  for (unsigned shift = 0; shift <= last_byte_shift; shift += bits_of_a_byte) {
    if (left() == 0)
      return fail("ends within a number");
    const auto byte = static_cast<std::uint8_t>(bytes_[at_++]);
    if (shift == last_byte_shift && byte > 1)
      return fail("number beyond 64 bits");
    raw |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      // Zig-zag: the lowest bit is the sign. Unsigned arithmetic cannot overflow.
      out = static_cast<std::int64_t>((raw >> 1U) ^ (0 - (raw & 1U)));
      return true;
    }
  }
  return fail("number longer than 10 bytes");
}

bool reader::read_int(std::int32_t& out) noexcept {
  std::int64_t value = 0;
  if (!read_long(value))
    return false;
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    return fail("number beyond 32 bits");
  out = static_cast<std::int32_t>(value);
  return true;
}

bool reader::read_string(std::string_view& out) noexcept {
  std::int64_t length = 0;
  if (!read_long(length))
    return false;
  if (length < 0)
    return fail("negative length of a string");
  if (static_cast<std::uint64_t>(length) > left())
    return fail("string longer than the message");
  const auto text = bytes_.substr(at_, static_cast<std::size_t>(length));
  if (!core::is_utf8(text))
    return fail("string is not valid UTF-8");
  at_ += text.size();
  out = text;
  return true;
}

bool reader::read_branch(std::uint32_t branches, std::uint32_t& out) noexcept {
  std::int64_t index = 0;
  if (!read_long(index))
    return false;
  if (index < 0 || index >= static_cast<std::int64_t>(branches))
    return fail("no such branch of a union");
  out = static_cast<std::uint32_t>(index);
  return true;
}

bool reader::read_optional(std::uint32_t string_branch, std::optional<std::string_view>& out) noexcept {
  std::uint32_t branch = 0;
  if (!read_branch(2, branch))
    return false;
  if (branch != string_branch) {
    out.reset();
    return true;
  }
  std::string_view text;
  if (!read_string(text))
    return false;
  out = text;
  return true;
}

bool reader::read_string_or_null(std::optional<std::string_view>& out) noexcept {
  return read_optional(0, out);
}

bool reader::read_null_or_string(std::optional<std::string_view>& out) noexcept {
  return read_optional(1, out);
}

bool reader::read_block(std::size_t count, std::vector<std::string_view>& out) noexcept {
  for (; count > 0; --count) {
    std::string_view text;
    if (!read_string(text))
      return false;
    out.push_back(text);
  }
  return true;
}

bool reader::read_strings(std::vector<std::string_view>& out) noexcept {
  std::vector<std::string_view> items;
  for (;;) {
    std::int64_t count = 0;
    if (!read_long(count))
      return false;
    if (count == 0) {
      out = std::move(items);
      return true;
    }
    std::optional<std::size_t> block_end;
    if (count < 0) {
      // A negative count means that the size of the block in bytes follows. Checked before the negation, because the
      // smallest number has no positive counterpart.
      if (count < -static_cast<std::int64_t>(max_array_items))
        return fail("array with too many items");
      count = -count;
      std::int64_t bytes = 0;
      if (!read_long(bytes))
        return false;
      if (bytes < 0 || static_cast<std::uint64_t>(bytes) > left())
        return fail("array block longer than the message");
      block_end = at_ + static_cast<std::size_t>(bytes);
    }
    if (static_cast<std::uint64_t>(count) > max_array_items - items.size())
      return fail("array with too many items");
    if (static_cast<std::uint64_t>(count) > left()) // an item has at least one byte
      return fail("array longer than the message");
    if (!read_block(static_cast<std::size_t>(count), items))
      return false;
    if (block_end && *block_end != at_)
      return fail("array block of another size than announced");
  }
}

void writer::write_long(std::int64_t value) {
  auto raw = (static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
  while (raw > 0x7FU) {
    out_.push_back(static_cast<char>(static_cast<std::uint8_t>(raw) | 0x80U));
    raw >>= bits_of_a_byte;
  }
  out_.push_back(static_cast<char>(raw));
}

void writer::write_string(std::string_view value) {
  write_long(static_cast<std::int64_t>(value.size()));
  out_.append(value);
}

void writer::write_string_or_null(const std::optional<std::string_view>& value) {
  write_long(value ? 0 : 1);
  if (value)
    write_string(*value);
}

void writer::write_null_or_string(const std::optional<std::string_view>& value) {
  write_long(value ? 1 : 0);
  if (value)
    write_string(*value);
}

void writer::write_strings(std::span<const std::string_view> values) {
  if (!values.empty()) {
    write_long(static_cast<std::int64_t>(values.size()));
    for (const auto value : values)
      write_string(value);
  }
  write_long(0);
}

} // namespace cm::messaging::avro
