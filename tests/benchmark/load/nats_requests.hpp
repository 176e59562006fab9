// The 16/ECAP requests of the load generator, pre-encoded as far as possible, and their answers.
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
  uniform,    ///< random tokens of the range
  sequential, ///< one after the other, repeatedly
  once,       ///< one after the other, once
};

/// One kind of requests: tokens <prefix><index, 8 digits>, or requests from a file.
struct range_options {
  std::string name;
  std::string prefix;
  std::string file; ///< instead of tokens: a sequence of requests, each 4 bytes of big-endian length and its Avro
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  token_order order = token_order::uniform;
  double weight = 1;
  std::optional<int> expect; ///< the only expected status
};

/// Reads name=…,prefix=…,first=…,count=…,order=…,weight=…,expect=…,file=…; throws std::runtime_error.
[[nodiscard]] range_options parse_range(std::string_view text);

/// Reply subjects are "<inbox>.<slot, 5 digits><sequence, 8 digits>", hexadecimal.
inline constexpr std::size_t slot_digits = 5;
inline constexpr std::size_t sequence_digits = 8;
inline constexpr std::uint32_t max_slots = 1U << (4 * slot_digits);

/// Eight lower-case hexadecimal digits in memory order, to be copied and compared as one number.
[[nodiscard]] std::uint64_t hex_of(std::uint32_t value) noexcept;

/// Writes five hexadecimal digits to `out`.
void write_slot(std::uint32_t slot, char* out) noexcept;

/// Parses a slot of five hexadecimal digits; max_slots if they are invalid.
[[nodiscard]] std::uint32_t read_slot(const char* digits) noexcept;

/// A whole PUB command with fields to fill in, given by their offsets; 0: no such field.
struct request_template {
  std::string bytes;
  std::string correlation_id;  ///< without the digits that the sequence number overwrites
  std::size_t slot_at = 0;     ///< in the reply subject, followed by the sequence number
  std::size_t sequence_at = 0; ///< in the correlation ID
  std::size_t time_at = 0;     ///< six bytes of Avro
  std::size_t index_at = 0;    ///< in the token
};

/// A validation of the token <prefix><8 digits> of an application.
[[nodiscard]] request_template token_request(std::string_view subject, std::string_view inbox,
                                             std::string_view application, std::string_view prefix);

/// Reads the requests of a file; throws std::runtime_error.
[[nodiscard]] std::vector<request_template> file_requests(std::string_view subject, std::string_view inbox,
                                                          const std::string& file);

/// Writes the current Unix time to a template.
void write_time(request_template& to, std::int64_t unix_ms) noexcept;

/// Writes eight decimal digits.
void write_index(std::uint64_t index, char* out) noexcept;

/// The relevant fields of a response to a validation of any kind. The views refer to the message.
struct validation_answer {
  std::string_view correlation_id;
  int status = 0;
};

/// nullopt if the bytes are not exactly such a record.
[[nodiscard]] std::optional<validation_answer> decode_answer(std::string_view bytes) noexcept;

} // namespace cm::benchmark
