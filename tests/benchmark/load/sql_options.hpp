// The command line of sql_load.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cm::benchmark {

enum class sql_task : std::uint8_t { fill, find, point, insert, insert_batch, update, commit };

/// A command line that cannot be, told in one sentence.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What to do, to which rows, through how many connections. Rows are numbers of the rule in sql_rows.hpp.
struct sql_options {
  sql_task task = sql_task::find;
  std::string task_name;

  std::string socket; ///< empty: by TCP
  std::string host = "127.0.0.1";
  unsigned port = 3306;
  std::string user = "cm";
  std::string database = "cm";
  std::string password; ///< from the environment variable MYSQL_PWD

  std::string table = "endpoint_token"; ///< read; model of the table that is written
  std::string application = "smart_kettle";
  std::string token_prefix = "bench-";
  std::string endpoint_prefix = "e0be4c4a-0000-4000-8000-0000";
  std::uint64_t per_endpoint = 1; ///< rows of one endpoint, which follow each other
  std::string hash_key;           ///< from TOKEN_HASH_KEY; empty: plain SHA-256, as in CM

  unsigned connections = 2;       ///< 1 to 256
  unsigned keys = 64;             ///< of one statement; 1 to 1,000
  std::uint64_t first = 0;        ///< number of the first row
  std::uint64_t rows = 1'000'000; ///< how many there are
  std::uint64_t count = 0;        ///< how many are read or written at most; 0: as many as there are rows
  double seconds = 30;            ///< no statement begins later; at most 3,600
  unsigned status = 0;            ///< of filled rows: the number of a credential status
  bool keep = false;              ///< leaves the written table behind
};

/// @throws usage_error
[[nodiscard]] sql_options parse_sql_options(int argc, char** argv);

/// For people, with every option.
[[nodiscard]] const char* sql_usage() noexcept;

} // namespace cm::benchmark
