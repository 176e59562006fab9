// Prints docs/man/cm.1.
#include "client/help.hpp"

#include <iostream>

int main() {
  std::cout << cm::client::render_manual();
}
