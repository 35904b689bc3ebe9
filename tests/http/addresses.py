"""Every address that is read by GET, with something at each place that a name stands, so that it answers."""

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient

QUESTION = {"model": "asia", "targets": ["lung"], "given": {"xray": "yes"}}
NAMED = "reviewed"
NEEDED = {
    "attribution": "target=lung",
    "sensitivity": "target=lung",
    "explanation": "target=lung&given=xray:yes",
    "collection-plan": "target=lung",
    "goals": "target=lung&below=0.5",
    "policies": "target=lung",
    "cause-effect": "cause=smoke&effect=lung",
    "brief": "target=lung",
    "why": "from=active&to=active",
}
"""Parameters that an address needs, by the step of it that follows the model."""


def every_get(app: Flask, client: FlaskClient) -> Iterator[str]:
    """The addresses, of a service that has a store."""
    kept = client.post("/v1/answers", json=QUESTION).json
    for path, meant in (
        (f"/v1/models/asia/names/{NAMED}", {"revision": "active"}),
        (f"/v1/models/asia/questions/{NAMED}", {"question": "given=xray:yes", "label": "Seen on the picture"}),
    ):
        first = client.put(path, json=meant, headers={"If-None-Match": "*"})
        assert first.status_code in (200, 412), first.text
    values = {
        "model": "asia",
        "target": "lung",
        "variable": "lung",
        "revision": "active",
        "between": "active...active",
        "file": "model.yaml",
        "asset": "page.css",
        "name": NAMED,
        "answer": kept["id"],
    }
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", values[name])
            if path.rpartition(".")[2] in ("md", "txt") and "/answers/" in path:
                continue  # a question of this kind is not kept in this form
            step = rule.rule.removeprefix("/v1/models/<model>/").partition("/")[0].partition(".")[0]
            yield f"{path}?{NEEDED[step]}" if step in NEEDED else path
