// Runs the same work in one thread per connection and measures the time of each statement.
#pragma once

#include "sql_client.hpp"
#include "sql_options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cm::benchmark {

/// The work of one thread: statements for `keys` rows, starting with row `first_row`.
class sql_work {
public:
  sql_work() = default;
  sql_work(const sql_work&) = delete;
  sql_work(sql_work&&) = delete;
  sql_work& operator=(const sql_work&) = delete;
  sql_work& operator=(sql_work&&) = delete;
  virtual ~sql_work() = default;

  /// Fills the parameters; counts for the rate, but not for the time of the statement.
  virtual void prepare(std::uint64_t first_row) = 0;

  /// Executes the statement.
  /// @return number of rows found or written
  virtual std::uint64_t execute() = 0;
};

/// Creates the work of one thread on its connection.
using work_maker = std::function<std::unique_ptr<sql_work>(sql_client&)>;

struct sql_figures {
  std::uint64_t statements = 0;
  std::uint64_t rows = 0;    ///< requested
  std::uint64_t missing = 0; ///< requested, but not found or not written
  double seconds = 0;        ///< from the first to the last statement
  double p50 = 0;            ///< µs of a statement
  double p99 = 0;
  double p999 = 0;
};

/// Processes rows 0 to options.count - 1 in statements of options.keys rows (an incomplete last statement is omitted),
/// through options.connections; starts no statement after options.seconds.
/// @throws sql_error the first error of any thread
[[nodiscard]] sql_figures measure(const sql_options& options, std::uint64_t count, const work_maker& make);

/// One line of JSON.
[[nodiscard]] std::string to_json(const sql_options& options, const sql_figures& figures,
                                  const std::string& flush_log_at_commit);

} // namespace cm::benchmark
