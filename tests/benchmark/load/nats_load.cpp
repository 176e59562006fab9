// Sends requests to a 16/ECAP responder as fast as possible or at a given rate, checks every answer, and prints one
// line of JSON. Times are in µs, from the moment at which a request was due.
#include "nats_run.hpp"
#include "nats_self_test.hpp"

#include <charconv>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <span>
#include <sstream>
#include <stdexcept>

namespace {

using namespace cm::benchmark;

constexpr const char* usage = R"(usage: nats_load --server HOST:PORT --subject SUBJECT --range RANGE… [OPTION VALUE]…
       nats_load --self-test
Login from NATS_USERNAME and NATS_PASSWORD. RANGE is name=…,count=N and of
  prefix=P     tokens are P and eight digits
  first=N      the first index (0)
  order=O      uniform, sequential or once (uniform)
  weight=W     share of the requests (1)
  expect=S     the only right status
  file=F       requests of a file instead: length (4 bytes, big-endian) and Avro of each
Options:
  --application NAME  --in-flight N (64)   --rate PER_SECOND (closed loop)  --tick SECONDS (0.001)
  --count N           --seconds S          --warm-up S (0)                  --prime RANGE_NAME
  --timeout S (5)     --deadline S (600)   --seed N (1)                     --plain 1 (answers are not decoded)
Exit status: 0 when every answer came once and was right, 1 when not, 64 for a wrong command line.
)";

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): the only thread
  return value == nullptr ? "" : value;
}

run_options parse(std::span<char*> arguments) {
  run_options out;
  out.application = "smart_kettle";
  out.server.username = from_environment("NATS_USERNAME");
  out.server.password = from_environment("NATS_PASSWORD");
  const std::map<std::string_view, std::function<void(std::string_view)>> options{
    {"--server",
     [&](auto v) {
       const auto colon = v.rfind(':');
       if (colon == std::string_view::npos)
         throw std::runtime_error("--server takes HOST:PORT");
       out.server.host = v.substr(0, colon);
       out.server.port = number<std::uint16_t>(v.substr(colon + 1));
     }},
    {"--subject", [&](auto v) { out.subject = v; }},
    {"--application", [&](auto v) { out.application = v; }},
    {"--range", [&](auto v) { out.ranges.push_back(parse_range(v)); }},
    {"--prime", [&](auto v) { out.prime.emplace_back(v); }},
    {"--in-flight", [&](auto v) { out.in_flight = number<std::uint32_t>(v); }},
    {"--rate", [&](auto v) { out.rate = number<double>(v); }},
    {"--tick", [&](auto v) { out.tick = number<double>(v); }},
    {"--count", [&](auto v) { out.count = number<std::uint64_t>(v); }},
    {"--seconds", [&](auto v) { out.seconds = number<double>(v); }},
    {"--warm-up", [&](auto v) { out.warm_up = number<double>(v); }},
    {"--timeout", [&](auto v) { out.timeout = number<double>(v); }},
    {"--deadline", [&](auto v) { out.deadline = number<double>(v); }},
    {"--seed", [&](auto v) { out.seed = number<std::uint64_t>(v); }},
    {"--plain", [&](auto v) { out.plain = v == "1"; }},
  };
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto option = options.find(arguments[i]);
    if (option == options.end())
      throw std::runtime_error("no option " + std::string(arguments[i]));
    if (i + 1 == arguments.size())
      throw std::runtime_error(std::string(arguments[i]) + " takes a value");
    option->second(arguments[i + 1]);
  }
  if (out.subject.empty() || out.ranges.empty() || out.server.port == 0)
    throw std::runtime_error("--server, --subject and --range are needed");
  if ((out.count == 0) == (out.seconds <= 0))
    throw std::runtime_error("either --count or --seconds is needed");
  if (out.rate < 0 || out.tick <= 0 || out.timeout <= 0 || out.warm_up < 0)
    throw std::runtime_error("times and rates are positive");
  return out;
}

void write_latency(std::ostream& to, const latency_histogram& of) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  to << "{\"p50\":" << us(of.quantile(0.5)) << ",\"p90\":" << us(of.quantile(0.9))
     << ",\"p99\":" << us(of.quantile(0.99)) << ",\"p999\":" << us(of.quantile(0.999)) << ",\"max\":" << us(of.max())
     << "}";
}

void write_tally(std::ostream& to, const tally& of) {
  to << "\"sent\":" << of.sent << ",\"answers\":" << of.answers << ",\"missing\":" << of.missing
     << ",\"mismatched\":" << of.mismatched << ",\"undecodable\":" << of.undecodable
     << ",\"unexpected\":" << of.unexpected << ",\"statuses\":{";
  const char* separator = "";
  for (std::size_t i = 0; i < of.statuses.size(); ++i) {
    if (of.statuses[i] == 0)
      continue;
    to << separator << '"' << i << "\":" << of.statuses[i];
    separator = ",";
  }
  to << "},\"latency\":";
  write_latency(to, of.latency);
}

tally total_of(const run_result& result) {
  tally all;
  for (const auto& range : result.ranges) {
    all.latency.merge(range.latency);
    all.sent += range.sent;
    all.answers += range.answers;
    all.missing += range.missing;
    all.mismatched += range.mismatched;
    all.undecodable += range.undecodable;
    all.unexpected += range.unexpected;
    for (std::size_t i = 0; i < all.statuses.size(); ++i)
      all.statuses[i] += range.statuses[i];
  }
  return all;
}

void write(std::ostream& to, const run_options& options, const run_result& result, const tally& all) {
  to << "{\"rate\":" << static_cast<double>(result.answers) / result.seconds << ",\"seconds\":" << result.seconds
     << ",\"duplicates\":" << result.duplicates << ",\"late\":" << result.late << ",\"strangers\":" << result.strangers
     << ",\"unsent\":" << result.unsent << ",\"max_gap\":" << static_cast<double>(result.max_gap_ns) / 1e3
     << ",\"cpu_seconds\":" << result.cpu_seconds << ",\"cut_off\":" << (result.cut_off ? "true" : "false") << ",";
  write_tally(to, all);
  if (options.rate > 0) {
    to << ",\"lag\":";
    write_latency(to, result.lag);
  }
  to << ",\"ranges\":{";
  const char* separator = "";
  for (std::size_t i = 0; i < result.ranges.size(); ++i) {
    to << separator << '"' << options.ranges[i].name << "\":{";
    write_tally(to, result.ranges[i]);
    to << "}";
    separator = ",";
  }
  to << "}}\n";
}

} // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments{argv, static_cast<std::size_t>(argc)};
  if (argc == 2 && std::string_view(arguments[1]) == "--self-test")
    return self_test();
  run_options options;
  try {
    options = parse(arguments);
  } catch (const std::exception& error) {
    std::cerr << "nats_load: " << error.what() << "\n" << usage;
    return 64;
  }
  try {
    const auto result = load_run(options).run();
    const auto all = total_of(result);
    std::ostringstream line;
    line.precision(10);
    write(line, options, result, all);
    std::cout << line.str();
    const bool right = all.missing + all.mismatched + all.undecodable + all.unexpected + result.duplicates + result.late
                         + result.strangers + result.unsent
                       == 0;
    return right && !result.cut_off ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "nats_load: " << error.what() << "\n";
    return 1;
  }
}
