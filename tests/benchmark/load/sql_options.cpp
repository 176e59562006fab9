#include "sql_options.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string_view>

namespace cm::benchmark {

namespace {

struct named_task {
  std::string_view name;
  sql_task task;
};

constexpr std::array tasks{
  named_task{"fill", sql_task::fill},
  named_task{"find", sql_task::find},
  named_task{"point", sql_task::point},
  named_task{"insert", sql_task::insert},
  named_task{"insert-batch", sql_task::insert_batch},
  named_task{"update", sql_task::update},
  named_task{"commit", sql_task::commit},
};

template <class Number>
Number number(std::string_view option, std::string_view text, Number min, Number max) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    throw usage_error(std::string(option) + " takes a number from " + std::to_string(min) + " to " + std::to_string(max)
                      + ", not '" + std::string(text) + "'");
  return value;
}

// Text that is inserted into a statement without escaping.
std::string identifier(std::string_view option, std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  if (text.empty() || text.size() > 48 || text.find_first_not_of(letters) != std::string_view::npos)
    throw usage_error(std::string(option) + " takes letters, digits and '_', not '" + std::string(text) + "'");
  return std::string(text);
}

std::string short_text(std::string_view option, std::string_view text) {
  if (text.empty() || text.size() > 200)
    throw usage_error(std::string(option) + " takes 1 to 200 characters");
  return std::string(text);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before the threads
  return value == nullptr ? std::string{} : std::string{value};
}

void set(sql_options& options, std::string_view option, std::string_view text) {
  constexpr std::uint64_t max_rows = 2'000'000'000;
  if (option == "--socket")
    options.socket = text;
  else if (option == "--host")
    options.host = text;
  else if (option == "--port")
    options.port = number(option, text, 1U, 65'535U);
  else if (option == "--user")
    options.user = text;
  else if (option == "--database")
    options.database = identifier(option, text);
  else if (option == "--table")
    options.table = identifier(option, text);
  else if (option == "--application")
    options.application = short_text(option, text);
  else if (option == "--token-prefix")
    options.token_prefix = short_text(option, text);
  else if (option == "--endpoint-prefix")
    options.endpoint_prefix = short_text(option, text);
  else if (option == "--per-endpoint")
    options.per_endpoint = number<std::uint64_t>(option, text, 1, max_rows);
  else if (option == "--connections")
    options.connections = number(option, text, 1U, 256U);
  else if (option == "--keys")
    options.keys = number(option, text, 1U, 1'000U);
  else if (option == "--first")
    options.first = number<std::uint64_t>(option, text, 0, max_rows);
  else if (option == "--rows")
    options.rows = number<std::uint64_t>(option, text, 1, max_rows);
  else if (option == "--count")
    options.count = number<std::uint64_t>(option, text, 1, max_rows);
  else if (option == "--seconds")
    options.seconds = number(option, text, 0.01, 3'600.0);
  else if (option == "--status")
    options.status = number(option, text, 0U, 3U);
  else
    throw usage_error("no option '" + std::string(option) + "'");
}

} // namespace

sql_options parse_sql_options(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 2)
    throw usage_error("what shall be measured?");
  sql_options options;
  options.task_name = words[1];
  bool known = false;
  for (const auto& entry : tasks) {
    if (entry.name == options.task_name) {
      options.task = entry.task;
      known = true;
    }
  }
  if (!known)
    throw usage_error("no task '" + options.task_name + "'");
  if (options.task == sql_task::commit)
    options.connections = 1;
  if (options.task == sql_task::insert_batch || options.task == sql_task::fill)
    options.keys = 500;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string_view option = words[i];
    if (option == "--keep") {
      options.keep = true;
      continue;
    }
    if (++i == words.size())
      throw usage_error(std::string(option) + " takes a value");
    set(options, option, words[i]);
  }
  if (options.count == 0)
    options.count = options.rows;
  options.password = from_environment("MYSQL_PWD");
  options.hash_key = from_environment("TOKEN_HASH_KEY");
  return options;
}

const char* sql_usage() noexcept {
  return R"(usage: sql_load TASK [OPTION VALUE]…
What MariaDB does for a bare client: prepared statements, blocking calls, a thread a connection. One line of JSON.

tasks
  fill          inserts the rows of the rule into --table and leaves them there: INSERT of --keys rows (500)
  find          SELECT … WHERE token_hash IN (--keys hashes), each row once, in no order
  point         the same, one key a statement
  insert        INSERT of one row, autocommit, into a new table made LIKE --table
  insert-batch  INSERT of --keys rows (500) into such a table
  update        conditional UPDATE Inactive to Active of --keys ids, of such a table filled before
  commit        insert through one connection: how long a durable commit takes

where     --socket PATH | --host 127.0.0.1 --port 3306; --user cm; --database cm; password: MYSQL_PWD
how much  --connections 2 --keys 64 --rows 1000000 --first 0 --count (as many as rows) --seconds 30
rows      --table endpoint_token --application smart_kettle --token-prefix bench-
          --endpoint-prefix e0be4c4a-0000-4000-8000-0000 --per-endpoint 1 --status 0 (of fill: 0 Inactive to 3 Revoked)
          row i has the token <token-prefix><i> and the endpoint <endpoint-prefix><i / per-endpoint>, numbers with 8
          digits; hashes as CM makes them with the key in TOKEN_HASH_KEY, without a key if there is none
besides   --keep (leaves a table behind that was made for writing)
)";
}

} // namespace cm::benchmark
