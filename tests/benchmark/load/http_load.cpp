// HTTP load generator: a number of keep-alive connections with one request in flight each, in one thread.
//
//   http_load --port N --connections N (--seconds S | --requests N) [--rate R]
//             [--method POST] (--target TEXT | --targets FILE) [--numbers N] [--body TEXT] [--expect STATUS]
//
// Targets are the lines of a file, one after the other, or TEXT in which `{n}` is replaced by the number of the request
// (from 0, modulo --numbers if given); likewise in the body. With --rate, requests are due at that rate (1/s)
// independent of responses, and a latency is measured from the time at which its request was due. Without it, the next
// request of a connection follows its last response. Prints one line of JSON; times in microseconds.
#include "http_load.hpp"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using cm::benchmark::http_load_settings;

double to_number(const std::string& name, const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < 0)
    throw std::invalid_argument("--" + name + " is not a number: " + text);
  return value;
}

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty())
      lines.push_back(line);
  }
  if (lines.empty())
    throw std::invalid_argument("no targets in " + path);
  return lines;
}

void set(http_load_settings& settings, const std::string& name, const std::string& value) {
  const auto whole = [&] { return static_cast<std::uint64_t>(to_number(name, value)); };
  if (name == "port")
    settings.port = static_cast<std::uint16_t>(whole());
  else if (name == "connections")
    settings.connections = whole();
  else if (name == "seconds")
    settings.seconds = to_number(name, value);
  else if (name == "requests")
    settings.requests = whole();
  else if (name == "rate")
    settings.rate = to_number(name, value);
  else if (name == "method")
    settings.method = value;
  else if (name == "target")
    settings.target = value;
  else if (name == "targets")
    settings.targets = read_lines(value);
  else if (name == "numbers")
    settings.numbers = whole();
  else if (name == "body")
    settings.body = value;
  else if (name == "expect")
    settings.expect = static_cast<int>(whole());
  else
    throw std::invalid_argument("no option --" + name);
}

http_load_settings read_arguments(int argc, char** argv) {
  http_load_settings settings;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name.substr(0, 2) != "--" || i + 1 >= argc)
      throw std::invalid_argument("an option and its value are expected, not " + std::string{name});
    set(settings, std::string{name.substr(2)}, argv[i + 1]);
  }
  const bool one_end = (settings.seconds > 0) != (settings.requests > 0);
  const bool one_source = settings.target.empty() != settings.targets.empty();
  if (settings.port == 0 || settings.connections == 0 || !one_end || !one_source)
    throw std::invalid_argument("--port, --connections, --seconds or --requests, --target or --targets are needed");
  return settings;
}

} // namespace

int main(int argc, char** argv) {
  http_load_settings settings;
  try {
    settings = read_arguments(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "http_load: " << e.what() << "\n";
    return 64;
  }
  try {
    const auto result = cm::benchmark::run_http_load(settings);
    std::cout << R"({"requests":)" << result.latencies.size() << R"(,"seconds":)" << result.seconds << R"(,"rate":)"
              << static_cast<double>(result.latencies.size()) / result.seconds << R"(,"p50":)" << result.quantile(0.5)
              << R"(,"p99":)" << result.quantile(0.99) << R"(,"p999":)" << result.quantile(0.999) << R"(,"bytes":)"
              << result.bytes << R"(,"unexpected":)" << result.unexpected << R"(,"first":)" << result.first_unexpected
              << "}\n";
    return result.unexpected == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << "http_load: " << e.what() << "\n";
    return 1;
  }
}
