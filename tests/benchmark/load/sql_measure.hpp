// Runs the same work in as many threads as there are connections and says how long each piece took.
#pragma once

#include "sql_client.hpp"
#include "sql_options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cm::benchmark {

/// What one thread does: one statement for `keys` rows that begin at `place`.
class sql_work {
public:
  sql_work() = default;
  sql_work(const sql_work&) = delete;
  sql_work(sql_work&&) = delete;
  sql_work& operator=(const sql_work&) = delete;
  sql_work& operator=(sql_work&&) = delete;
  virtual ~sql_work() = default;

  /// Fills the parameters; not part of the time that is measured for the statement, but of the rate.
  virtual void prepare(std::uint64_t place) = 0;

  /// The exchange with the server.
  /// @return how many of the rows were there, or were written
  virtual std::uint64_t execute() = 0;
};

/// Makes the work of one thread on its connection.
using work_maker = std::function<std::unique_ptr<sql_work>(sql_client&)>;

struct sql_figures {
  std::uint64_t statements = 0;
  std::uint64_t rows = 0;    ///< asked for or written
  std::uint64_t missing = 0; ///< of them, those that were not there or not written
  double seconds = 0;        ///< from the first to the last statement
  double p50 = 0;            ///< µs of a statement
  double p99 = 0;
  double p999 = 0;
};

/// Rows 0 to options.count - 1 in statements of options.keys (a rest that does not fill one is left out), through
/// options.connections; no statement begins after options.seconds.
/// @throws sql_error the first that any thread met
[[nodiscard]] sql_figures measure(const sql_options& options, std::uint64_t count, const work_maker& make);

/// One line of JSON.
[[nodiscard]] std::string to_json(const sql_options& options, const sql_figures& figures,
                                  const std::string& flush_log_at_commit);

} // namespace cm::benchmark
