#include "storage/clients/client_row.hpp"

namespace cm::storage {

namespace {

constexpr const char* common_fields = "id, client_id, status, created_at, updated_at, last_used_at";

} // namespace

const client_table& table_of(core::client_kind kind) {
  static const std::array<client_table, 2> tables{{
    {core::client_kind::basic, core::revoked_kind::basic, "basic_credential", std::string{common_fields} + ", username",
     basic_columns, "No such credential"},
    {core::client_kind::x509, core::revoked_kind::x509, "x509_credential",
     std::string{common_fields} + ", issuer, serial", x509_columns, "No such certificate"},
  }};
  return tables.at(index_of(kind));
}

core::client_credential read_client(core::client_kind kind, const statement& row, std::size_t first) {
  core::client_credential read;
  read.kind = kind;
  read.id = read_uuid(row.bytes(first));
  read.client_id = row.text(first + 1);
  read.status = read_status(row, first + 2, table_of(kind).name, read.id);
  read.created_at = read_time(row, first + 3);
  read.updated_at = read_optional_time(row, first + 4);
  read.last_used_at = read_optional_time(row, first + 5);
  if (kind == core::client_kind::basic) {
    read.username = row.text(first + 6);
  } else {
    read.issuer = row.text(first + 6);
    read.serial_number = row.text(first + 7);
  }
  return read;
}

} // namespace cm::storage
