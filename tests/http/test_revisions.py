"""Revisions that are kept: listed, read whole, named, compared, activated; what each did to a forecast."""

import csv
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from model.analyses.revision_diff import why
from model.question import Question
from service import create_app
from service.settings import Settings
from service.store.location import Folder
from tests.http.conftest import check_refusal
from tests.revisions import of
from tests.servers import ROOT

LUNG = "/v1/models/asia/forecast/lung"
LESS = ("findings.yaml", "{yes: 0.98, no: 0.02}", "{yes: 0.9, no: 0.1}")
MORE = ("diseases.yaml", "{yes: 0.1, no: 0.9}", "{yes: 0.2, no: 0.8}")
ATOM = "{http://www.w3.org/2005/Atom}"


def served(place):
    return create_app(Settings(place / "models", place=Folder(place / "state"))).test_client()


def revised(place, edit, *, model="asia"):
    """The service started again after an edit of a file: the revision before is kept."""
    name, old, new = edit
    file = place / "models" / model / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    return served(place)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A model after two edits: its service, its three revisions, the first first, and where its files are."""
    place = tmp_path_factory.mktemp("kept")
    shutil.copytree(ROOT / "priors" / "asia", place / "models" / "asia")
    first = served(place)
    revisions = [first.get("/v1/models/asia").json["revision"]]
    bodies = [first.get(f"{LUNG}?given=xray:yes").data]
    for edit in (LESS, MORE):
        client = revised(place, edit)
        revisions.append(client.get("/v1/models/asia").json["revision"])
        bodies.append(client.get(f"{LUNG}?given=xray:yes").data)
    return SimpleNamespace(client=client, revisions=revisions, bodies=bodies, place=place)


def test_every_revision_that_was_served_is_listed_the_last_first(kept):
    found = kept.client.get("/v1/models/asia/revisions").json
    assert [each["revision"] for each in found["revisions"]] == kept.revisions[::-1]
    assert [each["active"] for each in found["revisions"]] == [True, False, False]
    assert (found["active"], found["before"]) == (kept.revisions[2], None)
    rows = list(csv.DictReader(io.StringIO(kept.client.get("/v1/models/asia/revisions.csv").text)))
    assert [row["revision"] for row in rows] == kept.revisions[::-1]


def test_pages_of_revisions_join_without_a_gap(kept):
    seen, before = [], ""
    while before is not None:
        page = kept.client.get(f"/v1/models/asia/revisions?most=1{before and f'&before={before}'}").json
        seen += [each["revision"] for each in page["revisions"]]
        before = page["before"]
    assert seen == kept.revisions[::-1]


@pytest.mark.parametrize("sent", ["from_=a", "form=a"])
def test_a_parameter_that_is_not_there_is_told_by_the_names_that_addresses_have(kept, sent):
    refused = kept.client.get(f"/v1/models/asia/history/lung?{sent}").json
    assert (refused["code"], refused["did_you_mean"]) == ("unknown_field", "from")
    assert "from_" not in refused["allowed"]


def test_a_revision_is_read_whole_with_its_activations(kept):
    found = kept.client.get(f"/v1/models/asia/revisions/{kept.revisions[0]}").json
    [made] = found["activations"]
    assert (made["cause"], made["previous"], found["active"]) == ("start", None, False)
    pinned = kept.client.get(f"/v1/models/asia?revision={kept.revisions[0]}").json
    assert found["tree_cells"] == pinned["size"]["tree_cells"] > 0
    for each in found["files"]:
        response = kept.client.get(each["link"])
        assert response.data == (ROOT / "priors" / "asia" / each["name"]).read_bytes()
        assert "immutable" in response.headers["Cache-Control"]
        assert response.content_type == "text/plain; charset=utf-8"
    assert {each["name"] for each in found["files"]} == {p.name for p in (ROOT / "priors" / "asia").glob("*.yaml")}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("asai/revisions", 404, "unknown_model"),
        ("asia/revisions/r-0000000000000000", 404, "revision_not_kept"),
        ("asia/revisions/nobody", 404, "unknown_revision_name"),
        ("asia/revisions/active/files/findings.yml", 404, "no_such_file"),
        ("asia/revisions/active/files/..%2F..%2Fsecret", 404, "not_found"),
        ("asia/revisions?most=0", 422, "bad_field"),
        ("asia/diff/active", 422, "bad_field"),
        ("asia/diff/active...", 422, "bad_field"),
        ("asia/diff/active...nobody", 404, "unknown_revision_name"),
        ("asia/diff/active...active?scenario=clinics", 422, "unknown_scenario"),
        ("asia/why/lung", 422, "missing_field"),
        ("asia/why/lunk?from=active", 404, "unknown_variable"),
        ("asia/history/lunk", 404, "unknown_variable"),
        ("asia/history/lung?from=2026", 422, "bad_field"),
        ("asia/history/lung?from=2026-03-01T09:30:00", 422, "bad_field"),
        ("asia/history/lung?shape=tall", 422, "bad_field"),
        ("asia/forecast/lung?revision=nobody", 404, "unknown_revision_name"),
        ("asia/forecast/lung?revision=r-0000000000000000", 404, "unknown_revision"),
    ],
)
def test_what_is_not_there_is_said(kept, path, status, code):
    check_refusal(kept.client.get(f"/v1/models/{path}"), status, code)


@pytest.mark.parametrize("said", ["nobody", "r-0000000000000000"])
@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("why/lung?from={}", "/from"),
        ("why/lung?from=active&to={}", "/to"),
        ("diff/{}...active", "/path/between"),
        ("diff/active...{}", "/path/between"),
        ("revisions/{}", "/path/revision"),
        ("revisions/{}/files/findings.yaml", "/path/revision"),
        ("forecast/lung?revision={}", "/revision"),
    ],
)
def test_a_revision_that_is_not_there_is_pointed_at_where_it_was_said(kept, path, pointer, said):
    response = kept.client.get(f"/v1/models/asia/{path.format(said)}")
    assert response.status_code == 404
    assert response.json["pointer"] == pointer


@pytest.mark.parametrize("said", ["nobody", "r-0000000000000000"])
def test_a_revision_that_is_not_there_is_pointed_at_in_a_body(kept, said):
    response = kept.client.post("/v1/models/asia/validate", json={"files": {}, "against": said})
    assert (response.status_code, response.json["pointer"]) == (404, "/against")


def test_an_earlier_revision_answers_as_it_did_then(kept):
    for revision, body in zip(kept.revisions, kept.bodies, strict=True):
        response = kept.client.get(f"{LUNG}?given=xray:yes&revision={revision}")
        assert response.data == body
        assert response.headers["X-Model-Revision"] == revision
        assert response.headers["Cache-Control"] == "public, max-age=86400"


def test_a_name_answers_from_what_it_means_now_and_is_cached_like_a_poll(kept):
    first, second, _ = kept.revisions
    path = "/v1/models/asia/names/approved"
    check_refusal(kept.client.put(path, json={"revision": first}), 428, "precondition_required")
    given = kept.client.put(path, json={"revision": first}, headers={"If-None-Match": "*"})
    assert given.json["revision"] == first
    response = kept.client.get(f"{LUNG}?given=xray:yes&revision=approved")
    assert (response.data, response.headers["Cache-Control"]) == (kept.bodies[0], "public, max-age=5")
    stale = kept.client.put(path, json={"revision": second}, headers={"If-Match": f'"{second}"'})
    check_refusal(stale, 412, "stale_precondition")
    kept.client.put(path, json={"revision": second}, headers={"If-Match": f'"{first}"'})
    assert kept.client.get(f"{LUNG}?given=xray:yes&revision=approved").data == kept.bodies[1]
    assert kept.client.get("/v1/models/asia/names").json["names"] == {"approved": second}
    assert [each["revision"] for each in kept.client.get(path).json["meant"]] == [second, first]
    kept.client.put(path, json={"revision": None}, headers={"If-Match": "*"})
    assert kept.client.get("/v1/models/asia/names").json["names"] == {}
    bad = kept.client.put("/v1/models/asia/names/Approved", json={"revision": first}, headers={"If-Match": "*"})
    check_refusal(bad, 422, "bad_text")


def test_a_poll_by_name_is_told_when_the_name_means_another_revision(kept):
    first, _, last = kept.revisions
    kept.client.put("/v1/models/asia/names/polled", json={"revision": last}, headers={"If-Match": "*"})
    polled = f"{LUNG}?given=xray:yes&revision=polled"
    known = {"If-None-Match": kept.client.get(polled).headers["ETag"]}
    assert [kept.client.get(polled, headers=known).status_code for _ in range(3)] == [304] * 3
    kept.client.put("/v1/models/asia/names/polled", json={"revision": first}, headers={"If-Match": "*"})
    assert kept.client.get(polled, headers=known).data == kept.bodies[0]


def test_a_diff_names_the_edits_with_their_lines_and_splits_each_shift(kept):
    first, _, last = kept.revisions
    found = kept.client.get(f"/v1/models/asia/diff/{first}...active").json
    assert (found["old"], found["new"]) == (first, last)
    assert [(each["class"], each["moves"]) for each in found["edits"]] == [("numeric", True)] * 2
    assert {each["new_place"]["file"] for each in found["edits"]} == {"asia/findings.yaml", "asia/diseases.yaml"}
    for shift in found["shifts"]:
        for state in shift["states"]:
            assert sum(part["shift"] for part in state["parts"]) == pytest.approx(state["shift"], abs=1e-12)
    rows = list(csv.DictReader(io.StringIO(kept.client.get(f"/v1/models/asia/diff/{first}...{last}.csv").text)))
    assert {row["headline"] for row in rows} == {each["headline"] for each in found["shifts"]}
    page = kept.client.get(f"/v1/models/asia/diff/{first}...{last}.md")
    assert page.content_type == "text/markdown; charset=utf-8"
    assert "| edit | class | where | before | after |" in page.text


def test_a_text_may_cite_what_moved_between_two_revisions_that_are_named_by_their_hashes(kept):
    first, _, last = kept.revisions
    diff = f"/v1/models/asia/diff/{first}...{last}"
    why = f"/v1/models/asia/why/lung.json?from={first}&to={last}&given=xray:yes"
    by_name = {diff: f"/v1/models/asia/diff/{first}...active", why: f"/v1/models/asia/why/lung?from={first}"}
    shift = next(each for each in kept.client.get(diff).json["shifts"] if each["target"] == "lung")["states"][0]
    moved = kept.client.get(why).json["states"][0]
    for permalink, row in ((diff, shift), (why, moved)):
        before, after = (f"{100 * row[name]:.1f}" for name in ("before", "after"))
        text = f"Lung cancer moves from {before} to {after} %. Lung cancer moves from {after} to {before} %."
        found = kept.client.post("/v1/prose", json={"text": text, "permalinks": [permalink]}).json
        assert [each["text"] for each in found["unsupported"]] == [f"{after} to {before} %"]
        refused = kept.client.post("/v1/prose", json={"text": text, "permalinks": [by_name[permalink]]})
        assert (refused.status_code, refused.json["code"]) == (422, "bad_permalink")


def test_a_diff_that_a_client_has_is_not_worked_out_again(kept, monkeypatch):
    first, _, last = kept.revisions
    path = f"/v1/models/asia/diff/{first}...{last}"
    known = kept.client.get(path)
    assert known.headers["Cache-Control"] == "public, max-age=86400"
    by_name = kept.client.get(f"/v1/models/asia/diff/{first}...active")
    assert by_name.headers["Cache-Control"] == "public, max-age=5"
    assert by_name.headers["ETag"] == known.headers["ETag"]
    monkeypatch.setattr("service.stored_models.StoredModels.edition", lambda *_: pytest.fail("worked out again"))
    assert kept.client.get(path, headers={"If-None-Match": known.headers["ETag"]}).status_code == 304


def test_why_a_target_moved_follows_the_history_and_adds_up(kept):
    first, second, last = kept.revisions
    found = kept.client.get(f"/v1/models/asia/why/lung?from={first}&given=xray:yes").json
    assert [(step["old"], step["new"]) for step in found["steps"]] == [(first, second), (second, last)]
    assert [len(step["edits"]) for step in found["steps"]] == [1, 1]
    ends = [json.loads(body)["distribution"] for body in (kept.bodies[0], kept.bodies[-1])]
    for state, before, after in zip(found["states"], *ends, strict=True):
        parts = [
            part["shift"]
            for step in found["steps"]
            for each in step["shift"]["states"]
            for part in each["parts"]
            if each["state"] == state["state"]
        ]
        assert sum(parts) == pytest.approx(after["p"] - before["p"], abs=1e-9)
        assert state["shift"] == pytest.approx(after["p"] - before["p"], abs=1e-12)


def test_why_between_two_that_do_not_follow_each_other_splits_by_the_edits_between(kept, tmp_path):
    first, _, last = kept.revisions
    found = kept.client.get(f"/v1/models/asia/why/lung?from={last}&to={first}").json
    assert "was not active after" in found["note"]
    [step] = found["steps"]
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "asia")
    there, back = of(kept.place / "models" / "asia"), of(tmp_path / "asia")
    wanted = why(there, back, "lung", under=Question())
    assert [state["shift"] for state in step["shift"]["states"]] == pytest.approx([s.shift for s in wanted.states])


def test_the_history_has_a_row_for_each_state_of_each_change(kept):
    path = "/v1/models/asia/history/lung"
    found = kept.client.get(f"{path}?given=xray:yes").json
    assert [row["revision"] for row in found["rows"]] == [r for r in kept.revisions for _ in ("yes", "no")]
    for row, (body, state) in zip(found["rows"], [(b, s) for b in kept.bodies for s in (0, 1)], strict=True):
        stated = json.loads(body)["distribution"][state]
        assert (row["series"], row["p"], row["lo"], row["hi"]) == tuple(
            stated[key] for key in ("state", "p", "lo", "hi")
        )
    assert [row["left_interval"] for row in found["rows"][:2]] == [None, None]
    before, after = found["rows"][2], found["rows"][4]
    assert after["left_interval"] is not (before["lo"] <= after["p"] <= before["hi"])
    assert found["left_out"] == []
    since = found["rows"][2]["time"]
    later = kept.client.get(f"{path}?given=xray:yes&from={since}").json["rows"]
    assert later[0]["revision"] == kept.revisions[1]
    assert kept.client.get(f"{path}?to=2020-01-01T00:00:00Z").json["rows"] == []


def test_the_history_is_worked_out_once_and_kept(kept, monkeypatch):
    path = "/v1/models/asia/history/bronc?given=dysp:yes"
    first = kept.client.get(path).data
    monkeypatch.setattr("service.stored_models.StoredModels.edition", lambda *_: pytest.fail("worked out again"))
    assert kept.client.get(path).data == first


def test_the_history_is_wide_for_those_who_draw_columns(kept):
    table = kept.client.get("/v1/models/asia/history/lung.csv?shape=wide").text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert list(rows[0]) == ["time", "yes", "no", "revision", "cause"]
    assert [float(row["yes"]) + float(row["no"]) for row in rows] == pytest.approx([1] * 3)


def test_the_feed_tells_each_change_with_the_forecast_since(kept):
    feed = kept.client.get("/v1/models/asia/history/lung.atom")
    assert feed.content_type == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(feed.data)
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}summary").split()[0] for entry in entries] == kept.revisions[::-1]
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 3
    link = entries[0].find(f"{ATOM}link").attrib["href"]
    assert kept.client.get(link).json["new"] == kept.revisions[2]
    assert root.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")


def test_files_are_validated_and_nothing_is_changed(kept):
    text = (kept.place / "models" / "asia" / "findings.yaml").read_text(encoding="utf-8")
    lower, cut_short = (
        text.replace("{yes: 0.9, no: 0.1}", row) for row in ("{yes: 0.8, no: 0.2}", "{yes: 0.8, no: 0.1}")
    )
    before = kept.client.get("/v1/models/asia/revisions").json
    path = "/v1/models/asia/validate"
    good = kept.client.post(path, json={"files": {"findings.yaml": lower}}).json
    assert (good["valid"], good["problems"], good["against"]) == (True, [], kept.revisions[2])
    assert good["revision"] == good["diff"]["new"] != kept.revisions[2]
    bad = kept.client.post(path, json={"files": {"findings.yaml": cut_short}}).json
    [problem] = bad["problems"]
    assert (bad["valid"], problem["file"], bad["diff"]) == (False, "asia/findings.yaml", None)
    assert "p: {yes: 0.8, no: 0.1}" in cut_short.splitlines()[problem["line"] - 1]
    assert not kept.client.post(path, json={"files": {"findings.yaml": None}}).json["valid"]
    assert kept.client.get("/v1/models/asia/revisions").json == before


@pytest.mark.parametrize("name", ["../asia.yaml", "a/b.yaml", ".hidden.yaml", "notes.txt", "a\n.yaml", "..", ""])
def test_a_file_is_validated_under_a_name_of_prior_files_alone(kept, name):
    response = kept.client.post("/v1/models/asia/validate", json={"files": {name: "variables: {}"}})
    assert response.status_code == 422
    assert response.json["pointer"].startswith("/files")


def test_of_two_activations_of_the_same_state_one_is_refused(kept):
    first, _, last = kept.revisions
    path = "/v1/models/asia/activate"
    check_refusal(kept.client.post(path, json={"revision": first}), 428, "precondition_required")
    tag = {"If-Match": f'"{last}"'}
    done = kept.client.post(path, json={"revision": first, "reason": "back to what was reviewed"}, headers=tag).json
    assert (done["revision"], done["previous"], done["cause"]) == (first, last, "call")
    refused = check_refusal(kept.client.post(path, json={"revision": first}, headers=tag), 412, "stale_precondition")
    assert first in refused["detail"]
    missing = kept.client.post(path, json={"revision": "r-0000000000000000"}, headers={"If-Match": "*"})
    check_refusal(missing, 404, "revision_not_kept")
    kept.client.post(path, json={"revision": last}, headers={"If-Match": f'"{first}"'})


@pytest.mark.parametrize("times", [25, pytest.param(1_000, marks=pytest.mark.long)])
def test_of_two_who_activate_at_once_one_is_told_that_the_other_was_first(kept, times):
    first, second, last = kept.revisions
    path, clients = "/v1/models/asia/activate", [kept.client.application.test_client() for _ in range(2)]
    served = last
    with ThreadPoolExecutor(2) as pool:
        for turn in range(times):
            wanted = first if turn % 2 == 0 else second
            tag = {"If-Match": f'"{served}"'}
            both = [pool.submit(each.post, path, json={"revision": wanted}, headers=tag) for each in clients]
            assert sorted(each.result().status_code for each in both) == [200, 412]
            served = wanted
            assert kept.client.get("/v1/models/asia").json["revision"] == served
    kept.client.post(path, json={"revision": last}, headers={"If-Match": f'"{served}"'})


def test_without_a_store_there_are_no_revisions_and_that_is_said(priors):
    client = create_app(Settings(priors)).test_client()
    for path in ("revisions", "history/lung", "names"):
        check_refusal(client.get(f"/v1/models/asia/{path}"), 503, "store_unavailable")
    assert client.get("/v1/models/asia/forecast/lung").status_code == 200


def test_what_was_given_in_a_question_of_history_is_what_it_is_kept_under(kept):
    one = kept.client.get("/v1/models/asia/history/lung?given=xray:yes&given=smoke:no").json
    other = kept.client.get("/v1/models/asia/history/lung?given=smoke:no&given=xray:yes").json
    none = kept.client.get("/v1/models/asia/history/lung").json
    assert one["rows"] == other["rows"] != none["rows"]


@pytest.mark.parametrize("path", ["revisions.json", "revisions.csv", "revisions.parquet"])
def test_a_page_before_a_number_that_no_row_can_have_is_refused(client, refused, path):
    refused(client.get(f"/v1/models/asia/{path}?before={10**28}"), 422, "bad_field")
    assert client.get(f"/v1/models/asia/{path}?before={2**63 - 1}").status_code == 200
