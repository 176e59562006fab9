// Describes the compiler and libraries, on which instruction counts depend besides the code.
#pragma once

#include <string>

namespace cm::guard {

/// Compiler, libraries and build type, such as "g++ 12.2, glibc 2.36, …", with the parts of the versions that affect
/// instructions, without patch levels.
[[nodiscard]] std::string describe_toolchain();

} // namespace cm::guard
