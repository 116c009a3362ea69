from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import pytest

from cards.actions import Action, button, pack, unpack
from pipeline.errors import UserError


@pytest.mark.parametrize("action", [kind(**{f.name: f"a {f.name}" for f in fields(kind) if f.name != "form"}) for kind in get_args(Action)])
def test_what_is_packed_is_unpacked(action: object) -> None:
    assert unpack(pack(action)) == action
    with_input = unpack({**pack(action), "an-input": "value"})
    assert with_input == (replace(action, form={"an-input": "value"}) if hasattr(action, "form") else action)
    assert button("x", action).fallback.data == pack(action)


@pytest.mark.parametrize(
    "data",
    [None, "text", [], {}, {"verb": "cv.retry"}, {"verb": "cv.retry", "v": 1}, {"verb": "cv.retry", "v": 2, "job": "j"}, {"verb": "cv.format-disk", "v": 1},
     {"verb": "cv.retry", "v": 1, "job": 7}, {"verb": "cv.retry", "v": 1, "job": "x" * 601}],
)  # fmt: skip
def test_what_is_not_ours_is_refused(data: object) -> None:
    with pytest.raises(UserError) as caught:
        unpack(data)
    assert caught.value.key == "old_card"
