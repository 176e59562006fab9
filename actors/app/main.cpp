#include "actors/app/command_line.hpp"
#include "actors/app/process_end.hpp"
#include "core/base/process_signals.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  cm::core::install_signal_handlers();
  int status = 69; // gave up (contract 3.3)
  try {
    status = cm::actors::run_command_line(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << "cm: " << problem.what() << '\n';
  }
  cm::actors::end_process(status);
}
