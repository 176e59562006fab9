// What instruction counts depend on besides the code.
#pragma once

#include <string>

namespace cm::guard {

/// Compiler, libraries and build type, such as "g++ 12.2, glibc 2.36, …": the parts of the versions that bring other
/// instructions, not every patch.
[[nodiscard]] std::string describe_toolchain();

} // namespace cm::guard
