// New client credentials.
#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/clients/client_row.hpp"
#include "storage/events/audit.hpp"
#include "storage/sql/transaction.hpp"

namespace cm::storage {

namespace {

constexpr std::size_t max_phc = 255;

std::optional<failure> broken_bound(const create_client& request) {
  const auto& wanted = request.credential;
  if (!fits_varchar(wanted.client_id))
    return invalid("not a client ID");
  if (wanted.kind == core::client_kind::basic) {
    if (wanted.username.empty() || !fits_varchar(wanted.username))
      return invalid("not a username");
    if (request.password_phc.empty() || request.password_phc.reveal().size() > max_phc)
      return invalid("not a password's hash");
    return std::nullopt;
  }
  if (wanted.issuer.size() > max_subject_text || !core::is_utf8(wanted.issuer))
    return invalid("not an issuer");
  if (!is_stored_serial_number(wanted.serial_number))
    return invalid("not a serial number");
  if (request.other_subjects.size() > max_other_subjects)
    return invalid("more than 49 other subjects");
  return std::nullopt;
}

void bind_common(statement& write, const core::client_credential& wanted) {
  write.bind(0, wanted.id.bytes);
  write.bind(1, wanted.client_id);
  write.bind(2, number(wanted.status));
  bind_time(write, 3, wanted.created_at);
}

outcome<void> insert_basic(connection& db, const create_client& request) {
  static const std::string text = "INSERT INTO basic_credential (id, client_id, status, created_at, username, "
                                  "password_phc) VALUES (?,?,?,?,?,?)";
  CM_TRY(auto* const insert, db.prepared(text));
  bind_common(*insert, request.credential);
  insert->bind(4, request.credential.username);
  insert->bind(5, request.password_phc.reveal());
  return insert->execute();
}

/// Conflict if the certificate is stored under another of its hashes: the release before knows no identity, so the
/// unique keys do not see that.
outcome<void> refuse_others(connection& db, const create_client& request) {
  static const auto texts =
    statement_texts("SELECT subject_hash FROM x509_credential WHERE subject_hash IN (", "?", ")");
  static constexpr std::array<column, 1> columns{hash_column};
  bool found = false;
  CM_TRY_VOID(
    read_by_hash(db, texts, columns, request.other_subjects, [&](std::size_t, const statement&) { found = true; }));
  if (found)
    return make_usable_failure(core::errc::conflict, "The certificate already exists");
  return {};
}

outcome<void> insert_x509(connection& db, const create_client& request) {
  CM_TRY_VOID(refuse_others(db, request));
  static const std::string text = "INSERT INTO x509_credential (id, client_id, status, created_at, subject_hash, "
                                  "issuer, serial, identity_hash) VALUES (?,?,?,?,?,?,?,?)";
  CM_TRY(auto* const insert, db.prepared(text));
  bind_common(*insert, request.credential);
  insert->bind(4, request.subject);
  insert->bind(5, request.credential.issuer);
  insert->bind(6, request.credential.serial_number);
  if (request.identity)
    insert->bind(7, *request.identity);
  else
    insert->bind_null(7);
  return insert->execute();
}

outcome<void> insert_with_audit(connection& db, const create_client& request) {
  const auto& wanted = request.credential;
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY_VOID(wanted.kind == core::client_kind::basic ? insert_basic(db, request) : insert_x509(db, request));
  const auto mark = mark_of(wanted.created_at, request.origin);
  const auto entry = entry_of(wanted.id, mark, std::nullopt, wanted.status);
  CM_TRY_VOID(append_audit(db, {&entry, 1}));
  return begun.commit();
}

one_client result_of(const create_client& request) {
  one_client created{request.credential};
  created.credential.updated_at.reset();
  created.credential.last_used_at.reset();
  return created;
}

// After a duplicate key: success if an earlier attempt of the same command, whose response was lost, has stored the
// row.
outcome<one_client> created_before(connection& db, const create_client& request, const failure& duplicate) {
  const auto& wanted = request.credential;
  auto stored = apply(db, get_client{wanted.kind, wanted.id});
  if (!stored && stored.error().error.code == core::errc::not_found)
    return make_usable_failure(core::errc::conflict,
                               wanted.kind == core::client_kind::basic ? "The username already exists"
                                                                       : "The certificate already exists",
                               duplicate.error.detail);
  if (!stored)
    return stored;
  const auto& found = stored->credential;
  if (found.username != wanted.username || found.issuer != wanted.issuer || found.serial_number != wanted.serial_number)
    return impossible("the ID belongs to another credential");
  return stored;
}

} // namespace

outcome<one_client> apply(connection& db, const create_client& request, const attempt& how) {
  if (auto broken = broken_bound(request))
    return *std::move(broken);
  if (how.repeated) {
    // The lost attempt may have been committed, and other commands may have changed or deleted the credential since.
    CM_TRY(const auto& before, audited(db, {&request.credential.id, 1}));
    if (!before.empty()) {
      auto stored = apply(db, get_client{request.credential.kind, request.credential.id});
      if (stored || stored.error().error.code != core::errc::not_found)
        return stored;
      return result_of(request);
    }
  }
  const auto inserted = insert_with_audit(db, request);
  if (inserted)
    return result_of(request);
  if (inserted.error().error.code == core::errc::conflict)
    return created_before(db, request, inserted.error());
  return inserted.error();
}

} // namespace cm::storage
