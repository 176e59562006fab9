#include "actors/command_line.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
  try {
    return cm::actors::run_command_line(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << "cm: " << problem.what() << '\n';
    return 69; // gave up (contract 3.3)
  }
}
