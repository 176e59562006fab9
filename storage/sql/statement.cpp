#include "storage/sql/statement.hpp"

#include "core/base/try.hpp"
#include "storage/sql/exchange.hpp"
#include "storage/sql/row_values.hpp"

#include <mysql.h>

#include <vector>

namespace cm::storage {

namespace {

constexpr std::size_t title_length = 60;

// The buffer of one result column.
struct result_cell {
  long long integer = 0;
  unsigned long length = 0;
  my_bool is_null = 0;
  my_bool truncated = 0;
  std::vector<unsigned char> bytes;
};

} // namespace

struct statement::buffers {
  std::vector<MYSQL_BIND> parameters;
  std::vector<long long> integers; ///< storage of the integer parameters
  std::vector<MYSQL_BIND> results;
  std::vector<result_cell> cells;
};

statement::statement(st_mysql_stmt* handle, exchange& waits, std::string_view sql, std::span<const column> columns)
  : handle_(handle), waits_(&waits), title_(sql.substr(0, title_length)), buffers_(std::make_unique<buffers>()) {
  const std::size_t count = mysql_stmt_param_count(handle_);
  buffers_->parameters.resize(count, MYSQL_BIND{});
  buffers_->integers.resize(count, 0);
  buffers_->results.resize(columns.size(), MYSQL_BIND{});
  buffers_->cells.resize(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto& cell = buffers_->cells[i];
    auto& result = buffers_->results[i];
    if (columns[i].kind == column_kind::integer) {
      result.buffer_type = MYSQL_TYPE_LONGLONG;
      result.buffer = &cell.integer;
      result.buffer_length = sizeof cell.integer;
    } else {
      cell.bytes.resize(columns[i].size);
      result.buffer_type = columns[i].kind == column_kind::text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
      result.buffer = cell.bytes.data();
      result.buffer_length = cell.bytes.size();
    }
    result.length = &cell.length;
    result.is_null = &cell.is_null;
    result.error = &cell.truncated;
  }
}

// Closing may read rows that are still to come.
statement::~statement() {
  my_bool failed = 0;
  waits_->run([&] { return mysql_stmt_close_start(&failed, handle_); },
              [&](int status) { return mysql_stmt_close_cont(&failed, handle_, status); });
}

void statement::bind(std::size_t index, std::int64_t value) {
  auto& stored = buffers_->integers.at(index);
  stored = value;
  auto& parameter = buffers_->parameters.at(index);
  parameter = MYSQL_BIND{};
  parameter.buffer_type = MYSQL_TYPE_LONGLONG;
  parameter.buffer = &stored;
}

namespace {

// The library only reads the data of parameters, but MYSQL_BIND is not const-correct.
void point_at(MYSQL_BIND& parameter, enum_field_types type, const void* data, std::size_t size) {
  static char nothing = 0;
  parameter = MYSQL_BIND{};
  parameter.buffer_type = type;
  parameter.buffer = size == 0 ? &nothing : const_cast<void*>(data);
  parameter.buffer_length = size;
  parameter.length_value = size;
}

} // namespace

void statement::bind(std::size_t index, std::string_view text) {
  point_at(buffers_->parameters.at(index), MYSQL_TYPE_STRING, text.data(), text.size());
}

void statement::bind(std::size_t index, std::span<const std::uint8_t> bytes) {
  point_at(buffers_->parameters.at(index), MYSQL_TYPE_BLOB, bytes.data(), bytes.size());
}

void statement::bind_null(std::size_t index) {
  auto& parameter = buffers_->parameters.at(index);
  parameter = MYSQL_BIND{};
  parameter.buffer_type = MYSQL_TYPE_NULL;
}

outcome<void> statement::execute() {
  for (auto& parameter : buffers_->parameters) {
    // `length` points into the MYSQL_BIND, which must not move between binding and execution.
    if (parameter.buffer_type == MYSQL_TYPE_STRING || parameter.buffer_type == MYSQL_TYPE_BLOB)
      parameter.length = &parameter.length_value;
  }
  if (!buffers_->parameters.empty() && mysql_stmt_bind_param(handle_, buffers_->parameters.data()) != 0)
    return failed("bind");
  CM_TRY_VOID(send());
  if (!buffers_->results.empty()) {
    if (mysql_stmt_field_count(handle_) != buffers_->results.size())
      return make_usable_failure(core::errc::internal, "Internal Server Error", "unexpected columns: " + title_);
    int result = mysql_stmt_bind_result(handle_, buffers_->results.data()) != 0 ? 1 : 0;
    if (result == 0)
      waits_->run([&] { return mysql_stmt_store_result_start(&result, handle_); },
                  [&](int status) { return mysql_stmt_store_result_cont(&result, handle_, status); });
    if (result != 0)
      return failed("read");
  }
  return {};
}

outcome<void> statement::execute(const row_values& rows) {
  auto count = static_cast<unsigned>(rows.rows());
  if (count == 0)
    return {};
  const auto columns = rows.columns();
  if (columns.size() != buffers_->parameters.size())
    return make_usable_failure(core::errc::internal, "Internal Server Error", "unexpected rows: " + title_);
  std::vector<std::vector<long long>> zeros; // for columns that are NULL in every row
  zeros.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // The library only reads this data, but MYSQL_BIND is not const-correct.
    const auto& from = columns[i];
    auto& parameter = buffers_->parameters[i];
    parameter = MYSQL_BIND{};
    parameter.u.indicator = const_cast<char*>(from.nulls.data());
    if (from.is_text || from.is_binary) {
      parameter.buffer_type = from.is_text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
      parameter.buffer = const_cast<const void**>(from.pointers.data());
      parameter.length = const_cast<unsigned long*>(from.lengths.data());
    } else {
      parameter.buffer_type = MYSQL_TYPE_LONGLONG;
      parameter.buffer =
        const_cast<long long*>(from.numbers.empty() ? zeros.emplace_back(count).data() : from.numbers.data());
    }
  }
  if (mysql_stmt_attr_set(handle_, STMT_ATTR_ARRAY_SIZE, &count) != 0
      || mysql_stmt_bind_param(handle_, buffers_->parameters.data()) != 0)
    return failed("bind");
  return send();
}

outcome<void> statement::send() {
  int result = 0;
  waits_->run([&] { return mysql_stmt_execute_start(&result, handle_); },
              [&](int status) { return mysql_stmt_execute_cont(&result, handle_, status); });
  if (result != 0)
    return failed("execute");
  return {};
}

outcome<bool> statement::next() {
  switch (mysql_stmt_fetch(handle_)) {
  case 0:
    return true;
  case MYSQL_NO_DATA:
    // After the rows that a block selects, the server sends the status of the block itself.
    while (mysql_stmt_more_results(handle_)) {
      int result = 0;
      waits_->run([&] { return mysql_stmt_next_result_start(&result, handle_); },
                  [&](int status) { return mysql_stmt_next_result_cont(&result, handle_, status); });
      if (result > 0)
        return failed("end");
    }
    mysql_stmt_free_result(handle_);
    return false;
  case MYSQL_DATA_TRUNCATED: {
    std::size_t index = 0;
    while (index + 1 < buffers_->cells.size() && buffers_->cells[index].truncated == 0)
      ++index;
    mysql_stmt_free_result(handle_);
    return make_usable_failure(core::errc::internal, "Internal Server Error",
                               "column " + std::to_string(index) + " does not fit its buffer: " + title_);
  }
  default:
    return failed("fetch");
  }
}

bool statement::is_null(std::size_t column) const {
  return buffers_->cells.at(column).is_null != 0;
}

std::int64_t statement::integer(std::size_t column) const {
  return buffers_->cells.at(column).integer;
}

std::string_view statement::text(std::size_t column) const {
  const auto value = bytes(column);
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

std::span<const std::uint8_t> statement::bytes(std::size_t column) const {
  const auto& cell = buffers_->cells.at(column);
  if (cell.is_null != 0)
    return {};
  return {cell.bytes.data(), cell.length};
}

std::uint64_t statement::affected_rows() const {
  return mysql_stmt_affected_rows(handle_);
}

std::uint64_t statement::last_insert_id() const {
  return mysql_stmt_insert_id(handle_);
}

failure statement::failed(std::string_view step) {
  std::string doing{step};
  doing += ' ';
  doing += title_;
  spoiled_ = true;
  return with_reason(
    make_failure(mysql_stmt_errno(handle_), mysql_stmt_sqlstate(handle_), mysql_stmt_error(handle_), doing), *waits_);
}

} // namespace cm::storage
