#include "nats_requests.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace cm::benchmark {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr auto byte_digits = [] {
  std::array<std::array<char, 2>, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {hex_digits[i >> 4U], hex_digits[i & 15U]};
  return out;
}();

constexpr auto pair_digits = [] {
  std::array<std::array<char, 2>, 100> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  return out;
}();

void append_long(std::string& to, std::int64_t value) {
  auto left = (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
  for (; left > 127; left >>= 7U)
    to += static_cast<char>(left | 128U);
  to += static_cast<char>(left);
}

void append_string(std::string& to, std::string_view text) {
  append_long(to, static_cast<std::int64_t>(text.size()));
  to += text;
}

struct avro_reader {
  const char* at = nullptr;
  const char* end = nullptr;
  bool ok = true;

  std::int64_t read_long() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at++);
      value |= std::uint64_t{byte & 127U} << shift;
      if (byte < 128)
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }
    ok = false;
    return 0;
  }

  std::string_view read_string() noexcept {
    const auto size = read_long();
    if (!ok || size < 0 || size > end - at) {
      ok = false;
      return {};
    }
    const std::string_view out(at, static_cast<std::size_t>(size));
    at += size;
    return out;
  }

  void skip_union(std::int64_t string_branch) noexcept {
    const auto branch = read_long();
    if (branch == string_branch)
      read_string();
    else if (branch != 1 - string_branch)
      ok = false;
  }
};

/// PUB <subject> <inbox>.<slot><sequence> <size>\r\n<payload>\r\n
request_template command(std::string_view subject, std::string_view inbox, std::string_view payload,
                         std::size_t& payload_at) {
  request_template out;
  out.bytes = "PUB " + std::string(subject) + " " + std::string(inbox) + ".";
  out.slot_at = out.bytes.size();
  out.bytes += std::string(slot_digits + sequence_digits, '0') + " " + std::to_string(payload.size()) + "\r\n";
  payload_at = out.bytes.size();
  out.bytes += payload;
  out.bytes += "\r\n";
  return out;
}

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

token_order order_of(std::string_view text) {
  if (text == "uniform")
    return token_order::uniform;
  if (text == "sequential")
    return token_order::sequential;
  if (text == "once")
    return token_order::once;
  throw std::runtime_error("order is uniform, sequential or once, not " + std::string(text));
}

} // namespace

range_options parse_range(std::string_view text) {
  range_options out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      throw std::runtime_error("a range is name=…,count=…, not " + std::string(part));
    const auto key = part.substr(0, equals);
    const auto value = part.substr(equals + 1);
    if (key == "name")
      out.name = value;
    else if (key == "prefix")
      out.prefix = value;
    else if (key == "file")
      out.file = value;
    else if (key == "first")
      out.first = number<std::uint64_t>(value);
    else if (key == "count")
      out.count = number<std::uint64_t>(value);
    else if (key == "order")
      out.order = order_of(value);
    else if (key == "weight")
      out.weight = number<double>(value);
    else if (key == "expect")
      out.expect = number<int>(value);
    else
      throw std::runtime_error("a range has no " + std::string(key));
  }
  if (out.name.empty() || (out.file.empty() && out.count == 0) || out.first + out.count > 100'000'000)
    throw std::runtime_error("a range needs a name, and a file or a count; indexes have eight digits");
  return out;
}

std::uint64_t hex_of(std::uint32_t value) noexcept {
  std::array<char, sequence_digits> digits{};
  for (std::size_t i = 0; i < 4; ++i)
    std::memcpy(digits.data() + 2 * i, byte_digits[(value >> (24U - 8U * i)) & 255U].data(), 2);
  std::uint64_t out = 0;
  std::memcpy(&out, digits.data(), sizeof out);
  return out;
}

void write_slot(std::uint32_t slot, char* out) noexcept {
  out[0] = hex_digits[(slot >> 16U) & 15U];
  std::memcpy(out + 1, byte_digits[(slot >> 8U) & 255U].data(), 2);
  std::memcpy(out + 3, byte_digits[slot & 255U].data(), 2);
}

std::uint32_t read_slot(const char* digits) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < slot_digits; ++i) {
    const char c = digits[i];
    const auto digit = static_cast<std::uint32_t>(c >= 'a' ? c - 'a' + 10 : c - '0');
    if (digit > 15)
      return max_slots;
    value = (value << 4U) | digit;
  }
  return value;
}

request_template token_request(std::string_view subject, std::string_view inbox, std::string_view application,
                               std::string_view prefix) {
  // A UUID, as consumers send it; its last eight digits are the sequence number.
  constexpr std::string_view correlation_id = "0be4c4a0-0000-4000-8000-000000000000";
  std::string payload;
  append_string(payload, correlation_id);
  const auto sequence_at = payload.size() - sequence_digits;
  const auto time_at = payload.size();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  append_long(payload, std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  append_long(payload, 0);
  append_string(payload, application);
  append_string(payload, std::string(prefix) + "00000000");
  std::size_t payload_at = 0;
  auto out = command(subject, inbox, payload, payload_at);
  out.correlation_id = correlation_id.substr(0, correlation_id.size() - sequence_digits);
  out.sequence_at = payload_at + sequence_at;
  out.time_at = payload_at + time_at;
  out.index_at = payload_at + payload.size() - 8;
  return out;
}

std::vector<request_template> file_requests(std::string_view subject, std::string_view inbox, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<request_template> out;
  for (std::size_t position = 0; position < all.size();) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && position < all.size(); ++i)
      size = (size << 8U) | static_cast<unsigned char>(all[position++]);
    if (size > all.size() - position)
      throw std::runtime_error(file + " ends in the middle of a request");
    const std::string_view payload(all.data() + position, size);
    avro_reader reader{payload.data(), payload.data() + payload.size()};
    std::size_t payload_at = 0;
    out.push_back(command(subject, inbox, payload, payload_at));
    out.back().correlation_id = reader.read_string();
    if (!reader.ok)
      throw std::runtime_error(file + " has a request without a correlation ID");
    position += size;
  }
  if (out.empty())
    throw std::runtime_error(file + " has no requests");
  return out;
}

void write_time(request_template& to, std::int64_t unix_ms) noexcept {
  if (to.time_at == 0)
    return;
  std::string encoded;
  append_long(encoded, unix_ms);
  if (encoded.size() == 6) // the encoded size from 2004 to 2109
    std::memcpy(to.bytes.data() + to.time_at, encoded.data(), 6);
}

void write_index(std::uint64_t index, char* out) noexcept {
  for (std::size_t i = 4; i-- > 0; index /= 100)
    std::memcpy(out + 2 * i, pair_digits[index % 100].data(), 2);
}

std::optional<validation_answer> decode_answer(std::string_view bytes) noexcept {
  avro_reader reader{bytes.data(), bytes.data() + bytes.size()};
  validation_answer out;
  out.correlation_id = reader.read_string();
  reader.read_long();
  reader.read_long();
  reader.skip_union(0);
  reader.skip_union(0);
  const auto status = reader.read_long();
  reader.skip_union(1);
  if (!reader.ok || reader.at != reader.end || status < 100 || status > 599)
    return std::nullopt;
  out.status = static_cast<int>(status);
  return out;
}

} // namespace cm::benchmark
