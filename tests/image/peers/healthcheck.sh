#!/usr/bin/env bash
# Answers when the server takes connections, which it does after its init file.
exec mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping
