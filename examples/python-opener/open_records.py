#!/usr/bin/env python3
"""Opens records that tenantry sealed. It was written from docs/envelope.md and knows nothing else.

Each line of standard input is a record as JSON, everything of Kafka's in base64:

    {"topic": "orders", "key": "…", "value": "…" or null, "headers": {"tenant-id": "…", …},
     "protection": "confidential" or "authentic" or {"fields": ["/card/number"]}}

where `topic` is the logical one. For each there is one line of output: {"event": …, "timeMs": …} or {"error": CODE}.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
TAG_BYTES = 16
LATEST_MS = 8_640_000_000_000_000
DETACHED, FIELDS = 0x01, 0x02


class Refused(Exception):
    """The record is refused; the first argument is the code of docs/envelope.md."""


def lp(data):
    return len(data).to_bytes(4, "big") + data


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


class LocalKeyring:
    """Unwraps data keys with keys of a key file."""

    def __init__(self, text):
        self._keys = {tenant: self._of_tenant(entry) for tenant, entry in json.loads(text).items()}

    @staticmethod
    def _of_tenant(entry):
        texts = [entry] if isinstance(entry, str) else [entry["current"], *entry.get("previous", [])]
        keys = [key_of(text) for text in texts]
        return {hmac_sha256(key, b"tenantry/1/kek-id")[:8]: key for key in keys}

    def data_key(self, tenant, wrapped, _dek_id):
        if tenant not in self._keys:
            raise Refused("KEY_NOT_CONFIGURED")
        kek_id, nonce, sealed = wrapped[:8], wrapped[8:20], wrapped[20:]
        kek = self._keys[tenant].get(kek_id)
        if kek is None or len(nonce) != 12 or len(sealed) != KEY_BYTES + TAG_BYTES:
            raise Refused("KEY_REFUSED")
        aad = b"tenantry/1/local-wrap" + kek_id + lp(tenant.encode())
        try:
            return AESGCM(kek).decrypt(nonce, sealed, aad)
        except InvalidTag:
            raise Refused("KEY_REFUSED") from None


class DataKeys:
    """Data keys that are known already: the wrapped key of a record is not looked at."""

    def __init__(self, keys):
        self._keys = keys

    def data_key(self, tenant, _wrapped, dek_id):
        for key in self._keys:
            if dek_id == dek_id_of(key, tenant):
                return key
        raise Refused("KEY_MISMATCH")


def key_of(text):
    key = bytes.fromhex(text) if re.fullmatch(r"[0-9a-fA-F]{64}", text) else base64.b64decode(text)
    if len(key) != KEY_BYTES:
        raise ValueError("a key must have 32 bytes, in base64 or hex")
    return key


def dek_id_of(key, tenant):
    return hmac_sha256(key, b"tenantry/1/dek-id" + lp(tenant.encode()))


def open_record(record, keys):
    """Returns the event and its time, or raises Refused."""
    headers = {name: base64.b64decode(value) for name, value in record["headers"].items()}
    key = base64.b64decode(record["key"])
    tenant = headers["tenant-id"].decode("ascii")
    if not key.startswith(headers["tenant-id"] + b":"):
        raise Refused("TENANT_MISMATCH")
    value = None if record["value"] is None else base64.b64decode(record["value"])
    protection = record["protection"]

    # The contract says what form the record must have, and every tombstone has a detached seal.
    if value is not None and protection == "confidential":
        flags, envelope, tail = 0, value, b""
    else:
        flags = DETACHED | (FIELDS if value is not None and isinstance(protection, dict) else 0)
        envelope = headers.get("tenantry-seal")
        tail = b"\x00" if value is None else b"\x01" + lp(value)
    if envelope is None:
        raise Refused("SEAL_MISSING")

    identity = [headers["tenant-id"], record["topic"].encode(), key, headers["event-type"], headers["event-id"]]
    plaintext, time_ms = open_envelope(envelope, flags, tenant, b"".join(map(lp, identity)) + tail, keys)
    if value is None:
        return None, time_ms
    if flags == 0:
        return parse_json(plaintext), time_ms
    event = parse_json(value)
    if flags & FIELDS:
        put_back(event, parse_json(plaintext), protection["fields"])
    return event, time_ms


def open_envelope(envelope, wanted_flags, tenant, names_and_tail, keys):
    if envelope[:2] != b"\xe7\x54":
        raise Refused("SEAL_MISSING" if wanted_flags == 0 else "ENVELOPE_MALFORMED")
    if len(envelope) < 5:
        raise Refused("ENVELOPE_MALFORMED")
    version, suite, flags = envelope[2:5]
    if version != 1 or suite != 1 or flags & ~(DETACHED | FIELDS):
        raise Refused("ENVELOPE_UNSUPPORTED")
    if len(envelope) < 71 or flags != wanted_flags:
        raise Refused("ENVELOPE_MALFORMED")
    dek_id, salt, sequence = envelope[5:37], envelope[37:53], envelope[53:61]
    time_ms = int.from_bytes(envelope[61:69], "big")
    wrapped_bytes = int.from_bytes(envelope[69:71], "big")
    head, sealed = envelope[: 71 + wrapped_bytes], envelope[71 + wrapped_bytes :]
    fits = 1 <= wrapped_bytes <= 1024 and len(sealed) >= TAG_BYTES and time_ms <= LATEST_MS
    if not fits or (flags == DETACHED and len(sealed) > TAG_BYTES):
        raise Refused("ENVELOPE_MALFORMED")

    data_key = keys.data_key(tenant, head[71:], dek_id)
    if len(data_key) != KEY_BYTES:
        raise Refused("DATA_KEY_INVALID")
    if not hmac.compare_digest(dek_id, dek_id_of(data_key, tenant)):
        raise Refused("KEY_MISMATCH")
    info = b"tenantry/1/record-key\x01" + lp(tenant.encode())
    record_key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(data_key)
    try:
        plaintext = AESGCM(record_key).decrypt(bytes(4) + sequence, sealed, head + names_and_tail)
    except InvalidTag:
        raise Refused("SEAL_INVALID") from None
    return plaintext, time_ms


def put_back(event, fields, pointers):
    """Puts sealed fields back into an event."""
    if not isinstance(fields, dict) or set(fields) - set(pointers):
        raise Refused("SEALED_FIELDS_INVALID")
    for pointer in pointers:
        *path, name = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
        parent = event
        for part in path:
            require_object(parent)
            parent = None if parent is None else parent.get(part)
        require_object(parent)
        if parent is not None and name in parent:
            raise Refused("SEALED_FIELDS_INVALID")
        if pointer in fields:
            if parent is None:
                raise Refused("SEALED_FIELDS_INVALID")
            parent[name] = fields[pointer]


def require_object(value):
    if value is not None and not isinstance(value, dict):
        raise Refused("SEALED_FIELDS_INVALID")


def parse_json(data):
    def refuse(_constant):
        raise ValueError("not JSON")

    try:
        return json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Refused("PAYLOAD_MALFORMED") from None


def main():
    parser = argparse.ArgumentParser(description="Opens records that tenantry sealed, one JSON line each.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--keys", metavar="FILE", help="a key file, as `tenantry keys generate` makes it")
    source.add_argument("--data-keys", metavar="FILE", help="data keys in hex or base64, one a line")
    options = parser.parse_args()
    with open(options.keys or options.data_keys, encoding="utf-8") as file:
        text = file.read()
    keys = LocalKeyring(text) if options.keys else DataKeys([key_of(line) for line in text.split()])
    for line in sys.stdin.buffer:
        try:
            event, time_ms = open_record(json.loads(line), keys)
            answer = {"event": event, "timeMs": time_ms}
        except Refused as refusal:
            answer = {"error": refusal.args[0]}
        except (KeyError, ValueError, binascii.Error):
            answer = {"error": "RECORD_UNREADABLE"}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
