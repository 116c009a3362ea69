"""Files into a drive: small ones by one request, large ones by an upload session.

Sources: learn.microsoft.com/graph/api/driveitem-put-content and /driveitem-createuploadsession. msgraph-core's own upload task logs the
errors of its chunks and goes on (msgraph_core 1.5.2, tasks/large_file_upload.py); here they end the upload.
"""

from __future__ import annotations

from typing import Any

from pipeline.adapters.graph.client import Answer, GraphClient, Refused
from pipeline.errors import TransientError

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SMALL = 4 * 2**20
"""Above, what an interruption has cost should not have to be sent again."""
CHUNK = 16 * 320 * 2**10
"""A multiple of 320 KiB, as the service demands."""
ROUNDS = 3
"""So often a session that was lost is begun anew."""
TAKEN = (404, 409, 412, 423)
"""Refusals that the caller has an answer to."""


async def upload(client: GraphClient, place: str, data: bytes, *, token: str, replaces: str = "") -> Answer:
    """Save at `place`, an address of Graph that "/content" can follow: a new file, or in place of the version `replaces` (an eTag).

    Nothing else is overwritten. Statuses in TAKEN come back as answers. Raises Refused, SignInNeeded, TransientError.
    """
    guard = {"If-Match": replaces} if replaces else {}
    if len(data) > SMALL:
        return await _in_chunks(client, place, data, token=token, guard=guard)
    query = "" if replaces else "?@microsoft.graph.conflictBehavior=fail"
    headers = {"Content-Type": DOCX, **guard}
    return await client.call("PUT", f"{place}/content{query}", token=token, data=data, headers=headers, accept=TAKEN)


async def _in_chunks(client: GraphClient, place: str, data: bytes, *, token: str, guard: dict[str, str]) -> Answer:
    behaviour = "replace" if guard else "fail"
    wanted = {"item": {"@microsoft.graph.conflictBehavior": behaviour, "fileSize": len(data)}}
    for _ in range(ROUNDS):
        opened = await client.call("POST", f"{place}/createUploadSession", token=token, json=wanted, headers=guard, accept=TAKEN)
        if opened.status != 200:
            return opened
        done = await _sent(client, str(opened.body.get("uploadUrl", "")), data)
        if done is not None:
            return done
    raise TransientError("Graph: the upload session was lost again and again")


async def _sent(client: GraphClient, url: str, data: bytes) -> Answer | None:
    """All chunks in order, from where the service says; None where it does not know the session any more. The address is its own key: no token."""
    position = 0
    while True:
        chunk = data[position : position + CHUNK]
        span = {"Content-Range": f"bytes {position}-{position + len(chunk) - 1}/{len(data)}"}
        answer = await client.call("PUT", url, data=chunk, headers=span, accept=(404, 409, 412, 416, 423))
        match answer.status:
            case 200 | 201 | 409 | 412 | 423:
                return answer
            case 404:
                return None
            case 416:  # it has this part already: its answer was lost
                answer = await client.call("GET", url, accept=(404,))
                if answer.status == 404:
                    return None
        expected = _expected(answer.body)
        if not 0 <= expected < len(data):
            raise Refused(answer.status, "nextExpectedRanges")
        position = expected


def _expected(body: dict[str, Any]) -> int:
    """Where the next chunk begins; -1 where the service does not say."""
    ranges = body.get("nextExpectedRanges")
    first = str(ranges[0]).partition("-")[0] if isinstance(ranges, list) and ranges else ""
    return int(first) if first.isdigit() else -1
