#include "bare_client.hpp"

#include <mysql.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace cm::test {

namespace {

constexpr std::size_t fields = 6;
constexpr const char* insert_head =
  "INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) VALUES ";

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

void put(std::uint8_t* out, std::uint64_t value) {
  for (unsigned i = 0; i < 8; ++i)
    out[i] = static_cast<std::uint8_t>(value >> (56U - 8U * i));
}

std::string repeated_rows(std::size_t count, const char* row) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0)
      out += ',';
    out += row;
  }
  return out;
}

// The data of one row while it is sent.
struct row_values {
  core::uuid id;
  core::token_hash hash{};
  std::string endpoint;
  long long status = 0;
  long long at = 0;
};

row_values values_of(std::uint64_t number, int status) {
  return {bench_id(number), bench_hash(number), bench_endpoint(number), status,
          1'700'000'000'000LL + static_cast<long long>(number)};
}

MYSQL_BIND bound(enum_field_types type, const void* data, std::size_t size) {
  MYSQL_BIND out{};
  out.buffer_type = type;
  out.buffer = const_cast<void*>(data);
  out.buffer_length = size;
  out.length_value = size;
  return out;
}

} // namespace

core::uuid bench_id(std::uint64_t number) {
  core::uuid out;
  put(out.bytes.data(), 0x018BCFE568000000ULL + number);
  put(out.bytes.data() + 8, mixed(number ^ 0x5555ULL) | 0x8000000000000000ULL);
  return out;
}

core::token_hash bench_hash(std::uint64_t number) {
  core::token_hash out{};
  for (std::uint64_t i = 0; i < 4; ++i)
    put(out.data() + 8 * i, mixed(number * 4 + i));
  return out;
}

std::string bench_endpoint(std::uint64_t number) {
  return core::to_string(bench_id(number * 7919));
}

void bare_client::closer::operator()(st_mysql* handle) const noexcept {
  mysql_close(handle);
}

void bare_client::closer::operator()(st_mysql_stmt* handle) const noexcept {
  mysql_stmt_close(handle);
}

bare_client::bare_client(const mariadb_server& server) : handle_(mysql_init(nullptr)) {
  const auto settings = server.settings();
  const unsigned tcp = MYSQL_PROTOCOL_TCP;
  mysql_optionsv(handle_.get(), MYSQL_OPT_PROTOCOL, &tcp);
  if (mysql_real_connect(handle_.get(), server.address().host.c_str(), settings.username.c_str(),
                         settings.password.c_str(), settings.database.c_str(), server.port(), nullptr, 0)
      == nullptr)
    throw std::runtime_error(mysql_error(handle_.get()));
}

bare_client::~bare_client() = default;

void bare_client::run(const std::string& sql) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0)
    throw std::runtime_error(mysql_error(handle_.get()));
}

std::unique_ptr<st_mysql_stmt, bare_client::closer> bare_client::prepare(const std::string& sql) {
  std::unique_ptr<st_mysql_stmt, closer> prepared{mysql_stmt_init(handle_.get())};
  check(prepared.get(), mysql_stmt_prepare(prepared.get(), sql.data(), sql.size()) != 0);
  return prepared;
}

void bare_client::check(st_mysql_stmt* handle, bool failed) const {
  if (failed)
    throw std::runtime_error(mysql_stmt_error(handle));
}

void bare_client::insert_rows(std::uint64_t first, std::size_t count, int status) {
  if (!insert_)
    insert_ = prepare(insert_head + repeated_rows(count, "(?,?,?,?,?,?)"));
  std::vector<row_values> rows;
  rows.reserve(count);
  std::vector<MYSQL_BIND> binds(count * fields);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& row = rows.emplace_back(values_of(first + i, status));
    auto* bind = &binds[i * fields];
    bind[0] = bound(MYSQL_TYPE_BLOB, row.id.bytes.data(), row.id.bytes.size());
    bind[1] = bound(MYSQL_TYPE_BLOB, row.hash.data(), row.hash.size());
    bind[2] = bound(MYSQL_TYPE_STRING, bench_application, std::strlen(bench_application));
    bind[3] = bound(MYSQL_TYPE_STRING, row.endpoint.data(), row.endpoint.size());
    bind[4] = bound(MYSQL_TYPE_LONGLONG, &row.status, 0);
    bind[5] = bound(MYSQL_TYPE_LONGLONG, &row.at, 0);
  }
  for (auto& bind : binds)
    bind.length = &bind.length_value;
  check(insert_.get(),
        mysql_stmt_bind_param(insert_.get(), binds.data()) != 0 || mysql_stmt_execute(insert_.get()) != 0);
}

void bare_client::insert_bulk(std::uint64_t first, std::size_t count, int status) {
  if (!bulk_)
    bulk_ = prepare(std::string{insert_head} + "(?,?,?,?,?,?)");
  std::vector<row_values> rows;
  rows.reserve(count);
  std::array<std::vector<const void*>, 4> texts;
  std::array<std::vector<unsigned long>, 4> lengths;
  std::array<std::vector<long long>, 2> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& row = rows.emplace_back(values_of(first + i, status));
    const std::array<std::pair<const void*, std::size_t>, 4> parts{{{row.id.bytes.data(), row.id.bytes.size()},
                                                                    {row.hash.data(), row.hash.size()},
                                                                    {bench_application, std::strlen(bench_application)},
                                                                    {row.endpoint.data(), row.endpoint.size()}}};
    for (std::size_t k = 0; k < parts.size(); ++k) {
      texts[k].push_back(parts[k].first);
      lengths[k].push_back(parts[k].second);
    }
    numbers[0].push_back(row.status);
    numbers[1].push_back(row.at);
  }
  std::array<MYSQL_BIND, fields> binds{};
  for (std::size_t k = 0; k < texts.size(); ++k) {
    binds[k].buffer_type = k < 2 ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
    binds[k].buffer = texts[k].data();
    binds[k].length = lengths[k].data();
  }
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    binds[4 + k].buffer_type = MYSQL_TYPE_LONGLONG;
    binds[4 + k].buffer = numbers[k].data();
  }
  auto size = static_cast<unsigned>(count);
  mysql_stmt_attr_set(bulk_.get(), STMT_ATTR_ARRAY_SIZE, &size);
  check(bulk_.get(), mysql_stmt_bind_param(bulk_.get(), binds.data()) != 0 || mysql_stmt_execute(bulk_.get()) != 0);
}

std::size_t bare_client::look_up(std::span<const std::uint64_t> numbers) {
  if (!select_)
    select_ = prepare("SELECT id, endpoint_id, status, token_hash FROM endpoint_token WHERE token_hash IN ("
                      + repeated_rows(numbers.size(), "?") + ")");
  std::vector<core::token_hash> hashes(numbers.size());
  std::vector<MYSQL_BIND> binds(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    hashes[i] = bench_hash(numbers[i]);
    binds[i] = bound(MYSQL_TYPE_BLOB, hashes[i].data(), hashes[i].size());
  }
  for (auto& bind : binds)
    bind.length = &bind.length_value;
  auto* const select = select_.get();
  check(select, mysql_stmt_bind_param(select, binds.data()) != 0 || mysql_stmt_execute(select) != 0);
  std::array<unsigned char, 16> id{};
  std::array<char, 256> endpoint{};
  std::array<unsigned char, 32> hash{};
  long long status = 0;
  unsigned long length = 0;
  std::array<MYSQL_BIND, 4> results{
    bound(MYSQL_TYPE_BLOB, id.data(), id.size()), bound(MYSQL_TYPE_STRING, endpoint.data(), endpoint.size()),
    bound(MYSQL_TYPE_LONGLONG, &status, sizeof status), bound(MYSQL_TYPE_BLOB, hash.data(), hash.size())};
  for (auto& result : results)
    result.length = &length;
  check(select, mysql_stmt_bind_result(select, results.data()) != 0 || mysql_stmt_store_result(select) != 0);
  std::size_t rows = 0;
  while (mysql_stmt_fetch(select) == 0)
    ++rows;
  mysql_stmt_free_result(select);
  return rows;
}

} // namespace cm::test
