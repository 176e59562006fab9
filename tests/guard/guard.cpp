// cm_guard OPERATION COUNT   runs it COUNT times to warm up, then COUNT times in the function that callgrind counts
// cm_guard --toolchain       prints the compiler and libraries, on which the counts depend
// cm_guard --cached-token N  prints the bytes per token of a cache with N tokens, as JSON
#include "cached_token.hpp"
#include "measured.hpp"
#include "operations.hpp"
#include "toolchain.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <span>
#include <string_view>

namespace {

struct entry {
  std::string_view name;
  cm::guard::operation (*make)();
};

constexpr std::array operations{
  entry{"decode", cm::guard::make_decode},
  entry{"encode", cm::guard::make_encode},
  entry{"list", cm::guard::make_list},
  entry{"create", cm::guard::make_create},
  entry{"validate-hit", cm::guard::make_validate_hit},
  entry{"validate-miss", cm::guard::make_validate_miss},
};

constexpr unsigned max_count = 1'000'000;

// Replaces the cryptographic random source, so that generated tokens and keys, and the instructions to generate them,
// are the same in every run. The generator is that of Numerical Recipes.
std::uint32_t next_number() {
  static std::uint32_t state = 1;
  state = state * 1'664'525U + 1'013'904'223U;
  return state;
}

void fill(void* out, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<unsigned char>(next_number() >> 24U);
}

void make_random_deterministic() {
  static randombytes_implementation fixed{
    [] { return "fixed"; }, next_number, nullptr, nullptr, fill, nullptr,
  };
  if (randombytes_set_implementation(&fixed) != 0 || sodium_init() < 0)
    throw std::runtime_error("libsodium does not take the fixed numbers");
}

int run(std::span<char*> arguments) {
  if (arguments.size() == 2 && std::string_view(arguments[1]) == "--toolchain") {
    std::cout << cm::guard::describe_toolchain() << "\n";
    return 0;
  }
  unsigned count = 0;
  if (arguments.size() == 3)
    std::from_chars(arguments[2], arguments[2] + std::strlen(arguments[2]), count);
  if (count > 0 && count <= max_count && std::string_view(arguments[1]) == "--cached-token") {
    const auto bytes = cm::guard::measure_cached_token(count);
    std::cout << R"({"tokens":)" << bytes.tokens << R"(,"by_account":)" << bytes.by_account << R"(,"by_heap":)"
              << bytes.by_heap << "}\n";
    return 0;
  }
  for (const auto& candidate : operations) {
    if (count == 0 || count > max_count || candidate.name != arguments[1])
      continue;
    make_random_deterministic();
    const auto work = candidate.make();
    for (unsigned i = 0; i < count; ++i)
      work();
    cm_guard_measured(work, count);
    return 0;
  }
  std::cerr << "usage: cm_guard OPERATION COUNT | --toolchain | --cached-token COUNT\n";
  return 64;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& e) {
    std::cerr << "cm_guard: " << e.what() << "\n";
    return 1;
  }
}
