"""People who have signed in, and some who have not: the Tokens port on the fake Graph."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import SignInNeeded
from pipeline.model.person import Person
from tests.graph.server import Graph


@dataclass
class SignedIn:
    """A token for whoever the fake Graph knows; `asked` counts how often one was asked for."""

    graph_server: Graph
    asked: int = 0

    async def graph(self, person: Person) -> str:
        self.asked += 1
        token = f"token-of-{person.user}"
        if token not in self.graph_server.tokens:
            raise SignInNeeded
        return token

    async def app(self) -> str:
        return "app-token"
