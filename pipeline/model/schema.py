"""JSON schemas of what a model answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def strict_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of an answer in the subset that structured outputs take: all required, nothing additional."""
    schema = answer.model_json_schema()
    for node in (schema, *schema.get("$defs", {}).values()):
        node.pop("title", None)
        node.pop("description", None)
        if "properties" not in node:  # an enumeration
            continue
        node["additionalProperties"] = False
        node["required"] = list(node["properties"])
        for field in node["properties"].values():
            field.pop("title", None)
    return schema
