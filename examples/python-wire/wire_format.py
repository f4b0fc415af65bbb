#!/usr/bin/env python3
"""Writes and reads the clear parts of records as tenantry does. It was written from docs/wire-format.md and knows
nothing else; sealed values are examples/python-opener's.

Each line of standard input is JSON, and so is each line of output. `wire_format.py write`:

    {"tenant": "acme", "aggregateId": "42", "type": "orders.placed", "version": 1, "eventId": "…",
     "eventTimeMs": 1767225600000, "publishTimeMs": 1767225600500, "partitions": 12}
    -> {"key": HEX, "headers": [[NAME, HEX], …], "partition": 5} or {"error": CODE}

`wire_format.py read`:

    {"key": HEX or null, "headers": [[NAME, HEX], …], "partitions": 12}
    -> {"tenant": …, "aggregateId": …, "type": …, "version": …, "eventId": …, "eventTimeMs": … or null, "partition": …}
       or {"error": CODE}
"""

import json
import re
import sys

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
EVENT_TYPE = re.compile(r"([a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*)\.v([1-9][0-9]{0,15})")
EVENT_ID = re.compile(r"[\x21-\x7e]{1,128}")
EVENT_TIME = re.compile(r"[0-9]{1,15}")
MAX_AGGREGATE_ID_BYTES = 512
MAX_EVENT_TYPE = 218
MAX_VERSION = 2**53 - 1
MAX_HEADERS = 100
OWN = ("tenant-id", "event-type", "event-id", "event-time", "tenantry-seal")


class Refused(Exception):
    """The first argument is the code of docs/errors.md."""


def murmur2(data):
    """The hash of Kafka's Java client, unsigned."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition_of(key, partitions):
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def write_key(tenant, aggregate_id):
    if TENANT.fullmatch(tenant) is None:
        raise Refused("INVALID_TENANT_ID")
    try:
        encoded = aggregate_id.encode()
    except UnicodeEncodeError:
        raise Refused("INVALID_AGGREGATE_ID") from None
    if not 0 < len(encoded) <= MAX_AGGREGATE_ID_BYTES:
        raise Refused("INVALID_AGGREGATE_ID")
    return tenant.encode() + b":" + encoded


def read_key(key):
    tenant, colon, aggregate_id = (key or b"").partition(b":")
    if colon == b"" or not 0 < len(aggregate_id) <= MAX_AGGREGATE_ID_BYTES:
        raise Refused("RECORD_KEY_INVALID")
    try:
        tenant, aggregate_id = tenant.decode(), aggregate_id.decode()
    except UnicodeDecodeError:
        raise Refused("RECORD_KEY_INVALID") from None
    if TENANT.fullmatch(tenant) is None:
        raise Refused("RECORD_KEY_INVALID")
    return tenant, aggregate_id


def read_event_type(text):
    match = EVENT_TYPE.fullmatch(text) if len(text) <= MAX_EVENT_TYPE else None
    if match is None or int(match[2]) > MAX_VERSION:
        raise Refused("RECORD_HEADER_INVALID")
    return match[1], int(match[2])


def write(event):
    key = write_key(event["tenant"], event["aggregateId"])
    if EVENT_ID.fullmatch(event["eventId"]) is None:
        raise Refused("INVALID_EVENT_ID")
    headers = [
        ["tenant-id", event["tenant"]],
        ["event-type", f"{event['type']}.v{event['version']}"],
        ["event-id", event["eventId"]],
    ]
    if event["eventTimeMs"] != event["publishTimeMs"]:
        headers.append(["event-time", str(event["eventTimeMs"])])
    return {
        "key": key.hex(),
        "headers": [[name, text.encode("latin-1").hex()] for name, text in headers],
        "partition": partition_of(key, event["partitions"]),
    }


def read(record):
    if len(record["headers"]) > MAX_HEADERS:
        raise Refused("TOO_MANY_HEADERS")
    key = None if record["key"] is None else bytes.fromhex(record["key"])
    tenant, aggregate_id = read_key(key)
    own = {}
    for name, value in record["headers"]:
        if name in own:
            raise Refused("RECORD_HEADER_INVALID")
        if name in OWN:
            own[name] = bytes.fromhex(value).decode("latin-1")
    event_type, version = read_event_type(own.get("event-type", ""))
    event_id, event_time = own.get("event-id", ""), own.get("event-time")
    if (
        EVENT_ID.fullmatch(event_id) is None
        or TENANT.fullmatch(own.get("tenant-id", "")) is None
        or (event_time is not None and EVENT_TIME.fullmatch(event_time) is None)
    ):
        raise Refused("RECORD_HEADER_INVALID")
    if own["tenant-id"] != tenant:
        raise Refused("TENANT_MISMATCH")
    return {
        "tenant": tenant,
        "aggregateId": aggregate_id,
        "type": event_type,
        "version": version,
        "eventId": event_id,
        "eventTimeMs": None if event_time is None else int(event_time),
        "partition": partition_of(key, record["partitions"]),
    }


def main():
    work = {"write": write, "read": read}[sys.argv[1]]
    for line in sys.stdin:
        try:
            answer = work(json.loads(line))
        except Refused as refused:
            answer = {"error": refused.args[0]}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
