"""Each guard has a twin: the program without it. There its test must fail; otherwise nobody would notice that it is gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAM = ("app.py", "bot", "cards", "cli", "dialogs", "manifest", "pipeline", "pyproject.toml", "samples", "tests")


@dataclass(frozen=True)
class Twin:
    """In `file`, `guard` becomes `without`; then one of `tests` has to fail."""

    file: str
    guard: str
    without: str
    tests: str


AUTH, TAB, RIGHTS, LIMITS, API = (f"tests/bot/test_{name}.py" for name in ("auth", "tab_tokens", "rights", "limits", "api"))
EDGES, NAMES, DIRECTORY = "tests/bot/test_edges.py", "tests/graph/test_names.py", "tests/graph/test_directory.py"

MACHINE, LISTS, WORDS = "tests/pipeline/offer/test_machine.py", "tests/pipeline/customers/test_lists.py", "tests/pipeline/offer/test_words.py"

TWINS = {
    "four eyes": Twin("pipeline/offer/machine.py", "if four_eyes and actor.user in authors(offer):", "if False:", f"{MACHINE}::test_every_state_verb_and_person"),
    "role of an approver": Twin("pipeline/offer/machine.py", "if Role.APPROVER not in actor.roles:", "if False:", f"{MACHINE}::test_every_state_verb_and_person"),
    "who was asked": Twin("pipeline/offer/machine.py", "if asked and actor.user not in {one.user for one in asked}:", "if False:", f"{MACHINE}::test_who_is_passed_the_request_may_decide"),
    "version of a decision": Twin("pipeline/offer/machine.py", "if offer.version != version:", "if False:", f"{MACHINE}::test_an_old_version_is_never_decided"),
    "whose offer": Twin("pipeline/offer/machine.py", 'return "" if actor.user == offer.owner.user or', 'return "" if True or', f"{MACHINE}::test_every_state_verb_and_person"),
    "formulas in lists": Twin("pipeline/render/csv_table.py", "begins.startswith(_FORMULA)", "False", f"{LISTS}::test_a_formula_is_text_when_it_comes_in_and_when_it_goes_out"),
    "words of a model": Twin("pipeline/offer/phrase.py", "named and text and all(", "named and text and any(", f"{WORDS}::test_what_no_fact_says_is_taken_out"),
    "a blind letter": Twin("pipeline/render/offer_word.py", 'words["offer_blind"].format(reference=offer.reference) if offer.blind else offer.candidate_name', "offer.candidate_name", f"{WORDS}::test_a_blind_letter_does_not_name_the_person"),
    "a placeholder for an app id": Twin("bot/settings.py", "or len(set(self.app_id)) < 5", "", f"{EDGES}::test_bad_settings_are_refused"),
    "no app id beyond loopback": Twin("bot/settings.py", "if not is_loopback(self.host):", "if False:", f"{EDGES}::test_bad_settings_are_refused"),
    "audience of the bot": Twin("bot/auth.py", "audience=self._app_id,", "audience=[self._app_id, 'other'],", f"{AUTH}::test_every_bad_token_is_a_401"),
    "issuer of the bot": Twin("bot/auth.py", "issuer=ISSUER,", "", f"{AUTH}::test_every_bad_token_is_a_401"),
    "service url of the token": Twin("bot/auth.py", 'service_url != activity.get("serviceUrl")', "False", f"{AUTH}::test_every_bad_token_is_a_401"),
    "endorsement": Twin("bot/auth.py", 'activity.get("channelId") not in key.endorsements', "False", f"{AUTH}::test_a_key_that_the_channel_does_not_endorse"),
    "keys of a day": Twin("bot/keys.py", "age > _DAY or (kid not in self._keys and age > _MINUTE)", "age > _DAY", f"{AUTH}::test_a_rotated_key_is_fetched_at_once_but_not_for_every_guess"),
    "a key server that hangs": Twin("bot/keys.py", "ClientTimeout(total=3)", "ClientTimeout(total=20)", f"{LIMITS}::test_a_key_server_that_does_not_answer_holds_nobody_up"),
    "two tenants in one activity": Twin("bot/adapter.py", "tenant == named[0] for tenant in named", "True for tenant in named", f"{AUTH}::test_other_tenants_are_refused"),
    "tenant of the activity": Twin("bot/adapter.py", "and tenant in self._settings.allowed_tenants and", "and", f"{AUTH}::test_other_tenants_are_refused"),
    "service url that came in": Twin("bot/adapter.py", "host in SERVICE_HOSTS or host.endswith(SERVICE_DOMAIN)", "True", f"{AUTH}::test_service_urls_off_the_list_are_refused_even_when_signed"),
    "service url that was stored": Twin("bot/sender.py", "if not self._adapter.may_call(where.service_url):", "if False:", f"{LIMITS}::test_nothing_is_sent_to_an_address_that_is_not_the_channels"),
    "host of a file": Twin("bot/incoming.py", "or not allowed:", "or False:", f"{EDGES}::test_links_off_the_list_are_never_opened"),
    "address of a file": Twin("bot/incoming.py", "if not ipaddress.ip_address(target[0]).is_global:", "if False:", f"{EDGES}::test_a_name_on_the_list_that_points_inside_is_not_connected"),
    "redirects of a file": Twin("bot/incoming.py", "async with session.get(url, allow_redirects=False)", "async with session.get(url)", f"{EDGES}::test_what_a_link_may_answer"),
    "size of a file": Twin("bot/incoming.py", "if len(data) > limit:", "if False:", f"{EDGES}::test_what_a_link_may_answer"),
    "scheme of a file": Twin("bot/incoming.py", 'parts.scheme != "https" or', "", f"{EDGES}::test_links_off_the_list_are_never_opened"),
    "port of a file": Twin("bot/incoming.py", "or port not in (None, 443)", "", f"{EDGES}::test_links_off_the_list_are_never_opened"),
    "scope of the tab": Twin("bot/web/tab_tokens.py", 'if SCOPE not in str(claims.get("scp", "")).split():', "if False:", f"{TAB}::test_every_bad_token_is_a_401"),
    "client of the tab": Twin("bot/web/tab_tokens.py", 'claims.get("azp") not in CLIENTS', "False", f"{TAB}::test_every_bad_token_is_a_401"),
    "issuer of the tab": Twin("bot/web/tab_tokens.py", 'issuer=f"{self._login}/{tenant}/v2.0",', "", f"{TAB}::test_every_bad_token_is_a_401"),
    "audience of the tab": Twin("bot/web/tab_tokens.py", "audience=self._audiences,", "audience=[*self._audiences, 'other'],", f"{TAB}::test_every_bad_token_is_a_401"),
    "sign-in on the same computer": Twin("bot/web/guard.py", "caller = HERE if unsigned and not said", "caller = HERE if not said", f"{TAB}::test_who_is_on_the_same_computer_has_to_sign_in_too"),
    "roles of five minutes": Twin("pipeline/adapters/graph/directory.py", "timedelta(minutes=5)", "timedelta(minutes=10)", f"{DIRECTORY}::test_app_roles_are_asked_for_once_in_five_minutes"),
    "people of another firm": Twin("pipeline/adapters/graph/directory.py", "person.tenant != self._tenant or ", "", f"{DIRECTORY}::test_nobody_has_a_role_by_default"),
    "rights of routes": Twin("bot/web/guard.py", "return None if caller.may(deed) else", "return None if True else", f"{RIGHTS}::test_a_route_answers_those_whom_the_table_names_and_shows_nobody_what_is_not_theirs"),
    "rights of messages": Twin("dialogs/router.py", "if meant.deed and not may(", "if False and not may(", f"{RIGHTS}::test_a_message_is_answered_for_those_whom_the_table_names"),
    "rights of the client's requests": Twin("bot/teams_bot.py", "await self._refused(asked) or ", "", "tests/e2e/test_extension.py::test_who_has_no_role_is_told_so"),
    "what is a colleague's": Twin("bot/web/api.py", "if not caller_of(request).sees(found.user):", "if False:", f"{RIGHTS}::test_a_route_answers_those_whom_the_table_names_and_shows_nobody_what_is_not_theirs"),
    "what is another firm's": Twin("bot/web/caller.py", "if caller.all_tenants else caller.person.tenant", 'if True else ""', f"{RIGHTS}::test_a_tenant_in_the_address_counts_nothing"),
    "scope of a key": Twin("pipeline/model/rights.py", "right is not None and right.scope in scopes", "right is not None", f"{RIGHTS}::test_a_key_opens_what_its_scope_names_and_is_nobodys_after_it_is_revoked"),
    "secret of a key": Twin("pipeline/api_keys.py", 'key and hmac.compare_digest(key.digest, _digest(shape["secret"]))', "key", f"{RIGHTS}::test_a_key_opens_what_its_scope_names_and_is_nobodys_after_it_is_revoked"),
    "end of a link": Twin("pipeline/model/link.py", "and now.timestamp() < int(until)", "", f"{RIGHTS}::test_a_signed_link_opens_its_file_and_nothing_else"),
    "path of a link": Twin("bot/web/links.py", "or not _FILES.fullmatch(request.path)", "", f"{RIGHTS}::test_a_signed_link_opens_its_file_and_nothing_else"),
    "host and origin": Twin("bot/web/guard.py", "and is_loopback(host)", "", f"{API}::test_other_hosts_and_origins_are_refused"),
    "text runs": Twin("cards/elements.py", "class Submit(Element):", "def RichTextBlock(inlines, **_):  # noqa\n    return TextBlock(' '.join(run.text for run in inlines))\n\n\nclass Submit(Element):", "tests/cards/test_cards.py::test_text_from_outside_is_text"),
    "names of files": Twin("pipeline/adapters/names.py", 'name = _FORBIDDEN.sub(" ", ', "name = str(", NAMES),
    "talk of libraries": Twin("bot/logs.py", "setLevel(max(logging.WARNING, logging.getLogger().level))", "setLevel(logging.DEBUG)", f"{EDGES}::test_libraries_warn_only_where_warnings_are_wanted"),
    "texts of errors": Twin("bot/logs.py", 'entry["error"] = record.exc_info[0].__name__', 'entry["error"] = str(record.exc_info[1])', f"{EDGES}::test_log_lines_are_json_without_messages_of_errors"),
    "haste": Twin("bot/rates.py", 'raise UserError("too_fast"', 'return UserError("too_fast"', f"{LIMITS}::test_uploads_beyond_the_allowance_are_a_429_and_add_nothing"),
    "versions": Twin("bot/web/guard.py", '"Server": "CV Generator",', "", f"{LIMITS}::test_nothing_says_which_versions_run"),
}  # fmt: skip


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_without_its_guard_its_test_fails(twin: Twin, tmp_path: Path) -> None:
    for name in PROGRAM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__", ".data"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / "tests/node/node_modules").symlink_to(ROOT / "tests/node/node_modules")
    text = (tmp_path / twin.file).read_text("utf-8")
    assert text.count(twin.guard) == 1, "the guard has changed: its twin has to follow"
    (tmp_path / twin.file).write_text(text.replace(twin.guard, twin.without), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=line", "--timeout=30", *twin.tests.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert " failed" in done.stdout
