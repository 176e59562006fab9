// The connections of http_load, their requests and what the answers took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cm::benchmark {

struct http_load_settings {
  std::uint16_t port = 0; ///< on loopback
  std::size_t connections = 0;
  double seconds = 0;         ///< 0: until `requests` are answered
  std::uint64_t requests = 0; ///< 0: until `seconds` are over
  double rate = 0;            ///< requests a second, due whether answers come or not; 0: each follows an answer
  std::string method = "GET";
  std::string target; ///< `{n}` in it is a number of its own for every request
  std::vector<std::string> targets;
  std::uint64_t numbers = 0; ///< the numbers start anew after so many; 0: never
  std::string body;          ///< JSON, `{n}` as in the target
  int expect = 200;          ///< status; answers with another are counted
};

struct http_load_result {
  std::vector<float> latencies; ///< µs, sorted
  double seconds = 0;
  std::uint64_t bytes = 0;      ///< received
  std::uint64_t unexpected = 0; ///< answers with another status
  int first_unexpected = 0;     ///< the first such status; 0: none

  /// @param fraction 0 to 1; 0 µs where nothing was measured
  [[nodiscard]] double quantile(double fraction) const;
};

/// Runs the load to its end, in the calling thread.
/// @throws std::runtime_error when a connection cannot be made or breaks, or nothing is answered for 30 s
[[nodiscard]] http_load_result run_http_load(const http_load_settings& settings);

} // namespace cm::benchmark
