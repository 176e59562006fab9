#include "catch.hpp"
#include "core/base/identifiers.hpp"
#include "core/credentials/token_generator.hpp"

#include <array>
#include <set>
#include <stdexcept>
#include <string>

using namespace cm::core;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

} // namespace

TEST_CASE("a generated token has the requested length and is a valid endpoint token") {
  for (std::size_t length = 8; length <= 255; ++length) {
    const auto token = generate_token(length);
    REQUIRE(token.reveal().size() == length);
    REQUIRE(is_endpoint_token(token.reveal()));
    REQUIRE(token.reveal().find_first_not_of(alphabet) == std::string_view::npos);
  }
}

TEST_CASE("a length out of range throws std::invalid_argument") {
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{256}})
    CHECK_THROWS_AS(generate_token(length), std::invalid_argument);
}

TEST_CASE("generated tokens do not repeat") {
  std::set<std::string> all;
  for (int i = 0; i < 10'000; ++i)
    all.emplace(generate_token(10).reveal());
  CHECK(all.size() == 10'000);
}

TEST_CASE("every character is equally likely at every position") {
  constexpr std::size_t length = 100;
  constexpr std::size_t tokens = 6200;
  std::array<double, 256> counts{};
  std::array<double, 256> first{};
  for (std::size_t i = 0; i < tokens; ++i) {
    const auto token = generate_token(length);
    for (const char c : token.reveal())
      ++counts[static_cast<unsigned char>(c)];
    ++first[static_cast<unsigned char>(token.reveal().front())];
  }
  const auto chi_square = [](const std::array<double, 256>& observed, double expected) {
    double sum = 0;
    for (const char c : alphabet) {
      const double difference = observed[static_cast<unsigned char>(c)] - expected;
      sum += difference * difference / expected;
    }
    return sum;
  };
  // Chi-squared with 61 degrees of freedom: mean 61, standard deviation 11. Values above 140, and below 18, occur by
  // chance about once in ten million runs. Six bits modulo 62 would give about 18,000.
  const double all = chi_square(counts, length * tokens / 62.0);
  const double leading = chi_square(first, tokens / 62.0);
  CHECK(all < 140);
  CHECK(all > 18);
  CHECK(leading < 140);
  CHECK(leading > 18);
}
