// cm with a way to make its actors fail: reads commands from standard input. `crash NAME` makes that child throw inside
// a handler; `block NAME` makes it block in one until `release`, and `block decoder` the threads that decode requests;
// `actors` prints "actors: " and the names of all children as a JSON array. An exit handler ends it with 97.
#include "actors/app/command_line.hpp"
#include "actors/app/process_end.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/runtime/fault_injection.hpp"
#include "core/base/process_signals.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

std::atomic<bool> blocking{false};
std::atomic<bool> decoders_blocked{false};

// Bounded, so that a test that fails does not leave the process blocked.
void block_until_released(const std::atomic<bool>& blocked) {
  constexpr std::chrono::seconds limit{60};
  const auto end = std::chrono::steady_clock::now() + limit;
  while (blocked && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

} // namespace

namespace cm::actors {

caf::error fault_request() {
  return caf::make_error(caf::sec::runtime_error, std::string("injected fault requested"));
}

bool inject_fault(const caf::error& reason) {
  if (reason != fault_request())
    return false;
  if (!blocking)
    throw std::runtime_error("injected fault");
  block_until_released(blocking);
  return true;
}

void inject_delay(std::string_view /*place*/) {
  block_until_released(decoders_blocked);
}

} // namespace cm::actors

namespace {

void print_actors(caf::actor_system& system, const cm::actors::root_actor& root) {
  caf::scoped_actor self{system};
  self->request(root, std::chrono::seconds{5}, cm::actors::list_v)
    .receive(
      [](const std::vector<std::string>& names) {
        std::string line = "actors: [";
        for (const auto& name : names)
          line += (line.back() == '[' ? "\"" : ",\"") + name + '"';
        std::cout << line << "]" << std::endl;
      },
      [](const caf::error&) { std::cout << "actors: []" << std::endl; });
}

// Reads until standard input ends. Detached: it may sit in a read when the process ends.
void take_commands(caf::actor_system& system, const cm::actors::root_actor& root) {
  std::thread([&system, root = root.address()] {
    std::string line;
    while (std::getline(std::cin, line)) {
      const auto target = caf::actor_cast<cm::actors::root_actor>(root);
      if (!target)
        return;
      if (line == "actors")
        print_actors(system, target);
      else if (line == "block decoder")
        decoders_blocked = true;
      else if (line == "release")
        blocking = decoders_blocked = false;
      else if (const bool block = line.rfind("block ", 0) == 0; block || line.rfind("crash ", 0) == 0) {
        blocking = block;
        caf::anon_send(target, cm::actors::crash_v, line.substr(6));
      }
    }
  }).detach();
}

} // namespace

int main(int argc, char** argv) {
  cm::core::install_signal_handlers();
  // Where exit handlers run, those of libraries do too, and threads of libraries may still need what they destroy.
  if (std::atexit([] { std::_Exit(97); }) != 0)
    return 98;
  cm::actors::end_process(cm::actors::run_command_line(argc, argv, {take_commands}));
}
