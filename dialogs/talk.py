"""One turn, with all that answering it needs."""

from __future__ import annotations

from dataclasses import dataclass

from cards.chat import note_card
from cards.i18n import Catalogue
from dialogs.services import Services
from dialogs.turn import Event, Flow, Replace, Reply, Show, Turn
from pipeline.service import Service


@dataclass(frozen=True, slots=True)
class Talk:
    event: Event
    flow: Flow
    services: Services
    texts: Catalogue

    @property
    def service(self) -> Service:
        return self.services.service

    @property
    def tenant(self) -> str:
        return self.event.conversation.tenant

    @property
    def user(self) -> str:
        return self.event.conversation.user

    def show(self, card: dict[str, object]) -> Turn:
        return Turn((Show(card),), flow=self.flow)

    def answer(self, card: dict[str, object]) -> Turn:
        """In place of the card that was clicked, where there is one."""
        reply: Reply = Replace(self.event.card, card) if self.event.card else Show(card)
        return Turn((reply,), flow=self.flow)

    def note(self, text: str) -> Turn:
        return self.show(note_card(text, self.texts))
