#include "storage/sql/row_values.hpp"

namespace cm::storage {

namespace {

constexpr char nothing = 0;

} // namespace

row_values::row_values(std::size_t columns, std::size_t rows) : columns_(columns), expected_(rows) {
  for (auto& column_values : columns_)
    column_values.nulls.reserve(rows);
}

std::size_t row_values::rows() const noexcept {
  return values_ / columns_.size();
}

row_values::column& row_values::next(bool null) {
  auto& to = columns_[values_++ % columns_.size()];
  to.nulls.push_back(null ? 1 : 0);
  return to;
}

void row_values::add(std::int64_t value) {
  auto& to = next(false);
  to.numbers.reserve(expected_);
  to.numbers.resize(to.nulls.size()); // earlier rows may be NULL
  to.numbers.back() = value;
}

void row_values::add_pointer(const void* data, std::size_t size, bool binary) {
  auto& to = next(false);
  to.is_text = !binary;
  to.is_binary = binary;
  to.pointers.reserve(expected_);
  to.lengths.reserve(expected_);
  to.pointers.resize(to.nulls.size(), &nothing);
  to.lengths.resize(to.nulls.size());
  to.pointers.back() = size == 0 ? &nothing : data;
  to.lengths.back() = size;
}

void row_values::add(std::string_view text) {
  add_pointer(text.data(), text.size(), false);
}

void row_values::add(std::span<const std::uint8_t> bytes) {
  add_pointer(bytes.data(), bytes.size(), true);
}

void row_values::add(core::timestamp at) {
  add(core::to_unix_ms(at));
}

void row_values::add(const std::optional<core::credential_status>& status) {
  if (status)
    add(static_cast<std::int64_t>(*status));
  else
    add_null();
}

void row_values::add_null() {
  auto& to = next(true);
  if (!to.numbers.empty())
    to.numbers.push_back(0);
  if (!to.pointers.empty()) {
    to.pointers.push_back(&nothing);
    to.lengths.push_back(0);
  }
}

} // namespace cm::storage
