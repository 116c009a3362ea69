"""Job profiles of a tenant: kept, found, changed, put aside."""

from __future__ import annotations

import re
from collections.abc import Callable

from rapidfuzz import fuzz

from pipeline.errors import UserError
from pipeline.lang.postings import level_in, years_in
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.ports import Ids
from pipeline.store import PROFILES, Store, decoded

LIKE = 70
"""So alike, of 100, a title must be to what was typed."""
CLEAR = 12
"""By so much the best must be ahead of the next to be the one that was meant."""


class Profiles:
    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def add(self, tenant: str, user: str, profile: Profile, *, key: str = "") -> Profile:
        """Keep a new profile; with a `key` (an id) repeating it changes nothing."""
        now = self._store.clock.now()
        new = profile.model_copy(update={"id": key or self._ids.new(), "tenant": tenant, "user": user, "created": now, "updated": now, "version": 1})
        await self._store.create(PROFILES, tenant, new.id, new)
        return await self.get(tenant, new.id)

    async def get(self, tenant: str, profile_id: str) -> Profile:
        """Raises UserError: unknown_profile."""
        found = await self._store.get(PROFILES, tenant, profile_id, Profile) if re.fullmatch(r"[0-9a-f]{32}", profile_id) else None
        if found is None:
            raise UserError("unknown_profile")
        return found

    async def all(self, tenant: str, *, archived: bool = False) -> list[Profile]:
        """Those in use, or those put aside; the newest first."""
        found = [profile for profile in decoded(await self._store.records.all(PROFILES, tenant), Profile) if profile]
        return sorted((p for p in found if p.archived == archived), key=lambda p: (p.updated is None, p.updated), reverse=True)

    async def find(self, tenant: str, text: str) -> list[Profile]:
        """Profiles whose title or customer is like the text, best first; one alone where it is clear which was meant."""
        wanted = _plain(text)
        if not wanted:
            return []
        scores = []
        for profile in await self.all(tenant):
            names = (_plain(profile.title), _plain(f"{profile.title} {profile.customer}"))
            scores.append((max(max(fuzz.WRatio(wanted, name), fuzz.partial_ratio(wanted, name)) for name in names), profile))
        found = sorted(((score, p) for score, p in scores if score >= LIKE), key=lambda pair: -pair[0])
        if len(found) > 1 and found[0][0] - found[1][0] >= CLEAR:
            return [found[0][1]]
        return [profile for _, profile in found]

    async def change(self, tenant: str, profile_id: str, version: int, change: Callable[[Profile], Profile]) -> Profile:
        """A new version of it. Raises UserError: unknown_profile, changed_meanwhile (it is no longer the version that the person saw)."""
        await self.get(tenant, profile_id)
        now, late = self._store.clock.now(), False

        def changed(known: Profile | None) -> Profile | None:
            nonlocal late
            late = known is None or known.version != version
            if known is None or late:
                return None
            return change(known).model_copy(update={"version": known.version + 1, "updated": now})

        found = await self._store.change(PROFILES, tenant, profile_id, Profile, changed)
        if late or found is None:
            raise UserError("changed_meanwhile")
        return found

    async def archive(self, tenant: str, profile_id: str, *, archived: bool = True) -> Profile:
        """Put it aside (no list shows it any more, its matches stay), or take it back."""
        profile = await self.get(tenant, profile_id)
        if profile.archived == archived:
            return profile
        return await self.change(tenant, profile_id, profile.version, lambda known: known.model_copy(update={"archived": archived}))


def requirement_of(text: str, importance: Importance, *, known: Requirement | None = None, number: int = 0) -> Requirement:
    """A requirement as a person types it; years and level are read from a text that is new."""
    if known and known.text == text:
        return known
    level = level_in(text)
    years = 0.0 if level else years_in(text)
    name = known.id if known else f"r{number}"
    return Requirement(id=name, text=text[:400], importance=importance, weight=importance.weight, years=years, level=level)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
