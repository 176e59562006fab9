"""A client of CM with NATS's own Python library and fastavro.

The protocol on standard input and output is described in ../support/peer.mjs.
"""

import asyncio
import importlib.metadata
import io
import json
import os
import pathlib
import sys

import fastavro
import nats

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "avro"
INSTANCE = os.environ["CM_INSTANCE"]

# The end of the subject of each request of 16/ECAP, and the name of its records.
REQUESTS = {
    "token": ("ep-token-request", "EndpointTokenValidation"),
    "transition": ("ep-token-status-transition-request", "EndpointTokenStatusTransition"),
    "password": ("client-username-password-request", "ClientUsernamePasswordValidation"),
    "certificate": ("client-certificate-request", "ClientCertificateValidation"),
}
EVENTS = {
    "endpoint.token.revoked": "ecap.EndpointTokenRevokedEvent",
    "client.credential.revoked": "ecap.ClientCredentialRevokedEvent",
}


def schema(name):
    """A schema of docs/avro."""
    return fastavro.parse_schema(json.loads((SCHEMAS / f"{name}.avsc").read_text(encoding="utf-8")))


def encode(name, fields):
    """The bytes of a record; fields that are missing get the defaults of the schema."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema(name), fields, strict_allow_default=True)
    return out.getvalue()


def decode(name, data):
    """Exactly one record, without trailing bytes."""
    stream = io.BytesIO(data)
    record = fastavro.schemaless_reader(stream, schema(name), None)
    if stream.read(1):
        raise ValueError("bytes after the record")
    return record


def say(**line):
    """One line for the test."""
    print(json.dumps(line), flush=True)


class Peer:
    """The connection, and the commands of the test."""

    async def connect(self):
        """Connects and subscribes."""

        def tells(what):
            async def callback(*_):
                say(connection=what)

            return callback

        self.connection = await nats.connect(
            os.environ["NATS_URL"],
            user=os.environ["NATS_USERNAME"],
            password=os.environ["NATS_PASSWORD"],
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.05,
            error_cb=tells("error"),
            disconnected_cb=tells("disconnected"),
            reconnected_cb=tells("reconnected"),
        )
        for kind, name in EVENTS.items():
            await self.connection.subscribe(f"kaa.v1.events.{INSTANCE}.{kind}", cb=self.receiver(kind, name))
        await self.connection.flush()
        say(ready=str(self.connection.connected_server_version), library=importlib.metadata.version("nats-py"))

    @staticmethod
    def receiver(kind, name):
        """The callback for events of one kind."""

        async def receive(message):
            try:
                say(event=kind, record=decode(name, message.data))
            except (ValueError, EOFError) as problem:
                say(undecodable=f"{kind}: {problem}")

        return receive

    async def carry_out(self, command):
        """One command; returns its answer."""
        if command["do"] == "ask":
            subject, record = REQUESTS[command["kind"]]
            message = await self.connection.request(
                f"kaa.v1.service.{INSTANCE}.ecap.{subject}",
                encode(f"ecap.{record}Request", command["fields"]),
                timeout=command["wait"] / 1000,
                headers=command.get("headers"),
            )
            return decode(f"ecap.{record}Response", message.data)
        if command["do"] == "publish":
            await self.connection.publish(command["subject"], encode(command["record"], command["fields"]))
        await self.connection.flush()
        return {}

    async def handle(self, command):
        """One command, with its line."""
        try:
            say(id=command["id"], answer=await self.carry_out(command))
        except Exception as problem:  # whatever it is, the test decides
            say(id=command["id"], error=repr(problem))


async def main():
    """Carries out commands until the end of standard input."""
    peer = Peer()
    await peer.connect()
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        task = asyncio.create_task(peer.handle(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await peer.connection.close()


asyncio.run(main())
