"""What Graph refuses, what passes, what it leads to: each documented error by the real client."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

from pipeline.adapters.graph.client import TRIES, GraphClient, Refused, segments
from pipeline.errors import SignInNeeded, TransientError, UserError
from tests.conftest import NOW
from tests.graph.conftest import Cloud
from tests.graph.server import Fault

DRIVE = "me/drive"
TOKEN = "token-of-user-1"


async def test_a_call_says_who_it_is_from_and_brings_its_token(cloud: Cloud) -> None:
    answer = await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert answer.body["id"] == "b!user-1"
    assert cloud.calls[0].headers["User-Agent"].startswith("NONISV|")
    assert cloud.calls[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 509])
async def test_what_passes_is_tried_again(cloud: Cloud, status: int) -> None:
    cloud.graph.faults = [Fault(status), Fault(status)]
    assert (await cloud.client.call("GET", DRIVE, token=TOKEN)).status == 200
    assert [call.status for call in cloud.calls] == [status, status, 200]


@pytest.mark.parametrize("how", ["hang", "reset", "cut"])
async def test_an_answer_that_does_not_come_is_asked_for_again(cloud: Cloud, how: str) -> None:
    cloud.graph.faults = [Fault(how=how)]
    assert (await cloud.client.call("GET", DRIVE, token=TOKEN)).status == 200
    assert len(cloud.calls) == 2


@pytest.mark.parametrize("fault", [Fault(503), Fault(how="hang"), Fault(how="reset")])
async def test_what_does_not_pass_is_given_up_in_bounded_time(cloud: Cloud, fault: Fault) -> None:
    cloud.graph.faults = [fault] * 9
    begun = monotonic()
    with pytest.raises(TransientError):
        await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert len(cloud.calls) <= 2 * TRIES  # aiohttp repeats a GET once by itself where a kept connection was reset
    assert monotonic() - begun < 15


async def test_retry_after_in_seconds_is_waited_for(cloud: Cloud) -> None:
    cloud.graph.faults = [Fault(429, {"Retry-After": "1"})]
    begun = monotonic()
    await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert 1.0 <= monotonic() - begun < 15


async def test_retry_after_as_a_date_is_waited_for(cloud: Cloud) -> None:
    cloud.graph.faults = [Fault(429, {"Retry-After": format_datetime(NOW + timedelta(seconds=1), usegmt=True)})]
    begun = monotonic()
    await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert 1.0 <= monotonic() - begun < 15


@pytest.mark.parametrize("asked", ["120", format_datetime(NOW + timedelta(seconds=120), usegmt=True)])
async def test_a_long_wait_is_handed_on_at_once(cloud: Cloud, asked: str) -> None:
    cloud.graph.faults = [Fault(429, {"Retry-After": asked})]
    begun = monotonic()
    with pytest.raises(TransientError) as told:
        await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert told.value.retry_after == 120
    assert monotonic() - begun < 15


@pytest.mark.parametrize("asked", ["soon", "-1", "", "Wed, 99 Nov 2026 25:00:00 GMT"])
async def test_a_retry_after_that_means_nothing_is_passed_over(cloud: Cloud, asked: str) -> None:
    cloud.graph.faults = [Fault(429, {"Retry-After": asked})]
    assert (await cloud.client.call("GET", DRIVE, token=TOKEN)).status == 200


async def test_many_that_are_throttled_together_do_not_come_back_together(cloud: Cloud) -> None:
    waits = {round(cloud.client._wait(2, 10.0), 4) for _ in range(20)} | {round(cloud.client._wait(2, None), 6) for _ in range(20)}
    assert len(waits) > 30
    assert all(wait >= 10.0 for wait in waits if wait > 1)


async def test_a_token_that_is_not_taken_asks_for_a_sign_in(cloud: Cloud) -> None:
    with pytest.raises(SignInNeeded):
        await cloud.client.call("GET", DRIVE, token="expired")
    assert len(cloud.calls) == 1


@pytest.mark.parametrize(("status", "code"), [(400, "invalidRequest"), (403, "accessDenied"), (404, "itemNotFound"), (409, "nameAlreadyExists"),
                                              (412, "resourceModified"), (416, "invalidRange"), (423, "resourceLocked"), (507, "quotaLimitReached")])  # fmt: skip
async def test_what_trying_again_does_not_help_is_refused_at_once(cloud: Cloud, status: int, code: str) -> None:
    cloud.graph.faults = [Fault(status, code=code)]
    with pytest.raises(Refused) as refused:
        await cloud.client.call("GET", DRIVE, token=TOKEN)
    assert (refused.value.status, refused.value.code) == (status, code)
    cloud.graph.faults = [Fault(status, code=code)]
    assert (await cloud.client.call("GET", DRIVE, token=TOKEN, accept=(status,))).code == code


async def test_no_token_goes_to_another_host(cloud: Cloud) -> None:
    for address in ("https://evil.example/v1.0/me", f"{cloud.graph.origin}.evil.example/v1.0/me", "http://169.254.169.254/"):
        with pytest.raises(Refused):
            await cloud.client.call("GET", address, token=TOKEN)
    assert cloud.calls == []


async def test_an_unencrypted_address_is_not_followed_from_an_encrypted_one() -> None:
    client = GraphClient(now=lambda: NOW)
    with pytest.raises(Refused):
        await client.call("PUT", "http://upload.example/x", data=b"x")
    await client.close()


async def test_no_name_of_a_person_is_in_what_is_logged_or_raised(cloud: Cloud) -> None:
    path = f"{DRIVE}/root:/{segments('CV Generator/Anna Müller')}:/children"
    for faults in ([Fault(503)] * TRIES, [Fault(how="reset")] * TRIES, [Fault(400)]):
        cloud.graph.faults = list(faults)
        with pytest.raises((TransientError, Refused)) as raised:
            await cloud.client.call("GET", path, token=TOKEN)
        assert "Anna" not in str(raised.value)
        assert "Anna" not in repr(raised.value.__cause__)


async def test_a_download_ends_at_its_limit(cloud: Cloud) -> None:
    cloud.drives.downloads["big"] = b"x" * 300_000
    answer = await cloud.client.call("GET", f"{cloud.graph.origin}/down/big", limit=1000)
    assert answer.data == b"x" * 1000


async def test_calls_at_the_same_time_share_one_session(cloud: Cloud) -> None:
    await asyncio.gather(*(cloud.client.call("GET", DRIVE, token=TOKEN) for _ in range(20)))
    assert len(cloud.calls) == 20


# --- the same as people hear of it, by the drive


@pytest.mark.parametrize(("status", "key"), [(403, "drive_forbidden"), (507, "drive_full")])
async def test_a_refusal_of_the_drive_says_what_to_do(cloud: Cloud, status: int, key: str) -> None:
    cloud.graph.faults = [Fault(status)]
    with pytest.raises(UserError) as told:
        await cloud.save()
    assert told.value.key == key


async def test_who_has_no_onedrive_is_told_so(cloud: Cloud) -> None:
    cloud.drives.drives.pop("b!user-1")
    with pytest.raises(UserError) as told:
        await cloud.save()
    assert told.value.key == "no_drive"


async def test_a_drive_without_room_says_so_before_a_large_file_is_sent(cloud: Cloud) -> None:
    cloud.onedrive.quota = 5 * 2**20
    with pytest.raises(UserError) as told:
        await cloud.save(size=6 * 2**20)
    assert told.value.key == "drive_full"
    assert cloud.methods == ["POST"]


async def test_a_library_that_does_not_let_the_app_in_is_no_matter_of_sign_in(cloud: Cloud) -> None:
    cloud.graph.tokens.pop("app-token")
    from tests.contract.test_drive import ANNA, file

    with pytest.raises(UserError) as told:
        await cloud.drive(library=True).save(ANNA, file("one"))
    assert told.value.key == "drive_forbidden"
