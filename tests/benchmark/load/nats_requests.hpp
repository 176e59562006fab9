// The requests of 16/ECAP that the load sends, encoded beforehand as far as they can be, and the answers to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::benchmark {

enum class token_order : std::uint8_t {
  uniform,    ///< any token of the range, again and again
  sequential, ///< one after the other, then from the beginning
  once,       ///< one after the other, then no more
};

/// One kind of requests: tokens <prefix><index, 8 digits>, or requests of a file.
struct range_options {
  std::string name;
  std::string prefix;
  std::string file; ///< 4 bytes big-endian length and the Avro of a request, again and again; instead of tokens
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  token_order order = token_order::uniform;
  double weight = 1;
  std::optional<int> expect; ///< the only status that is right
};

/// Reads name=…,prefix=…,first=…,count=…,order=…,weight=…,expect=…,file=…; throws std::runtime_error.
[[nodiscard]] range_options parse_range(std::string_view text);

/// Where the answers go: "<inbox>.<slot, 5 digits><sequence, 8 digits>", hexadecimal.
inline constexpr std::size_t slot_digits = 5;
inline constexpr std::size_t sequence_digits = 8;
inline constexpr std::uint32_t max_slots = 1U << (4 * slot_digits);

/// Eight lower-case hexadecimal digits as they lie in memory: to be copied and compared as one number.
[[nodiscard]] std::uint64_t hex_of(std::uint32_t value) noexcept;

/// Five of them, written to `out`.
void write_slot(std::uint32_t slot, char* out) noexcept;

/// The slot in five hexadecimal digits; max_slots where they are none.
[[nodiscard]] std::uint32_t read_slot(const char* digits) noexcept;

/// A whole PUB command with places to fill in; 0 is no such place.
struct request_template {
  std::string bytes;
  std::string correlation_id;  ///< without what the sequence number overwrites
  std::size_t slot_at = 0;     ///< of the reply subject, with the sequence number behind it
  std::size_t sequence_at = 0; ///< of the correlation ID
  std::size_t time_at = 0;     ///< six bytes of Avro
  std::size_t index_at = 0;    ///< of the token
};

/// A validation of the token <prefix><8 digits> of an application.
[[nodiscard]] request_template token_request(std::string_view subject, std::string_view inbox,
                                             std::string_view application, std::string_view prefix);

/// The requests of a file as they are; throws std::runtime_error.
[[nodiscard]] std::vector<request_template> file_requests(std::string_view subject, std::string_view inbox,
                                                          const std::string& file);

/// Writes the present Unix time to a template.
void write_time(request_template& to, std::int64_t unix_ms) noexcept;

/// Eight decimal digits.
void write_index(std::uint64_t index, char* out) noexcept;

/// What matters of a response to a validation: of tokens, passwords and certificates alike. Views into it.
struct validation_answer {
  std::string_view correlation_id;
  int status = 0;
};

/// Nothing where the bytes are no such record, to the last byte.
[[nodiscard]] std::optional<validation_answer> decode_answer(std::string_view bytes) noexcept;

} // namespace cm::benchmark
