// Compares the storage modules and the storage gate with the plain client library, on a private MariaDB server.
//   storage_load [--rows N] [--pool N] [--only PART,…] [-- ARGUMENT_OF_MARIADBD …]
// Parts: bare_insert, lookup, gate_lookup, activate, import, create. Prints one line per result: part, case, subject,
// rate per second.
#include "bare_client.hpp"
#include "gate_load.hpp"
#include "mariadb_server.hpp"
#include "storage/session/session.hpp"
#include "storage/sql/client_thread.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cm;
using namespace cm::test;
using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

namespace {

constexpr milliseconds while_measured{3000};

struct options {
  std::uint64_t rows = 200'000;
  std::size_t pool = 8;
  std::string only;
  std::vector<std::string> server{"--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G"};
};

options parse(const std::vector<std::string>& arguments) {
  options out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    if (name == "--") {
      out.server.insert(out.server.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    const auto& value = arguments.at(++i);
    if (name == "--rows")
      out.rows = std::stoull(value);
    else if (name == "--pool")
      out.pool = std::stoull(value);
    else if (name == "--only")
      out.only = ',' + value + ',';
    else
      throw std::runtime_error("unknown option: " + name);
  }
  return out;
}

/// CPU seconds that a process has used.
double used_by(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string word;
  double ticks = 0;
  for (int field = 1; in >> word && field <= 15; ++field) {
    if (field >= 14)
      ticks += std::stod(word);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Runs `work(thread, deadline)` in `threads` threads; returns the sum of their results per second.
double rate(std::size_t threads, const std::function<std::uint64_t(std::size_t, steady::time_point)>& work) {
  std::atomic<std::uint64_t> sum{0};
  std::atomic<bool> failed{false};
  const auto begun = steady::now();
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i)
    all.emplace_back([&, i] {
      const storage::client_thread ready;
      try {
        sum += work(i, begun + while_measured);
      } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        failed = true;
      }
    });
  for (auto& thread : all)
    thread.join();
  if (failed)
    throw std::runtime_error("a thread failed");
  return static_cast<double>(sum) / std::chrono::duration<double>(steady::now() - begun).count();
}

class bench {
public:
  explicit bench(options chosen) : chosen_(std::move(chosen)), server_(chosen_.server) {
    storage::session first{server_.settings()};
    if (!first.connect())
      throw std::runtime_error(first.last_error());
  }

  [[nodiscard]] bool wanted(const std::string& part) const {
    return chosen_.only.empty() || chosen_.only.find(',' + part + ',') != std::string::npos;
  }

  void fill() {
    bare_client client(server_);
    for (; next_ < chosen_.rows; next_ += 500)
      client.insert_rows(next_, 500, 1);
    chosen_.rows = next_;
  }

  void bare_inserts() {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}})
      for (const std::size_t count : {std::size_t{64}, std::size_t{500}})
        for (const bool bulk : {false, true})
          say("bare_insert", std::to_string(threads) + " x " + std::to_string(count), bulk ? "bulk" : "bare",
              [&] { return insert(threads, count, bulk); });
  }

  double insert(std::size_t threads, std::size_t count, bool bulk) {
    return rate(threads, [&](std::size_t, steady::time_point until) {
      bare_client client(server_);
      std::uint64_t done = 0;
      for (; steady::now() < until; done += count)
        bulk ? client.insert_bulk(next_.fetch_add(count), count, 1)
             : client.insert_rows(next_.fetch_add(count), count, 1);
      return done;
    });
  }

  void look_ups() {
    for (const std::size_t batch : {std::size_t{64}, std::size_t{128}})
      for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
        const auto which = std::to_string(threads) + " x " + std::to_string(batch);
        say("lookup", which, "bare", [&] {
          return rate(threads, [&](std::size_t thread, steady::time_point until) {
            bare_client client(server_);
            std::mt19937_64 random{thread};
            std::vector<std::uint64_t> numbers(batch);
            std::uint64_t found = 0;
            while (steady::now() < until) {
              for (auto& number : numbers)
                number = random() % chosen_.rows;
              found += client.look_up(numbers);
            }
            return found;
          });
        });
        if (batch > storage::max_batch)
          continue;
        say("lookup", which, "session", [&] {
          return rate(threads, [&](std::size_t thread, steady::time_point until) {
            storage::session session{server_.settings()};
            std::mt19937_64 random{thread};
            std::uint64_t found = 0;
            while (steady::now() < until) {
              storage::find_tokens command;
              for (std::size_t i = 0; i < batch; ++i)
                command.hashes.push_back(bench_hash(random() % chosen_.rows));
              must(session, std::move(command));
              found += batch;
            }
            return found;
          });
        });
      }
  }

  void gate_look_ups() {
    gate_load load(server_.settings(), chosen_.pool);
    for (const std::size_t window : {std::size_t{1}, std::size_t{4}, std::size_t{16}})
      say("gate_lookup", "2 x " + std::to_string(window) + " x 32", "gate",
          [&] { return load.look_up(chosen_.rows, window, 32, while_measured); });
    say("gate_lookup", "2 x 1 x 1", "gate", [&] { return load.look_up(chosen_.rows, 1, 1, while_measured); });
  }

  void activations() {
    constexpr std::uint64_t count = 100'000;
    gate_load load(server_.settings(), chosen_.pool);
    for (const bool busy : {false, true}) {
      server_.execute("UPDATE endpoint_token SET status = 0");
      say("activate", busy ? "look-ups beside" : "alone", "gate", [&] { return load.activate(0, count, busy); });
      const auto left = server_.value("SELECT COUNT(*) FROM endpoint_token WHERE status = 0");
      if (std::stoull(left) != next_ - count)
        throw std::runtime_error("some first uses got lost: " + left);
    }
    server_.execute("UPDATE endpoint_token SET status = 1");
  }

  void imports() {
    say("import", "1 x 500", "bare", [&] { return insert(1, 500, false); });
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}})
      for (const std::size_t batch : {std::size_t{64}, std::size_t{500}}) {
        if (batch > max_import_bytes())
          continue;
        say("import", std::to_string(threads) + " x " + std::to_string(batch), "session", [&] {
          return rate(threads, [&](std::size_t, steady::time_point until) {
            storage::session session{server_.settings()};
            std::uint64_t done = 0;
            for (; steady::now() < until; done += batch)
              must(session, import_of(next_.fetch_add(batch), batch));
            return done;
          });
        });
      }
  }

  void creations() {
    for (const std::size_t connections : {std::size_t{1}, std::size_t{16}, std::size_t{64}}) {
      say("create", std::to_string(connections), "bare", [&] { return insert(connections, 1, false); });
      gate_load load(server_.settings(), chosen_.pool);
      std::uint64_t created = 0;
      say("create", std::to_string(connections), "gate",
          [&] { return load.create(next_, connections, while_measured, created); });
      next_ += created + connections;
    }
  }

private:
  void say(const std::string& part, const std::string& which, const std::string& subject,
           const std::function<double()>& measured) const {
    const auto server = std::to_string(server_.pid());
    const auto begun = steady::now();
    const auto ours_before = used_by("self");
    const auto theirs_before = used_by(server);
    const auto rate = measured();
    const auto items = rate * std::chrono::duration<double>(steady::now() - begun).count() / 1e6;
    std::printf("%-12s %-24s %-10s %10.0f/s %8.2f us here %8.2f us there\n", part.c_str(), which.c_str(),
                subject.c_str(), rate, (used_by("self") - ours_before) / items,
                (used_by(server) - theirs_before) / items);
    std::fflush(stdout);
  }

  static constexpr std::size_t max_import_bytes() { return storage::max_import; }

  static void must(storage::session& session, storage::command command) {
    const auto done = session.execute(command, steady::now() + std::chrono::seconds{10});
    if (!done)
      throw std::runtime_error(done.error().detail);
  }

  static storage::import_tokens import_of(std::uint64_t first, std::size_t count) {
    storage::import_tokens out;
    out.at = core::now_ms();
    out.origin = {core::channel::import, {}, "1b4e28ba-2fa1-11d2-883f-0016d3cca427"};
    for (std::uint64_t i = first; i < first + count; ++i)
      out.items.push_back(
        {bench_id(i), bench_hash(i), bench_application, bench_endpoint(i), core::credential_status::inactive});
    return out;
  }

  options chosen_;
  mariadb_server server_;
  std::atomic<std::uint64_t> next_{0};
};

} // namespace

int main(int count, char** arguments) try {
  bench all(parse({arguments + 1, arguments + count}));
  all.fill();
  if (all.wanted("bare_insert"))
    all.bare_inserts();
  if (all.wanted("lookup"))
    all.look_ups();
  if (all.wanted("gate_lookup"))
    all.gate_look_ups();
  if (all.wanted("activate"))
    all.activations();
  if (all.wanted("import"))
    all.imports();
  if (all.wanted("create"))
    all.creations();
  return 0;

} catch (const std::exception& problem) {

  std::fprintf(stderr, "%s\n", problem.what());
  return 1;
}
