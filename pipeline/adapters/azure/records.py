"""Records in Azure Table Storage: a table per table, the tenant as partition, the key as row."""

from __future__ import annotations

from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from pipeline.adapters.azure.account import Account
from pipeline.errors import Conflict
from pipeline.ports import Record

PREFIX = "cvgen"
PIECE = 60_000
"""Bytes of a value in one property: a property holds 64 KiB, an entity 1 MiB and 252 of them."""

_AFTER = "~"
"""Stands behind every character that keys may have."""


class TableRecords:
    def __init__(self, account: Account) -> None:
        self._account = account

    async def get(self, table: str, tenant: str, key: str) -> Record | None:
        async with self._account.asked():
            try:
                return _record(await self._table(table).get_entity(tenant, key))
            except ResourceNotFoundError:
                return None

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        entity: dict[str, Any] = {"PartitionKey": tenant, "RowKey": key}
        entity |= {f"v{i // PIECE}": value[i : i + PIECE] for i in range(0, max(len(value), 1), PIECE)}
        async with self._account.asked():
            client = self._table(table)
            try:
                if etag is None:
                    answer = await self._create(table, entity)
                else:
                    answer = await client.update_entity(entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                raise Conflict(key) from None
            except HttpResponseError as error:
                if error.status_code == 412:
                    raise Conflict(key) from None
                raise
        return str(answer["etag"])

    async def _create(self, table: str, entity: dict[str, Any]) -> Any:
        """Create the record, and its table with the first one."""
        client = self._table(table)
        try:
            return await client.create_entity(entity)
        except ResourceNotFoundError:
            await self._account.tables.create_table_if_not_exists(PREFIX + table)
            return await client.create_entity(entity)

    async def delete(self, table: str, tenant: str, key: str, *, etag: str | None = None) -> None:
        condition = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        async with self._account.asked():
            try:
                await self._table(table).delete_entity(tenant, key, **condition)
            except ResourceNotFoundError:
                return
            except ResourceModifiedError:
                raise Conflict(key) from None

    async def all(self, table: str, tenant: str, *, prefix: str = "", limit: int | None = None) -> list[Record]:
        where = "PartitionKey eq @tenant and RowKey ge @first and RowKey lt @after"
        values = {"tenant": tenant, "first": prefix, "after": prefix + _AFTER}
        return [_record(entity) for entity in await self._query(table, where, values, limit=limit)]

    async def tenants(self, table: str) -> list[str]:
        """One short question per tenant: each skips the partitions that are known."""
        found: list[str] = []
        while True:
            last = {"last": found[-1] if found else ""}
            entities = await self._query(table, "PartitionKey gt @last", last, limit=1, select=["PartitionKey"])
            if not entities:
                return found
            found.append(entities[0]["PartitionKey"])

    async def tables(self) -> list[str]:
        async with self._account.asked():
            names = [table.name async for table in self._account.tables.list_tables()]
        return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))

    async def scrub(self) -> None:
        """The service keeps nothing that we could let go of."""

    async def _query(self, table: str, where: str, values: dict[str, str], *, limit: int | None = None, select: list[str] | None = None) -> list[Any]:
        found: list[Any] = []
        async with self._account.asked():
            try:
                size = min(limit or 1000, 1000)
                async for entity in self._table(table).query_entities(where, parameters=values, results_per_page=size, select=select):
                    found.append(entity)
                    if limit is not None and len(found) == limit:
                        break
            except ResourceNotFoundError:  # no record was written yet
                return []
        return found

    def _table(self, table: str) -> Any:
        return self._account.tables.get_table_client(PREFIX + table)


def _record(entity: Any) -> Record:
    pieces = (entity.get(f"v{i}") for i in range(sum(name[0] == "v" and name[1:].isdigit() for name in entity)))
    return Record(str(entity["RowKey"]), b"".join(bytes(piece) for piece in pieces), str(entity.metadata["etag"]))
