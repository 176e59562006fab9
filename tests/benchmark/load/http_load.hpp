// The connections of http_load, their requests and latencies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cm::benchmark {

struct http_load_settings {
  std::uint16_t port = 0; ///< on loopback
  std::size_t connections = 0;
  double seconds = 0;         ///< 0: until `requests` responses were received
  std::uint64_t requests = 0; ///< 0: until `seconds` have passed
  double rate = 0;            ///< requests per second, independent of responses; 0: each follows a response
  std::string method = "GET";
  std::string target; ///< `{n}` in it is replaced by the number of the request
  std::vector<std::string> targets;
  std::uint64_t numbers = 0; ///< the numbers restart from 0 after this many; 0: never
  std::string body;          ///< JSON, `{n}` as in the target
  int expect = 200;          ///< expected status; responses with another are counted
};

struct http_load_result {
  std::vector<float> latencies; ///< µs, sorted
  double seconds = 0;
  std::uint64_t bytes = 0;      ///< received
  std::uint64_t unexpected = 0; ///< responses with another status
  int first_unexpected = 0;     ///< the first such status; 0: none

  /// @param fraction 0 to 1
  /// @return µs; 0 if nothing was measured
  [[nodiscard]] double quantile(double fraction) const;
};

/// Runs the load to its end, in the calling thread.
/// @throws std::runtime_error if a connection fails or breaks, or there is no response for 30 s
[[nodiscard]] http_load_result run_http_load(const http_load_settings& settings);

} // namespace cm::benchmark
