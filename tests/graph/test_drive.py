"""Word files in OneDrive and SharePoint: nothing is overwritten blindly, nothing is there twice, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.adapters.fallback_drive import FallbackDrive
from pipeline.adapters.graph.drive import folder_of
from pipeline.adapters.graph.own import same_text
from pipeline.adapters.graph.upload import CHUNK
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.served_drive import ServedDrive
from pipeline.errors import EditedSince, SignInNeeded, TransientError, UserError
from pipeline.model.job import Beside, WhenEdited
from pipeline.model.person import Person
from pipeline.ports import WordFile
from tests.conftest import NOW
from tests.graph.conftest import ANNA, Cloud
from tests.graph.drive import rewritten
from tests.graph.server import Fault
from tests.graph.words import text_of, word

FOLDER = "CV Generator/2026/Anna Müller"
PLAIN = f"{FOLDER}/CV Anna Müller.docx"
SECOND = f"{FOLDER}/CV Anna Müller (2).docx"
MB = 2**20


def file(text: str = "one", *, job: str = "j1", candidate: str = "Anna Müller", name: str = "CV Anna Müller.docx", size: int = 0) -> WordFile:
    return WordFile(job, candidate, name, word(text, job=job, size=size), created=NOW)


# --- where it lies


async def test_a_file_of_one_megabyte_costs_one_call(cloud: Cloud) -> None:
    item = await cloud.save(size=MB)
    assert cloud.methods == ["PUT"]
    assert cloud.paths == [PLAIN]
    assert (item.path, item.saved_in, item.owner, item.shared, item.beside) == (FOLDER, "onedrive", ANNA, False, None)
    assert item.url.startswith("https://contoso-my.sharepoint.com/")
    assert item.url.endswith("&web=1")


async def test_folders_that_the_service_does_not_make_are_made(cloud: Cloud) -> None:
    cloud.onedrive.makes_folders = False
    await cloud.save()
    assert cloud.paths == [PLAIN]
    cloud.calls.clear()
    await cloud.save("two", job="j2", name="CV 2.docx")
    assert cloud.methods == ["PUT"]


async def test_a_library_is_the_apps_business_and_its_members_see_it(cloud: Cloud) -> None:
    item = await cloud.drive(library=True).save(ANNA, file())
    assert [one.path for one in cloud.library.files] == [PLAIN]
    assert (item.saved_in, item.site, item.owner) == ("library", "Recruiting", None)
    assert cloud.people.asked == 0
    assert cloud.calls[0].headers["Authorization"] == "Bearer app-token"


async def test_a_folder_that_others_see_is_told(cloud: Cloud) -> None:
    cloud.onedrive.folder(["CV Generator"]).shared = True
    assert (await cloud.save()).shared


@pytest.mark.parametrize(("pattern", "candidate", "folder"), [
    ("CV Generator/{year}/{candidate}", "Anna Müller", "CV Generator/2026/Anna Müller"),
    ("/CVs/{year}-{month}/", "x", "CVs/2026-11"),
    ("CVs/{candidate}", "../../Private", "CVs/Private"),
    ("CVs/{candidate}", "A/B\\C", "CVs/A B C"),
    ("CVs/{candidate}", "{year}", "CVs/{year}"),
    ("CVs/{candidate}", "...", "CVs/_"),
    ("{candidate}", "CON", "_CON"),
])  # fmt: skip
def test_a_pattern_of_folders_stays_what_it_is_whatever_a_candidate_is_called(pattern: str, candidate: str, folder: str) -> None:
    assert folder_of(pattern, file(candidate=candidate)) == folder


async def test_the_longest_names_still_fit(cloud: Cloud) -> None:
    long = "Ünïcödé " * 60
    item = await cloud.drive().save(ANNA, file(candidate=long, name=f"CV {long}.docx"))
    assert len(cloud.paths[0]) <= 400
    assert text_of(await cloud.drive().read("t", item)) == "one"


# --- large files


async def test_a_large_file_goes_in_chunks_without_a_token(cloud: Cloud) -> None:
    item = await cloud.save(size=12 * MB)
    assert cloud.methods == ["POST", "PUT", "PUT", "PUT"]
    assert all("Authorization" not in call.headers for call in cloud.calls[1:])
    assert [call.size for call in cloud.calls[1:3]] == [CHUNK, CHUNK]
    assert CHUNK % (320 * 1024) == 0
    assert text_of(await cloud.drive().read("t", item)) == "one"


async def test_a_chunk_whose_answer_was_lost_is_not_sent_twice(cloud: Cloud) -> None:
    cloud.graph.faults = [None, Fault(504, after=True)]
    await cloud.save(size=12 * MB)
    assert [call.status for call in cloud.calls] == [200, 504, 416, 200, 202, 201]  # the session says where it is
    assert cloud.paths == [PLAIN]


async def test_a_lost_session_is_begun_anew(cloud: Cloud) -> None:
    cloud.graph.faults = [None, None, Fault(404)]
    await cloud.save(size=12 * MB)
    assert cloud.methods == ["POST", "PUT", "PUT", "POST", "PUT", "PUT", "PUT"]
    assert cloud.paths == [PLAIN]


async def test_sessions_that_are_lost_again_and_again_end_the_attempt(cloud: Cloud) -> None:
    cloud.graph.faults = [None, Fault(404)] * 9
    with pytest.raises(TransientError):
        await cloud.save(size=6 * MB)


async def test_a_last_chunk_whose_answer_was_lost_leaves_one_file(cloud: Cloud) -> None:
    cloud.graph.faults = [None, None, Fault(502, after=True)]
    item = await cloud.save(size=6 * MB)
    assert cloud.paths == [PLAIN]
    assert (item.name, item.beside) == ("CV Anna Müller.docx", None)


async def test_a_name_that_was_taken_while_a_large_file_was_sent(cloud: Cloud) -> None:
    original = cloud.drives._received

    async def late(request, key, session):
        if not cloud.onedrive.files:
            cloud.onedrive.put(PLAIN, b"theirs")
        return await original(request, key, session)

    cloud.drives._received = late
    item = await cloud.save(size=6 * MB)
    assert cloud.paths == [SECOND, PLAIN]
    assert item.beside is Beside.EXISTS


async def test_a_chunk_that_the_service_will_not_place_ends_the_upload(cloud: Cloud) -> None:
    cloud.graph.faults = [None, Fault(403)]
    with pytest.raises(UserError):
        await cloud.save(size=6 * MB)
    assert cloud.paths == []


# --- what is there already


async def test_a_file_of_somebody_else_is_never_overwritten(cloud: Cloud) -> None:
    cloud.onedrive.put(PLAIN, b"theirs")
    item = await cloud.save()
    assert cloud.paths == [SECOND, PLAIN]
    assert (item.name, item.beside) == ("CV Anna Müller (2).docx", Beside.EXISTS)
    assert next(one for one in cloud.onedrive.files if one.path == PLAIN).data == b"theirs"


async def test_names_that_are_taken_are_passed_over_whatever_their_case(cloud: Cloud) -> None:
    for name in ("CV Anna Müller.docx", "cv anna müller (2).DOCX", "CV Anna Müller (3).docx"):
        cloud.onedrive.put(f"{FOLDER}/{name}", b"theirs")
    assert (await cloud.save()).name == "CV Anna Müller (4).docx"


async def test_a_folder_of_that_name_is_passed_over(cloud: Cloud) -> None:
    cloud.onedrive.folder([*FOLDER.split("/"), "CV Anna Müller.docx"])
    assert (await cloud.save()).name == "CV Anna Müller (2).docx"


async def test_a_folder_of_many_pages_is_looked_through(cloud: Cloud) -> None:
    cloud.drives.page = 2
    for number in range(1, 8):
        cloud.onedrive.put(PLAIN if number == 1 else f"{FOLDER}/CV Anna Müller ({number}).docx", b"theirs")
    assert (await cloud.save()).name == "CV Anna Müller (8).docx"


async def test_when_every_name_is_taken_it_is_tried_later(cloud: Cloud) -> None:
    for number in range(1, 30):
        cloud.onedrive.put(PLAIN if number == 1 else f"{FOLDER}/CV Anna Müller ({number}).docx", b"theirs")
    with pytest.raises(TransientError):
        await cloud.save()


# --- killed in between


@pytest.mark.parametrize("size", [0, 6 * MB])
async def test_killed_between_upload_and_record_the_job_finds_its_own_file(cloud: Cloud, size: int) -> None:
    first = await cloud.save(size=size)
    assert await cloud.save(size=size) == first
    assert cloud.paths == [PLAIN]


@pytest.mark.parametrize("fault", [Fault(504, after=True), Fault(how="reset", after=True), Fault(how="cut", after=True)])
async def test_an_upload_whose_answer_was_lost_leaves_one_file(cloud: Cloud, fault: Fault) -> None:
    cloud.graph.faults = [fault]
    item = await cloud.save()
    assert cloud.paths == [PLAIN]
    assert item.beside is None


async def test_killed_after_it_was_saved_beside_another_it_finds_that_one(cloud: Cloud) -> None:
    cloud.onedrive.put(PLAIN, word("one", job="other"))
    first = await cloud.save()
    assert await cloud.save() == first
    assert cloud.paths == [SECOND, PLAIN]


async def test_the_same_cv_of_another_job_is_not_taken_for_ones_own(cloud: Cloud) -> None:
    first, other = await cloud.save("same"), await cloud.save("same", job="j2")
    assert first.id != other.id
    assert len(cloud.paths) == 2


async def test_a_file_older_than_the_job_is_not_looked_into(cloud: Cloud) -> None:
    cloud.onedrive.put(PLAIN, word("one")).created = NOW - timedelta(hours=1)
    await cloud.save()
    assert not any("/content" in call.path and call.method == "GET" for call in cloud.calls)


async def test_killed_while_a_known_file_was_replaced_it_is_not_taken_for_edited(cloud: Cloud) -> None:
    known = await cloud.save()
    replaced = await cloud.save("two", known=known)
    assert await cloud.save("two", known=known) == replaced  # the record still names the version of before
    assert cloud.paths == [PLAIN]


async def test_killed_after_a_locked_file_was_passed_over_there_are_two_files_and_no_third(cloud: Cloud) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].locked = True
    beside = await cloud.save("two", known=known)
    cloud.onedrive.files[0].locked = False
    assert await cloud.save("two", known=known) == beside
    assert cloud.paths == [SECOND, PLAIN]


# --- the job's own file, written again


async def test_a_known_file_is_replaced_in_place(cloud: Cloud) -> None:
    known = await cloud.save()
    item = await cloud.save("two", known=known)
    assert (item.id, item.ctag != known.ctag) == (known.id, True)
    assert text_of(cloud.onedrive.files[0].data) == "two"
    assert cloud.calls[-1].headers["If-Match"]


async def test_the_service_changes_our_files_and_that_is_no_edit(cloud: Cloud) -> None:
    known = await cloud.save()
    assert cloud.onedrive.files[0].data != word("one")
    assert (await cloud.save("two", known=known)).id == known.id


async def test_a_renamed_or_moved_file_is_still_ours(cloud: Cloud) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].rename("Müller final.docx")
    item = await cloud.save("two", known=known)
    assert (item.id, item.name) == (known.id, "Müller final.docx")


async def test_an_edited_file_is_kept_and_the_person_is_asked(cloud: Cloud) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].edit(word("edited"))
    with pytest.raises(EditedSince):
        await cloud.save("two", known=known)
    assert [text_of(one.data) for one in cloud.onedrive.files] == ["edited"]


async def test_beside_an_edited_file(cloud: Cloud) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].edit(word("edited"))
    item = await cloud.save("two", known=known, when_edited=WhenEdited.BESIDE)
    assert sorted(text_of(one.data) for one in cloud.onedrive.files) == ["edited", "two"]
    assert (item.name, item.beside) == ("CV Anna Müller (2).docx", Beside.EDITED)
    assert await cloud.save("two", known=known, when_edited=WhenEdited.BESIDE) == item


async def test_in_place_of_an_edited_file_where_the_person_says_so(cloud: Cloud) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].edit(word("edited"))
    item = await cloud.save("two", known=known, when_edited=WhenEdited.REPLACE)
    assert [text_of(one.data) for one in cloud.onedrive.files] == ["two"]
    assert (await cloud.save("three", known=item)).id == known.id


@pytest.mark.parametrize("size", [0, 6 * MB])
async def test_an_edit_between_our_look_and_our_upload_is_not_lost(cloud: Cloud, size: int) -> None:
    known = await cloud.save()
    item, original = cloud.onedrive.files[0], cloud.drives._saved

    def edited(spot, data, behaviour, match):
        item.edit(word("edited"))
        return original(spot, data, behaviour, match)

    cloud.drives._saved = edited
    with pytest.raises(EditedSince):
        await cloud.save("two", known=known, size=size)
    assert text_of(item.data) == "edited"


@pytest.mark.parametrize("size", [0, 6 * MB])
async def test_a_file_that_is_open_in_word_is_kept_and_the_new_one_lies_beside_it(cloud: Cloud, size: int) -> None:
    known = await cloud.save()
    cloud.onedrive.files[0].locked = True
    item = await cloud.save("two", known=known, size=size)
    assert cloud.paths == [SECOND, PLAIN]
    assert (item.name, item.beside) == ("CV Anna Müller (2).docx", Beside.OPEN)


async def test_a_known_file_that_somebody_deleted_is_saved_anew(cloud: Cloud) -> None:
    known = await cloud.save()
    await cloud.drive().delete("t", known)
    item = await cloud.save("two", known=known)
    assert cloud.paths == [PLAIN]
    assert item.id != known.id


# --- reading and deleting


async def test_no_token_goes_where_a_download_leads(cloud: Cloud) -> None:
    item = await cloud.save()
    cloud.calls.clear()
    assert text_of(await cloud.drive().read("t", item)) == "one"
    assert ["Authorization" in call.headers for call in cloud.calls] == [True, False]


async def test_a_colleague_opens_no_file_of_somebody_elses_onedrive(cloud: Cloud) -> None:
    item = await cloud.save()
    cloud.graph.sign_in("user-2")
    theirs = item.model_copy(update={"owner": Person(tenant="t", user="user-2")})
    with pytest.raises(UserError) as told:
        await cloud.drive().read("t", theirs)
    assert told.value.key == "drive_forbidden"


async def test_a_file_is_erased_past_the_recycle_bin_where_that_can_be_done(cloud: Cloud) -> None:
    item = await cloud.save()
    cloud.calls.clear()
    assert await cloud.drive().delete("t", item)
    assert [call.path.rpartition("/")[2] for call in cloud.calls] == ["permanentDelete"]
    assert cloud.paths == []


@pytest.mark.parametrize("status", [400, 403, 405, 501])
async def test_a_file_is_deleted_where_it_cannot_be_erased(cloud: Cloud, status: int) -> None:
    item = await cloud.save()
    cloud.graph.faults = [Fault(status)]
    assert await cloud.drive().delete("t", item)
    assert cloud.paths == []


async def test_what_cannot_be_deleted_is_told(cloud: Cloud) -> None:
    item = await cloud.save()
    cloud.onedrive.files[0].locked = True
    assert not await cloud.drive().delete("t", item)
    cloud.onedrive.files[0].locked = False
    cloud.graph.tokens.clear()  # the owner has signed out
    assert not await cloud.drive().delete("t", item)
    assert cloud.paths == [PLAIN]


async def test_a_service_that_is_down_deletes_nothing_and_says_so(cloud: Cloud) -> None:
    item = await cloud.save()
    cloud.graph.faults = [Fault(503)] * 4
    with pytest.raises(TransientError):
        await cloud.drive().delete("t", item)


# --- until somebody signs in


@pytest.fixture
def both(cloud: Cloud, tmp_path) -> FallbackDrive:
    return FallbackDrive(cloud.drive(), ServedDrive(FolderBlobs(tmp_path), base_url="http://x"))


async def test_without_a_sign_in_the_app_keeps_the_file_until_there_is_one(cloud: Cloud, both: FallbackDrive, tmp_path) -> None:
    token = cloud.graph.tokens.pop("token-of-user-1")
    waiting = await both.save(ANNA, file())
    assert (waiting.saved_in, waiting.waits) == ("download", True)
    assert text_of(await both.read("t", waiting)) == "one"
    cloud.graph.tokens["token-of-user-1"] = token
    moved = await both.save(ANNA, file(), known=waiting)
    assert (moved.saved_in, cloud.paths) == ("onedrive", [PLAIN])
    assert await both.read("t", waiting) is None
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    assert await both.delete("t", moved)


async def test_who_has_no_onedrive_gets_a_download(cloud: Cloud, both: FallbackDrive) -> None:
    cloud.drives.drives.pop("b!user-1")
    assert (await both.save(ANNA, file())).saved_in == "download"


async def test_a_file_that_lies_in_onedrive_does_not_move_back(cloud: Cloud, both: FallbackDrive) -> None:
    item = await both.save(ANNA, file())
    cloud.graph.tokens.clear()
    with pytest.raises(SignInNeeded):
        await both.save(ANNA, file("two"), known=item)


async def test_a_onedrive_that_refuses_leaves_nobody_without_the_file(cloud: Cloud, both: FallbackDrive, tmp_path) -> None:
    cloud.graph.faults = [Fault(403)]
    waiting = await both.save(ANNA, file())
    assert (waiting.saved_in, waiting.waits) == ("download", True)
    cloud.graph.faults = [Fault(403)]
    library = FallbackDrive(cloud.drive(library=True), ServedDrive(FolderBlobs(tmp_path), base_url="http://x"), instead_of=frozenset())
    with pytest.raises(UserError):
        await library.save(ANNA, file())


async def test_a_file_of_before_is_not_saved_elsewhere_where_its_drive_refuses(cloud: Cloud, both: FallbackDrive) -> None:
    item = await both.save(ANNA, file())
    cloud.graph.faults = [Fault(507)] * 3
    with pytest.raises(UserError):
        await both.save(ANNA, file("two"), known=item)


# --- whose text it is


@pytest.mark.parametrize(("stored", "same"), [
    (word("one"), True), (rewritten(word("one")), True), (word("two"), False), (word("one", job="j2"), False),
    (b"", False), (b"PK\x03\x04broken", False), (b"%PDF-1.7", False), (word("one")[:-40], False),
])  # fmt: skip
def test_text_is_compared_and_not_bytes(stored: bytes, same: bool) -> None:
    assert same_text(stored, word("one")) is same


def test_what_is_no_word_file_is_nobodys() -> None:
    assert not same_text(b"x", b"x")


# --- what was approved and is edited afterwards


async def test_an_edit_since_is_seen_by_the_contents_tag(cloud: Cloud) -> None:
    item = await cloud.save()
    drive = cloud.drive()
    assert not await drive.edited("t", item), "SharePoint rewrites Office files when they come in: that is no edit"
    cloud.onedrive.files[0].rename("Another name.docx")
    assert not await drive.edited("t", item), "another name is no other content"
    cloud.onedrive.files[0].edit(word("changed", job="x"))
    assert await drive.edited("t", item)


# --- where its folder opens


async def test_the_folder_opens_and_a_drive_is_asked_for_it_once(cloud: Cloud) -> None:
    drive = cloud.drive()
    one, other = [await drive.save(ANNA, replace(file(name, job=name, candidate=name), of_several=True)) for name in ("Anna Müller", "Ben Kraft")]
    assert cloud.methods == ["PUT", "GET", "PUT"]
    assert one.folder == f"{cloud.onedrive.web}/CV%20Generator/2026/Anna%20M%C3%BCller"
    assert other.folder.endswith("/CV%20Generator/2026/Ben%20Kraft")


async def test_a_drive_that_does_not_say_where_it_opens_saves_all_the_same(cloud: Cloud) -> None:
    drive = cloud.drive()
    cloud.graph.faults = [None, Fault(403)]
    assert (await drive.save(ANNA, replace(file(), of_several=True))).folder == ""
    assert (await drive.save(ANNA, file())).folder == "", "nobody asks for that of one alone"
    assert cloud.methods[:2] == ["PUT", "GET"]
