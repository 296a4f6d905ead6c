"""Conditions on runs, for MLflow's search and for SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_COLUMNS = {"run_id": "run_uuid", "run_name": "name", "status": "status"}


@dataclass(frozen=True)
class Condition:
    """What an attribute or a tag of a run must be.

    Attributes:
        name: ``run_id``, ``run_name``, ``status``, or the name of a tag.
        relation: ``is``, ``is not`` (false where the tag is missing) or ``begins with``.
        value: text to compare with.
        is_tag: whether the name is that of a tag.
    """

    name: str
    relation: str
    value: str
    is_tag: bool = False

    @property
    def mlflow(self) -> str:
        """The condition in MLflow's search language."""
        named = f"tags.`{self.name}`" if self.is_tag else f"attributes.{self.name}"
        if self.relation == "begins with":
            return f"{named} LIKE {_quoted(self.value + '%')}"
        return f"{named} {'=' if self.relation == 'is' else '!='} {_quoted(self.value)}"

    def sql(self, number: int) -> tuple[str, dict[str, str]]:
        """The condition on a row ``run`` of the table of runs, and its values by name.

        Args:
            number: that no other condition of the same query has.
        """
        value, name = f"value{number}", f"name{number}"
        column = "tag.value" if self.is_tag else f"run.{_COLUMNS[self.name]}"
        test = {
            "is": f"{column} = :{value}",
            "is not": f"{column} != :{value}",
            "begins with": f"substr({column}, 1, length(:{value})) = :{value}",
        }[self.relation]
        if not self.is_tag:
            return test, {value: self.value}
        query = (
            f"EXISTS (SELECT 1 FROM tags AS tag WHERE tag.run_uuid = run.run_uuid "  # noqa: S608
            f'AND tag."key" = :{name} AND {test})'
        )
        return query, {value: self.value, name: self.name}


def tag(name: str, relation: str = "begins with", value: str = "") -> Condition:
    """A condition on a tag; by default, that the run has it."""
    return Condition(name, relation, value, is_tag=True)


def attribute(name: str, relation: str, value: str) -> Condition:
    """A condition on ``run_id``, ``run_name`` or ``status``."""
    return Condition(name, relation, value)


def mlflow_filter(conditions: Sequence[Condition]) -> str:
    """All conditions in MLflow's search language."""
    return " AND ".join(condition.mlflow for condition in conditions)


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"
