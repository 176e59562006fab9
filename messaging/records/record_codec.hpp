// The template definitions of record.hpp. Include it only in files that instantiate them.
//
// A function `bool fields(codec, record)` in the record's namespace lists the fields of a record once. The codec is one
// of the two classes below, so decoding and encoding always agree. Codec::of<Record> is Record or const Record, as the
// codec needs it.
#pragma once

#include "messaging/records/avro.hpp"
#include "messaging/records/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::messaging::detail {

class field_reader {
public:
  template <class Record>
  using of = Record;

  explicit field_reader(avro::reader& from) noexcept : from_(from) {}

  [[nodiscard]] bool number(std::int64_t& value) noexcept { return from_.read_long(value); }

  [[nodiscard]] bool number(std::int32_t& value) noexcept { return from_.read_int(value); }

  [[nodiscard]] bool string(std::string_view& value) noexcept { return from_.read_string(value); }

  [[nodiscard]] bool string_or_null(std::optional<std::string_view>& value) noexcept {
    return from_.read_string_or_null(value);
  }

  [[nodiscard]] bool null_or_string(std::optional<std::string_view>& value) noexcept {
    return from_.read_null_or_string(value);
  }

  [[nodiscard]] bool strings(std::vector<std::string_view>& value) noexcept { return from_.read_strings(value); }

  /// Reads the two first fields of every record, and keeps them for the error response if a later field is invalid.
  template <class Record>
  [[nodiscard]] bool origin(Record& record) noexcept {
    if (!string(record.correlation_id))
      return false;
    correlation_id_ = record.correlation_id;
    if (!number(record.timestamp))
      return false;
    timestamp_ = record.timestamp;
    return true;
  }

  [[nodiscard]] decode_failure failure() const noexcept { return {correlation_id_, timestamp_, from_.problem()}; }

private:
  avro::reader& from_;
  std::string_view correlation_id_;
  std::optional<std::int64_t> timestamp_;
};

class field_writer {
public:
  template <class Record>
  using of = const Record;

  explicit field_writer(std::string& out) noexcept : to_(out) {}

  bool number(std::int64_t value) {
    to_.write_long(value);
    return true;
  }

  bool number(std::int32_t value) {
    to_.write_int(value);
    return true;
  }

  bool string(std::string_view value) {
    to_.write_string(value);
    return true;
  }

  bool string_or_null(const std::optional<std::string_view>& value) {
    to_.write_string_or_null(value);
    return true;
  }

  bool null_or_string(const std::optional<std::string_view>& value) {
    to_.write_null_or_string(value);
    return true;
  }

  bool strings(const std::vector<std::string_view>& value) {
    to_.write_strings(value);
    return true;
  }

  template <class Record>
  bool origin(const Record& record) {
    return string(record.correlation_id) && number(record.timestamp);
  }

private:
  avro::writer to_;
};

/// correlationId, timestamp, timeout (contract section 4).
template <class Codec, class Record>
bool common_fields(Codec& codec, Record& record) {
  return codec.origin(record) && codec.number(record.timeout);
}

} // namespace cm::messaging::detail

namespace cm::messaging {

template <class Record>
decoded<Record> decode(std::string_view message) noexcept {
  avro::reader reader(message);
  detail::field_reader codec(reader);
  Record record;
  if (fields(codec, record) && !reader.at_end())
    reader.fail("bytes after the record");
  if (!reader.ok())
    return codec.failure();
  return record;
}

template <class Record>
void encode(const Record& record, std::string& out) {
  detail::field_writer codec(out);
  fields(codec, record);
}

} // namespace cm::messaging
