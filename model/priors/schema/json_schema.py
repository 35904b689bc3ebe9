"""JSON Schemas of the prior files, for editors: made from the definitions that the loader checks with.

``python -m model.priors.schema.json_schema`` writes one for each kind of file to priors/schema/.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from model.priors.schema.cited import Definition
from model.priors.schema.definitions import FILE_KINDS, ModelFile

FOLDER = Path(__file__).parents[3] / "priors" / "schema"
KINDS: dict[str, type[Definition]] = {"model": ModelFile, **FILE_KINDS}


class _Generator(GenerateJsonSchema):
    """As pydantic makes them, but what may be left out may not be null, nor a name be other than a name."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def list_schema(self, schema: core_schema.ListSchema) -> JsonSchemaValue:
        """An item of a list may be null where the definition says so: an open end among bounds."""
        made, items = super().list_schema(schema), schema.get("items_schema")
        if items is not None and items["type"] == "nullable":
            made["items"] = {"anyOf": [made["items"], {"type": "null"}]}
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = super().default_schema(schema)
        if inner.get("default", ...) is None:
            del inner["default"]
        return inner


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file.

    >>> sorted(schema("cohorts")["properties"])
    ['cohorts']
    """
    return {"$schema": _Generator.schema_dialect, **schema_of(KINDS[kind])}


def schema_of(definition: type[Definition]) -> dict[str, Any]:
    """The JSON Schema of one definition."""
    return definition.model_json_schema(by_alias=True, schema_generator=_Generator)


def written(kind: str) -> str:
    """A schema as its file holds it: sorted, so that a change shows as what it is."""
    return json.dumps(schema(kind), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write every schema to its file."""
    folder.mkdir(exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind}.schema.json").write_text(written(kind), encoding="utf-8")


if __name__ == "__main__":
    write()
