#include "sql_client.hpp"

namespace cm::benchmark {

sql_client::sql_client(const sql_options& options) : connection_(mysql_init(nullptr)) {
  auto* handle = connection_.get();
  if (handle == nullptr)
    throw sql_error("no memory for a connection");
  const unsigned connect_seconds = 10;
  const unsigned exchange_seconds = 60;
  const auto protocol = static_cast<unsigned>(options.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET);
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &exchange_seconds);
  mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &exchange_seconds);
  mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const char* password = options.password.empty() ? nullptr : options.password.c_str();
  const char* socket = options.socket.empty() ? nullptr : options.socket.c_str();
  if (mysql_real_connect(handle, options.host.c_str(), options.user.c_str(), password, options.database.c_str(),
                         options.port, socket, 0)
      == nullptr)
    throw sql_error(std::string("connect: ") + mysql_error(handle));
}

void sql_client::run(const std::string& text) {
  if (mysql_real_query(get(), text.data(), text.size()) != 0)
    throw sql_error(text + ": " + mysql_error(get()));
}

std::string sql_client::value(const std::string& text) {
  run(text);
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(mysql_store_result(get()), &mysql_free_result);
  if (!result)
    throw sql_error(text + ": " + mysql_error(get()));
  const auto* row = mysql_fetch_row(result.get());
  return row == nullptr || row[0] == nullptr ? std::string{} : std::string{row[0]};
}

sql_statement::sql_statement(sql_client& client, const std::string& text) : statement_(mysql_stmt_init(client.get())) {
  if (!statement_)
    throw sql_error("no memory for a statement");
  if (mysql_stmt_prepare(statement_.get(), text.data(), text.size()) != 0)
    fail("prepare");
}

void sql_statement::bind_parameters(std::vector<MYSQL_BIND>& parameters) {
  if (mysql_stmt_param_count(statement_.get()) != parameters.size())
    throw sql_error("a statement with another number of parameters");
  if (mysql_stmt_bind_param(statement_.get(), parameters.data()) != 0)
    fail("bind");
}

void sql_statement::bind_results(std::vector<MYSQL_BIND>& results) {
  if (mysql_stmt_bind_result(statement_.get(), results.data()) != 0)
    fail("bind");
}

void sql_statement::execute() {
  if (mysql_stmt_execute(statement_.get()) != 0)
    fail("execute");
}

bool sql_statement::fetch() {
  const int outcome = mysql_stmt_fetch(statement_.get());
  if (outcome == 0)
    return true;
  if (outcome != MYSQL_NO_DATA)
    fail("fetch");
  mysql_stmt_free_result(statement_.get());
  return false;
}

void sql_statement::fail(const char* what) const {
  throw sql_error(std::string(what) + ": " + mysql_stmt_error(statement_.get()));
}

MYSQL_BIND bytes_bind(void* data, std::size_t bytes) noexcept {
  MYSQL_BIND binding{};
  binding.buffer_type = MYSQL_TYPE_STRING;
  binding.buffer = data;
  binding.buffer_length = static_cast<unsigned long>(bytes);
  // The library uses buffer_length if a parameter has no length pointer.
  binding.length = nullptr;
  return binding;
}

MYSQL_BIND text_bind(char* data, std::size_t capacity, unsigned long* length) noexcept {
  MYSQL_BIND binding = bytes_bind(data, capacity);
  binding.length = length;
  return binding;
}

MYSQL_BIND integer_bind(std::int64_t* value) noexcept {
  MYSQL_BIND binding{};
  binding.buffer_type = MYSQL_TYPE_LONGLONG;
  binding.buffer = value;
  return binding;
}

std::string tuples(std::size_t count, std::size_t columns) {
  std::string tuple = "(";
  for (std::size_t i = 0; i < columns; ++i)
    tuple += i == 0 ? "?" : ",?";
  tuple += ")";
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text.append(i == 0 ? "" : ",").append(tuple);
  return text;
}

} // namespace cm::benchmark
