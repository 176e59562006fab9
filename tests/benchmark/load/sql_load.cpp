// Measures MariaDB with a minimal client: the baseline for all look-ups and writes of CM. See sql_usage().
#include "sql_client.hpp"
#include "sql_measure.hpp"
#include "sql_options.hpp"
#include "sql_work.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

using namespace cm::benchmark;

// Seconds allowed for the preparation of the data.
constexpr double max_fill = 600;

// A private table for writes, created like the real one; dropped at the end unless it is to be kept.
class bench_table {
public:
  bench_table(sql_client& client, const sql_options& options)
    : client_(client), keep_(options.keep), name_("bench_" + options.table) {
    client_.run("DROP TABLE IF EXISTS " + name_);
    client_.run("CREATE TABLE " + name_ + " LIKE " + options.table);
  }

  bench_table(const bench_table&) = delete;
  bench_table(bench_table&&) = delete;
  bench_table& operator=(const bench_table&) = delete;
  bench_table& operator=(bench_table&&) = delete;

  ~bench_table() {
    if (keep_)
      return;
    try {
      client_.run("DROP TABLE " + name_);
    } catch (const std::exception& e) {
      std::cerr << "sql_load: " << e.what() << "\n";
    }
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
  sql_client& client_;
  bool keep_;
  std::string name_;
};

sql_figures insert_rows(const sql_options& options, std::uint64_t count, const std::string& table) {
  return measure(options, count, [&](sql_client& client) { return make_insert(client, options, table); });
}

// Processes all rows, also if their number is not a multiple of the rows per statement.
sql_figures fill(sql_options options, const std::string& table) {
  auto figures = insert_rows(options, options.rows, table);
  const auto rest = options.rows - figures.rows;
  if (rest >= options.keys || rest == 0)
    return figures; // out of time, or no rows left
  options.first += figures.rows;
  options.connections = 1;
  options.keys = static_cast<unsigned>(rest);
  const auto last = insert_rows(options, rest, table);
  figures.rows += last.rows;
  figures.statements += last.statements;
  figures.missing += last.missing;
  figures.seconds += last.seconds;
  return figures;
}

sql_figures run(sql_client& client, sql_options& options) {
  switch (options.task) {
  case sql_task::fill:
    options.count = options.rows;
    return fill(options, options.table);
  case sql_task::point:
    options.keys = 1;
    [[fallthrough]];
  case sql_task::find:
    return measure(options, options.count, [&](sql_client& own) { return make_find(own, options); });
  case sql_task::insert:
  case sql_task::commit:
    options.keys = 1;
    [[fallthrough]];
  case sql_task::insert_batch: {
    const bench_table table(client, options);
    return insert_rows(options, options.count, table.name());
  }
  case sql_task::update: {
    const bench_table table(client, options);
    auto before = options;
    before.keys = 500;
    before.connections = 2;
    before.status = 0;
    before.seconds = max_fill;
    if (fill(before, table.name()).rows != options.rows)
      throw sql_error("not all rows that the updates need could be filled in");
    options.count = std::min(options.count, options.rows); // each row can be activated once
    return measure(options, options.count, [&](sql_client& own) { return make_update(own, options, table.name()); });
  }
  }
  return {};
}

int report(const sql_options& options, const sql_figures& figures, const std::string& flush_log_at_commit) {
  std::cout << to_json(options, figures, flush_log_at_commit) << std::endl;
  // A baseline that did not do its work would be wrong.
  if (figures.missing != 0 || figures.statements == 0) {
    std::cerr << "sql_load: " << figures.missing << " of " << figures.rows << " rows were not there\n";
    return 1;
  }
  if (options.task == sql_task::fill && figures.rows != options.rows) {
    std::cerr << "sql_load: only " << figures.rows << " of " << options.rows << " rows in that time\n";
    return 1;
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    auto options = parse_sql_options(argc, argv);
    // A watchdog for the whole run: filling, measuring, the last statements, dropping the table.
    alarm(static_cast<unsigned>(std::ceil(options.seconds + max_fill)) + 300);
    if (mysql_library_init(0, nullptr, nullptr) != 0)
      throw sql_error("no client library");
    sql_client client(options);
    const auto flush_log_at_commit = client.value("SELECT @@innodb_flush_log_at_trx_commit");
    const auto figures = run(client, options);
    return report(options, figures, flush_log_at_commit);
  } catch (const usage_error& e) {
    std::cerr << "sql_load: " << e.what() << "\n" << sql_usage();
    return 64;
  } catch (const std::exception& e) {
    std::cerr << "sql_load: " << e.what() << "\n";
    return 1;
  }
}
