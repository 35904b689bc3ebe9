# %% [markdown]
# # A question, from the what-if to the plan
#
# The organisation's income is halved and borders are weak. What if returnees met care and mentors rather than prison:
# does the pool of radicalised youth at home still grow? We ask, find out why, what it hangs on, what to find out
# next and what else could be done. Editors that know cells (`# %%`) run this one by one and show each result as a
# table; `python docs/worked_example.py` runs the whole of it and prints what it found.

# %%
from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import priors
from model import Observed, Question, SetTo, answer, load, prepare
from model.analyses.causal_effect import cause_effect
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.question import of_target, resolve
from model.report.probability_words import in_words

# %% [markdown]
# ## Load and ask
#
# A model is a folder of files. `prepare` compiles it, once; what it returns never changes and answers any number of
# questions. The first two conditions are observed, the third is done. The model has a default
# picture, under which questions are asked that name no scenario; `none` asks without it, so that these stand alone.

# %%
forecaster = prepare(load(Path(priors.__path__[0]) / "mosul-2017"))
TARGET, STATE = "radicalised_youth_pool", "growing"

question = Question(
    targets=(TARGET,),
    findings={"is_finances": Observed("halved"), "border_intel_strength": Observed("weak")},
    settings={"returnee_response_model": SetTo("care_and_mentoring")},
    scenario="none",
    interval=0.9,
)
asked = answer(forecaster, question)
[target] = asked.targets
print(f"Model {asked.model}, revision {asked.revision}")
print(f"P(evidence) {asked.p_evidence:.4f}")
for row in target.distribution:
    print(f"{TARGET}={row.state}: {row.p:.4f} ({row.low:.4f} to {row.high:.4f}), shift {row.shift:+.4f}")
now = next(row for row in target.distribution if row.state == STATE)
print(f"In words: {STATE} is {in_words(now.p)}")
asked

# %% [markdown]
# The interval covers that the numbers of the model are uncertain. It does not cover that its arrows may be wrong.
#
# ## Is seeing the same as doing?
#
# Income that is found to have collapsed says something of the causes of income, as well as of its effects; income that
# is brought down says only something of its effects. Where the two differ, the back doors say why.

# %%
contrast = cause_effect(forecaster, Question(scenario="none"), cause="is_finances", target=TARGET, state=STATE)
for each in contrast.rows:
    print(f"is_finances={each.state}: seen {each.observe:.4f}, done {each.intervene:.4f}, gap {each.gap:+.4f}")
print(f"Back doors: {contrast.backdoor}")
contrast

# %% [markdown]
# ## Why is the answer what it is?
#
# Each finding is weighed in decibels of log odds, and followed along its way to the target.

# %%
why = explain(forecaster, question, target=TARGET, state=STATE)
for weight in why.balance.weights:
    print(f"{weight.statement} {weight.direction} it by {weight.db:+.4f} dB")
for chain in why.chains:
    print(f"Way: {' - '.join((chain.finding, *(step.end for step in chain.steps)))}, strength {chain.strength:.4f}")
why

# %% [markdown]
# ## What does it rest on?
#
# Attribution splits the spread of the answer among the prior statements, and then among their sources.

# %%
shares = attribution(forecaster, question, target=TARGET, state=STATE)
print(f"Standard deviation {shares.sd:.4f}")
for statement in shares.statements[:3]:
    print(f"Share {statement.share:.4f}: {statement.variable}, {statement.what} ({statement.file}:{statement.line})")
for source in shares.sources[:3]:
    print(f"Source {source.source}: share {source.share:.4f} by {source.statements} statements")
shares

# %% [markdown]
# ## Which number would tip it?
#
# The tornado moves each number over its own range. A break-even is where a number, moved alone, brings the
# answer to a threshold: here, to what it is when nothing is given or done.

# %%
threshold = now.baseline
tornado = sensitivity(forecaster, question, target=TARGET, state=STATE, threshold=threshold)
for swing in tornado.rows[:5]:
    print(f"Swing {swing.swing:.4f}: {swing.variable}, {swing.what} from {swing.low:.4g} to {swing.high:.4g}")
tipping = next((row for row in tornado.rows if row.threshold and not row.threshold.never), None)
if tipping is None or tipping.threshold is None:
    print(f"No number, moved alone, brings it to {threshold:.4f}")
else:
    at, way = tipping.threshold.values[0], tipping.threshold.direction
    number = f"{tipping.variable}, {tipping.what}"
    print(f"Break-even at {threshold:.4f}: {number} {way} {at:.4f}; it is {tipping.value:.4g}")
tornado

# %% [markdown]
# ## What should be found out next?
#
# Each step is what a report is expected to do for the forecast on top of those before it, by cost.

# %%
found_out = plan(forecaster, question, target=TARGET, state=STATE, steps=3)
for step in found_out.steps:
    print(f"Collect {step.variable}: value {step.value:.3g} at cost {step.cost:g}, {step.how}")
found_out

# %% [markdown]
# ## What else would do it?
#
# Without the care and mentoring, two more questions: which settings of levers bring the probability within half a
# percentage point of what they bring it to, or lower, and what does each lever do by itself?

# %%
undone = replace(question, settings={})
GOAL = now.p + 0.005
ways = goals(forecaster, undone, target=TARGET, state=STATE, below=GOAL)
print(f"Goal below {GOAL:.4f}: {ways.p:.4f} now, {ways.found} smallest sets reach it")
for one in ways.sets[:3]:
    print(f"Set: {', '.join(map(str, one.changes))} brings it to {one.p:.4f}")
ways

# %%
ranked = policies(forecaster, undone, target=TARGET, state=STATE)
for policy in ranked.rows[:3]:
    print(f"Policy do({policy.variable}={policy.state}): {policy.p:.4f}, shift {policy.shift:+.4f}")
ranked

# %% [markdown]
# ## Pictures
#
# They need matplotlib, which is the extra `plots`. The command `aftermath plot` draws the same ones.

# %%
try:
    from service import pictures
except ModuleNotFoundError:
    print("No pictures: they need matplotlib, pip install 'aftermath[plots]'")
else:
    near = pictures.around(forecaster.model.network, TARGET, 2)
    in_order = tuple(name for name in forecaster.model.network.names if name in near)
    drawn = {
        "distribution": pictures.distribution(forecaster.model, asked),
        "tornado": pictures.tornado(forecaster.model, tornado, resolve(forecaster.model, of_target(question, TARGET))),
        "waterfall": pictures.waterfall(forecaster.model, why, question.findings),
        "network": pictures.network(
            forecaster.model, answer(forecaster, replace(question, targets=in_order, interval=None)), target=TARGET
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, figure in drawn.items():
            file = Path(folder) / f"{name}.svg"
            pictures.save(figure, file)
            print(f"Picture {file.name}: {file.stat().st_size:,} bytes")
