// Early return on an error, for functions that return core::expected<T> or storage's outcome<T>.
#pragma once

#include <type_traits>
#include <utility>

namespace cm::core::detail {

/// The value of a result that holds one: an lvalue where the result is an lvalue, else an rvalue that refers into it.
/// (operator* of an rvalue boost::system::result would move the value into a temporary.)
template <class Result>
[[nodiscard]] constexpr auto&& value_of(Result&& result) noexcept {
  if constexpr (std::is_lvalue_reference_v<Result>)
    return *result;
  else
    return std::move(*result);
}

/// The error of a result that holds one. A function of its own, and not inlined, because error() copies several
/// strings: this keeps the code of the callers small and tells the compiler that the error path is unlikely.
template <class Result>
[[nodiscard, gnu::cold, gnu::noinline]] auto error_of(const Result& result) {
  return result.error();
}

} // namespace cm::core::detail

#define CM_TRY_JOIN_(prefix, line) prefix##line
#define CM_TRY_NAME_(line) CM_TRY_JOIN_(cm_try_result_, line)

#define CM_TRY_DECLARE_(result, declaration, ...)                                                                      \
  auto&& result = (__VA_ARGS__);                                                                                       \
  if (!result)                                                                                                         \
    return ::cm::core::detail::error_of(result);                                                                       \
  declaration = ::cm::core::detail::value_of(std::forward<decltype(result)>(result))

#define CM_TRY_CHECK_(result, ...)                                                                                     \
  do {                                                                                                                 \
    if (auto&& result = (__VA_ARGS__); !result)                                                                        \
      return ::cm::core::detail::error_of(result);                                                                     \
  } while (false)

/// CM_TRY(declaration, expression): evaluates the expression, a core::expected<T> or outcome<T>, once. On an error it
/// returns that error from the enclosing function (or lambda), whose return type must be constructible from it. Else it
/// declares a variable that is initialised with the value, or assigns the value to a variable that exists.
///
///   CM_TRY(const auto total, count_rows(db));     // a copy of the value, or the moved value
///   CM_TRY(const auto& page, read_page(db));      // refers to the value, which is neither copied nor moved
///   CM_TRY(auto&& begun, transaction::begin(db)); // the same, and may be changed or moved from
///   CM_TRY(total, count_rows(db));                // assigns to `total`
///
/// The result of the expression lives in a hidden variable until the end of the enclosing block. So the references stay
/// valid until then, and an object with a destructor, such as a transaction, is destroyed there. The value is never
/// moved out of an expression that is an lvalue.
///
/// Expands to several statements: do not use it as the unbraced body of an `if` or a loop. Write one CM_TRY per line:
/// the hidden variable is named by __LINE__. __COUNTER__ would allow several, but an inline function in a header would
/// then differ between translation units, which the one-definition rule forbids.
#define CM_TRY(declaration, ...) CM_TRY_DECLARE_(CM_TRY_NAME_(__LINE__), declaration, __VA_ARGS__)

/// CM_TRY_VOID(expression): as CM_TRY, but declares nothing: for an expression without a value, or whose value is not
/// needed. A single statement.
#define CM_TRY_VOID(...) CM_TRY_CHECK_(CM_TRY_NAME_(__LINE__), __VA_ARGS__)
