// Prints docs/configuration.md.
#include "core/configuration/configuration.hpp"

#include <iostream>

int main() {
  std::cout << cm::core::configuration::reference_markdown() << std::flush;
  return std::cout ? 0 : 1;
}
