// Endpoint tokens for LOAD DATA: one line a token, as storage/migrations has the table and core/token_hash the hash.
//   token_fill PREFIX FIRST COUNT STATUS [APPLICATION] >FILE
// Token <PREFIX><8 digits> belongs to the endpoint with the same number; STATUS is 0 (Inactive) or 1 (Active). Columns,
// tab-separated: id and token_hash in hexadecimal, application, endpoint_id, status, created_at. The key of the hash is
// KAA_CM_TOKEN_HASH_KEY, plain SHA-256 without it.
#include "core/secret.hpp"
#include "core/token_hash.hpp"
#include "core/uuid.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>

namespace {

template <typename Bytes>
void append_hex(std::string& to, const Bytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  for (const auto byte : bytes) {
    to += digits[byte >> 4U];
    to += digits[byte & 15U];
  }
}

int run(std::span<char*> arguments) {
  if (arguments.size() < 5) {
    std::cerr << "usage: token_fill PREFIX FIRST COUNT STATUS [APPLICATION]\n";
    return 64;
  }
  const std::string prefix = arguments[1];
  const auto first = std::strtoull(arguments[2], nullptr, 10);
  const auto count = std::strtoull(arguments[3], nullptr, 10);
  const std::string status = arguments[4];
  const std::string application = arguments.size() > 5 ? arguments[5] : "smart_kettle";
  const char* key = std::getenv("KAA_CM_TOKEN_HASH_KEY"); // NOLINT(concurrency-mt-unsafe): the only thread
  cm::core::token_hasher hasher{cm::core::secret(key == nullptr ? "" : key)};
  cm::core::uuid_v7_generator ids;
  const auto began = std::chrono::system_clock::now();
  std::string out;
  std::string number;
  for (auto i = first; i < first + count; ++i) {
    number = std::to_string(i);
    number.insert(0, 8 - std::min<std::size_t>(8, number.size()), '0');
    // A thousand a millisecond, as an import would make them.
    const auto at = began + std::chrono::milliseconds((i - first) / 1000);
    append_hex(out, ids.next(at).bytes);
    out += '\t';
    append_hex(out, hasher.hash(application, prefix + number));
    out += '\t' + application + "\te0be4c4a-0000-4000-8000-0000" + number + '\t' + status + '\t'
           + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count())
           + '\n';
    if (out.size() > 1U << 20U) {
      if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size())
        throw std::runtime_error("cannot write");
      out.clear();
    }
  }
  if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size() || std::fflush(stdout) != 0)
    throw std::runtime_error("cannot write");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::cerr << "token_fill: " << error.what() << "\n";
    return 1;
  }
}
