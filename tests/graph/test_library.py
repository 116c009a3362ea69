"""The firm's library is found by Microsoft's own client, once."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.adapters.graph.library import LibraryFinder, Wanted
from pipeline.errors import TransientError, UserError
from tests.graph.conftest import Cloud
from tests.graph.server import Fault

SITE = "https://contoso.sharepoint.com/sites/recruiting"


def finder(cloud: Cloud, *, seconds: float = 10.0, **wanted: str) -> LibraryFinder:
    return LibraryFinder(Wanted(**wanted), app_token=cloud.people.app, url=cloud.graph.url, seconds=seconds)


@pytest.mark.parametrize(("wanted", "drive", "site"), [
    ({"site": SITE}, "b!library", "Recruiting"),
    ({"site": SITE + "/", "name": "lebensläufe"}, "b!cvs", "Recruiting"),
    ({"drive": "b!cvs"}, "b!cvs", "recruiting"),
])  # fmt: skip
async def test_a_library_is_found_by_its_site_its_name_or_its_id(cloud: Cloud, wanted: dict[str, str], drive: str, site: str) -> None:
    cloud.drives.library("b!cvs", name="Lebensläufe")
    found = await finder(cloud, **wanted)()
    assert (found.drive, found.site) == (drive, site)
    assert all(call.headers["Authorization"] == "Bearer app-token" for call in cloud.calls)


async def test_a_library_on_a_later_page_is_found(cloud: Cloud) -> None:
    cloud.drives.page = 2
    for number in range(5):
        cloud.drives.library(f"b!{number}", name=f"Library {number}")
    assert (await finder(cloud, site=SITE, name="Library 4")()).drive == "b!4"


async def test_it_is_asked_for_once_by_all_workers(cloud: Cloud) -> None:
    find = finder(cloud, site=SITE)
    found = await asyncio.gather(*(find() for _ in range(8)))
    assert len(set(found)) == 1
    assert len(cloud.calls) == 2


@pytest.mark.parametrize("wanted", [{"site": "https://contoso.sharepoint.com/sites/none"}, {"site": SITE, "name": "none"}, {"drive": "none"}])
async def test_a_library_that_is_not_there_says_so(cloud: Cloud, wanted: dict[str, str]) -> None:
    with pytest.raises(UserError) as told:
        await finder(cloud, **wanted)()
    assert told.value.key == "no_library"


async def test_an_app_without_rights_is_told_so(cloud: Cloud) -> None:
    cloud.graph.let_app_in("User.Read.All")
    with pytest.raises(UserError):
        await finder(cloud, site=SITE)()


@pytest.mark.parametrize("fault", [Fault(500), Fault(502), Fault(how="hang"), Fault(how="reset")])
async def test_what_passes_is_tried_later(cloud: Cloud, fault: Fault) -> None:
    cloud.graph.faults = [fault] * 9
    with pytest.raises(TransientError):
        await finder(cloud, site=SITE, seconds=2.0)()
    cloud.graph.faults = []
    cloud.graph.hold.set()
    assert (await finder(cloud, site=SITE)()).drive == "b!library"


async def test_throttling_is_waited_for(cloud: Cloud) -> None:
    cloud.graph.faults = [Fault(429, {"Retry-After": "1"})]
    assert (await finder(cloud, site=SITE)()).drive == "b!library"
    assert [call.status for call in cloud.calls] == [429, 200, 200]
