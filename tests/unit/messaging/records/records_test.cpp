#include "avro_json.hpp"
#include "catch.hpp"

// Header-only Boost.JSON: this program links no module that provides the library.
#include <boost/json/src.hpp>

#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>

using namespace cm;
using namespace cm::test;

namespace {

boost::json::value vectors() {
  std::ifstream file(CM_SOURCE_DIR "/tests/vectors/avro.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return boost::json::parse(text);
}

/// Owns the random texts to which a record refers.
class random_values {
public:
  explicit random_values(std::uint64_t seed) : random_(seed) {}

  void operator()(std::string_view /*name*/, std::string_view& out) { out = text(); }

  void operator()(std::string_view /*name*/, std::int64_t& out) {
    out = static_cast<std::int64_t>(random_() >> (random_() % 64));
    if (random_() % 4 == 0)
      out = -out;
  }

  void operator()(std::string_view /*name*/, std::int32_t& out) { out = static_cast<std::int32_t>(random_()); }

  void operator()(std::string_view /*name*/, std::optional<std::string_view>& out) {
    out.reset();
    if (random_() % 3 != 0)
      out = text();
  }

  void operator()(std::string_view /*name*/, std::vector<std::string_view>& out) {
    out.clear();
    for (auto left = random_() % 100; left > 0; --left)
      out.push_back(text());
  }

private:
  std::string_view text() {
    static constexpr std::array<std::string_view, 8> pieces{
      "a", "Z", "\xc3\xa4", "\xe9\x8d\xb5", "\xf0\x9f\x94\x91", std::string_view("\0", 1), "\n", "7d5dda9b-c9f6"};
    auto& out = kept_.emplace_back(std::make_unique<std::string>());
    for (auto left = random_() % (random_() % 10 == 0 ? 200 : 12); left > 0; --left)
      *out += pieces[random_() % pieces.size()];
    return *out;
  }

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

template <class Record>
std::string encoded_record(const Record& record) {
  std::string out;
  messaging::encode(record, out);
  return out;
}

/// Decodes from a buffer of exactly the message's size, so that a sanitizer detects reads past the end.
template <class Record>
bool decodes(const Record& /*which*/, std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return messaging::decode<Record>({exact.data(), exact.size()}).has_value();
}

} // namespace

TEST_CASE("every valid test vector decodes to its value and encodes to its bytes") {
  const auto all = vectors();
  std::size_t seen = 0;
  for (const auto& vector : all.at("good").as_array()) {
    INFO(vector.at("record") << ": " << vector.at("note"));
    const auto bytes = from_hex(view(vector.at("hex")));
    REQUIRE(with_record(view(vector.at("record")), [&](auto record) {
      using record_type = decltype(record);
      const auto decoded = messaging::decode<record_type>(bytes);
      REQUIRE(decoded.has_value());
      CHECK(boost::json::value(record_to_json(*decoded)) == vector.at("value"));
      record_from_json(vector.at("value").as_object(), record);
      CHECK(record == *decoded);
      CHECK(to_hex(encoded_record(record)) == view(vector.at("hex")));
    }));
    ++seen;
  }
  CHECK(seen == 23);
}

TEST_CASE("every invalid test vector is refused") {
  const auto all = vectors();
  CHECK(all.at("bad").as_array().size() == 9);
  for (const auto& vector : all.at("bad").as_array()) {
    INFO(vector.at("record") << ": " << vector.at("note"));
    REQUIRE(with_record(view(vector.at("record")),
                        [&](auto record) { CHECK_FALSE(decodes(record, from_hex(view(vector.at("hex"))))); }));
  }
}

TEST_CASE("every truncation of a valid message, and every additional byte after it, is refused") {
  const auto all = vectors();
  for (const auto& vector : all.at("good").as_array()) {
    INFO(vector.at("record") << ": " << vector.at("note"));
    const auto bytes = from_hex(view(vector.at("hex")));
    with_record(view(vector.at("record")), [&](auto record) {
      for (std::size_t length = 0; length < bytes.size(); ++length)
        REQUIRE_FALSE(decodes(record, std::string_view(bytes).substr(0, length)));
      REQUIRE_FALSE(decodes(record, bytes + '\0'));
      REQUIRE_FALSE(decodes(record, bytes + 'x'));
    });
  }
}

TEST_CASE("a message with one changed byte is refused, or decodes to a record that encodes to the same meaning") {
  const auto all = vectors();
  for (const auto& vector : all.at("good").as_array()) {
    const auto bytes = from_hex(view(vector.at("hex")));
    with_record(view(vector.at("record")), [&](auto record) {
      using record_type = decltype(record);
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned value = 0; value < 256; ++value) {
          auto changed = bytes;
          changed[at] = static_cast<char>(value);
          const auto decoded = messaging::decode<record_type>(changed);
          if (!decoded)
            continue;
          const auto again = encoded_record(*decoded);
          const auto same = messaging::decode<record_type>(again);
          REQUIRE(same.has_value());
          REQUIRE(*same == *decoded);
        }
      }
    });
  }
}

TEST_CASE("random records of every type survive encoding and decoding") {
  for_each_record([](std::string_view protocol, auto record) {
    INFO(protocol << '.' << record.avro_name);
    using record_type = decltype(record);
    std::string buffer = "kept"; // encode appends
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      random_values values(seed);
      for_each_field(record, std::ref(values));
      buffer.resize(4);
      messaging::encode(record, buffer);
      REQUIRE(buffer.starts_with("kept"));
      const auto decoded = messaging::decode<record_type>(std::string_view(buffer).substr(4));
      REQUIRE(decoded.has_value());
      REQUIRE(*decoded == record);
    }
  });
}

TEST_CASE("a decode failure contains the correlation ID and timestamp if they could be read") {
  messaging::ecap::endpoint_token_validation_request request;
  request.correlation_id = "abc";
  request.timestamp = 1763821020123;
  request.app_name = "app";
  request.token = "t";
  const auto whole = encoded_record(request);
  using request_type = messaging::ecap::endpoint_token_validation_request;

  const auto nothing = messaging::decode<request_type>(std::string_view(whole).substr(0, 3));
  REQUIRE(nothing.has_error());
  CHECK(nothing.error().correlation_id.empty());
  CHECK_FALSE(nothing.error().timestamp);

  const auto id_only = messaging::decode<request_type>(std::string_view(whole).substr(0, 5));
  REQUIRE(id_only.has_error());
  CHECK(id_only.error().correlation_id == "abc");
  CHECK_FALSE(id_only.error().timestamp);

  for (const auto& bytes : {whole.substr(0, whole.size() - 1), whole + "x"}) {
    const auto both = messaging::decode<request_type>(bytes);
    REQUIRE(both.has_error());
    CHECK(both.error().correlation_id == "abc");
    CHECK(both.error().timestamp == 1763821020123);
    CHECK_FALSE(both.error().problem.empty());
  }
  CHECK_THROWS_AS(nothing.value(), std::logic_error);
}
