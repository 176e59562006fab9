#include "avro_json.hpp"
#include "catch.hpp"
#include "messaging/records/avro.hpp"

#include <limits>
#include <random>

using cm::messaging::avro::reader;
using cm::messaging::avro::writer;
using cm::test::from_hex;
using cm::test::to_hex;

namespace {

std::string encoded(std::int64_t value) {
  std::string out;
  writer(out).write_long(value);
  return out;
}

} // namespace

TEST_CASE("longs have the encodings of the specification") {
  const std::vector<std::pair<std::int64_t, const char*>> known{
    {0, "00"},
    {-1, "01"},
    {1, "02"},
    {-2, "03"},
    {63, "7e"},
    {-64, "7f"},
    {64, "8001"},
    {-65, "8101"},
    {8191, "fe7f"},
    {8192, "808001"},
    {std::numeric_limits<std::int32_t>::max(), "feffffff0f"},
    {std::numeric_limits<std::int32_t>::min(), "ffffffff0f"},
    {std::numeric_limits<std::int64_t>::max(), "feffffffffffffffff01"},
    {std::numeric_limits<std::int64_t>::min(), "ffffffffffffffffff01"},
  };
  for (const auto& [value, hex] : known) {
    INFO(value);
    CHECK(to_hex(encoded(value)) == hex);
    const auto bytes = from_hex(hex);
    reader in(bytes);
    std::int64_t out = 5;
    CHECK(in.read_long(out));
    CHECK(out == value);
    CHECK(in.at_end());
  }
}

TEST_CASE("every long survives encoding and decoding") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto bits = random() >> (random() % 64);
    for (const auto unsigned_value : {bits, 0 - bits, bits + (std::uint64_t{1} << 63U)}) {
      const auto v = static_cast<std::int64_t>(unsigned_value);
      const auto bytes = encoded(v);
      reader in(bytes);
      std::int64_t out = 0;
      REQUIRE(in.read_long(out));
      REQUIRE(out == v);
      REQUIRE(bytes.size() <= 10);
    }
  }
}

TEST_CASE("longs that end too early or hold more than 64 bits are refused") {
  for (const char* hex : {"", "80", "ffffffffffffffffff", "ffffffffffffffffff02", "ffffffffffffffffff7f",
                          "ffffffffffffffffff81", "ffffffffffffffffffff01", "8080808080808080808000"}) {
    INFO(hex);
    const auto bytes = from_hex(hex);
    reader in(bytes);
    std::int64_t out = 42;
    CHECK_FALSE(in.read_long(out));
    CHECK(out == 42);
    CHECK_FALSE(in.ok());
    CHECK_FALSE(in.problem().empty());
  }
}

TEST_CASE("ints are refused beyond 32 bits") {
  for (const auto v : {std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1,
                       std::int64_t{std::numeric_limits<std::int32_t>::min()} - 1,
                       std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const auto bytes = encoded(v);
    reader in(bytes);
    std::int32_t out = 0;
    CHECK_FALSE(in.read_int(out));
  }
  for (const auto v : {std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
    const auto bytes = encoded(v);
    reader in(bytes);
    std::int32_t out = 0;
    CHECK(in.read_int(out));
    CHECK(out == v);
  }
}

TEST_CASE("a string's length is checked against the remaining bytes") {
  for (const std::int64_t length :
       {std::int64_t{-1}, std::int64_t{4}, std::int64_t{1} << 31, std::int64_t{1} << 62,
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    INFO(length);
    const auto bytes = encoded(length) + "abc";
    reader in(bytes);
    std::string_view out;
    CHECK_FALSE(in.read_string(out));
  }
  const auto bytes = encoded(3) + "abc";
  reader in(bytes);
  std::string_view out;
  CHECK(in.read_string(out));
  CHECK(out.data() == bytes.data() + 1);
  CHECK(out == "abc");
}

TEST_CASE("strings are valid UTF-8, zero bytes included") {
  for (const auto& [text, valid] : std::vector<std::pair<std::string, bool>>{{"", true},
                                                                             {std::string(1, '\0'), true},
                                                                             {"\xf0\x9f\x94\x91", true},
                                                                             {"\xc3", false},
                                                                             {"\xc0\x80", false},
                                                                             {"\xed\xa0\x80", false},
                                                                             {"\xf4\x90\x80\x80", false},
                                                                             {"\xff", false}}) {
    std::string bytes;
    writer(bytes).write_string(text);
    reader in(bytes);
    std::string_view out;
    CHECK(in.read_string(out) == valid);
  }
}

TEST_CASE("an undefined branch of a union is refused") {
  for (const char* hex : {"04", "01", "fe7f", "ffffffffffffffffff01", "feffffffffffffffff01", "8080808020"}) {
    const auto bytes = from_hex(hex);
    INFO(hex);
    reader in(bytes);
    std::optional<std::string_view> out;
    CHECK_FALSE(in.read_string_or_null(out));
    reader other(bytes);
    CHECK_FALSE(other.read_null_or_string(out));
  }
}

TEST_CASE("the order of a union's branches matters") {
  const auto first = from_hex("0002") + "a";
  const auto swapped = from_hex("0202") + "a";
  std::optional<std::string_view> out;
  reader a(first);
  CHECK(a.read_string_or_null(out));
  CHECK(out == "a");
  reader b(first);
  CHECK(b.read_null_or_string(out));
  CHECK_FALSE(out);
  reader c(swapped);
  CHECK(c.read_null_or_string(out));
  CHECK(out == "a");
  reader d(swapped);
  CHECK(d.read_string_or_null(out));
  CHECK_FALSE(out);
}

TEST_CASE("arrays consist of blocks, with or without sizes") {
  const std::vector<std::string_view> abc{"a", "b", "c"};
  for (const char* hex : {
         "0602610262026300",       // one block of 3
         "02026104026202630000",   // followed by bytes that are not part of the array
         "0202610202620202630000", // three blocks
         "050c02610262026300",     // one block of 3 in 6 bytes
         "03080261026202026300",   // 2 in 4 bytes, then 1
         "0104026102026202026300", // 1 in 2 bytes, then 1, then 1
       }) {
    INFO(hex);
    const auto bytes = from_hex(hex);
    reader in(bytes);
    std::vector<std::string_view> out{"old"};
    CHECK(in.read_strings(out));
    CHECK(out == abc);
  }
  std::string bytes;
  writer(bytes).write_strings(abc);
  CHECK(to_hex(bytes) == "0602610262026300");
  bytes.clear();
  writer(bytes).write_strings({});
  CHECK(to_hex(bytes) == "00");
}

TEST_CASE("arrays with false counts or sizes are refused without allocating memory for them") {
  for (const char* hex : {
         "",                             // no end
         "02",                           // no item
         "060261026202",                 // ends within an item
         "0602610262",                   // one item too few
         "06026102620263",               // no end mark
         "feffffffffffffffff01",         // 2^63 - 1 items
         "ffffffffffffffffff01",         // -2^63 items
         "ffffffffffffffffff0100",       // -2^63 items and a size
         "050e02610262026300",           // 3 in 7 bytes
         "050a02610262026300",           // 3 in 5 bytes
         "05ffffffffffffffffff01026102", // a negative size
         "05feffffffffffffffff01026102", // a size of 2^63 - 1
         "808008",                       // 65,536 items in no bytes
       }) {
    INFO(hex);
    const auto bytes = from_hex(hex);
    reader in(bytes);
    std::vector<std::string_view> out{"old"};
    CHECK_FALSE(in.read_strings(out));
    CHECK(out.size() == 1);
  }
}

TEST_CASE("the number of items of an array is limited, in one block or in many") {
  using cm::messaging::avro::max_array_items;
  const auto array = [](std::size_t items, std::size_t per_block) {
    std::string out;
    for (; items > 0; items -= per_block) {
      writer(out).write_long(static_cast<std::int64_t>(per_block));
      out.append(per_block, '\0'); // empty strings
    }
    out.push_back('\0');
    return out;
  };
  for (const std::size_t per_block : {std::size_t{1}, std::size_t{64}, max_array_items}) {
    const auto fits = array(max_array_items, per_block);
    reader in(fits);
    std::vector<std::string_view> out;
    CHECK(in.read_strings(out));
    CHECK(out.size() == max_array_items);
    const auto too_many = array(max_array_items, per_block).substr(0, fits.size() - 1) + from_hex("020000");
    reader other(too_many);
    CHECK_FALSE(other.read_strings(out));
  }
  const auto too_big = array(max_array_items + 1, max_array_items + 1);
  reader in(too_big);
  std::vector<std::string_view> out;
  CHECK_FALSE(in.read_strings(out));
}

TEST_CASE("after a failure all reads fail, and the first reason is kept") {
  const auto bytes = from_hex("0102");
  reader in(bytes);
  std::string_view text;
  CHECK_FALSE(in.read_string(text));
  const std::string problem(in.problem());
  std::int64_t number = 7;
  CHECK_FALSE(in.read_long(number));
  CHECK(number == 7);
  CHECK(in.problem() == problem);
}

TEST_CASE("a reader accepts std::byte and char") {
  const std::vector<std::byte> bytes{std::byte{2}, std::byte{'a'}};
  reader in{std::span<const std::byte>(bytes)};
  std::string_view out;
  CHECK(in.read_string(out));
  CHECK(out == "a");
}
