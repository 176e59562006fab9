// The command line of sql_load.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cm::benchmark {

enum class sql_task : std::uint8_t { fill, find, point, insert, insert_batch, update, commit };

/// An invalid command line, with a message of one sentence.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The task, its rows and its connections. Rows are identified by numbers, see sql_rows.hpp.
struct sql_options {
  sql_task task = sql_task::find;
  std::string task_name;

  std::string socket; ///< empty: TCP
  std::string host = "127.0.0.1";
  unsigned port = 3306;
  std::string user = "cm";
  std::string database = "cm";
  std::string password; ///< from the environment variable MYSQL_PWD

  std::string table = "endpoint_token"; ///< the table to read; the template of the table to write
  std::string application = "smart_kettle";
  std::string token_prefix = "bench-";
  std::string endpoint_prefix = "e0be4c4a-0000-4000-8000-0000";
  std::uint64_t per_endpoint = 1; ///< number of consecutive rows with the same endpoint
  std::string hash_key;           ///< from TOKEN_HASH_KEY; empty: plain SHA-256, as in CM

  unsigned connections = 2;       ///< 1 to 256
  unsigned keys = 64;             ///< rows per statement; 1 to 1,000
  std::uint64_t first = 0;        ///< number of the first row
  std::uint64_t rows = 1'000'000; ///< number of existing rows
  std::uint64_t count = 0;        ///< maximum number of rows to read or write; 0: `rows`
  double seconds = 30;            ///< no statement starts later; at most 3,600
  unsigned status = 0;            ///< credential status of inserted rows, as its number
  bool keep = false;              ///< do not drop the written table
};

/// @throws usage_error
[[nodiscard]] sql_options parse_sql_options(int argc, char** argv);

/// The usage text with all options.
[[nodiscard]] const char* sql_usage() noexcept;

} // namespace cm::benchmark
