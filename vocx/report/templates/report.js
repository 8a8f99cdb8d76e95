"use strict";
const F = JSON.parse(document.getElementById("facts").textContent);
const $ = (id) => document.getElementById(id);
const state = { kind: "pain", grain: "themes", show: "n", all: false, allIssues: false, filter: "", costs: "issues" };
const RGB = { pain: [178, 34, 52], win: [14, 116, 102] };
const COLUMNS = 20, ISSUES = 25;
const SENTIMENT = [["very_negative", "#9f1d2f"], ["negative", "#dd7a74"], ["mixed", "#c9a63c"], ["neutral", "#c3cad3"], ["positive", "#78bba9"], ["very_positive", "#0f7566"]];

function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k === "onclick") node.addEventListener("click", v);
    else if (k === "style") node.style.cssText = v;
    else if (v !== null && v !== undefined) node.setAttribute(k, v);
  }
  for (const c of children.flat()) if (c !== null && c !== undefined) node.append(c);
  return node;
}
const svg = (tag, attrs, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attrs)) node.setAttribute(k, v);
  if (text !== undefined) node.textContent = text;
  return node;
};
const count = (n) => Number(n).toLocaleString("en-GB");
const pct = (x, d = 0) => (100 * x).toFixed(d) + "\u00a0%";
const voices = (n) => (n === 1 ? "1 voice" : `${count(n)} voices`);
const plural = (n, s) => `${count(n)} ${words(s)}${n === 1 || s === "social" ? "" : "s"}`;
const words = (s) => String(s).replaceAll("_", " ");
const signed = (x) => (x > 0 ? "+" : "") + x;
const stageTitle = Object.fromEntries([...F.stages.map((s) => [s.name, s.title]), ["unsure", "stage unsure"]]);
const stageFacts = Object.fromEntries(F.stages.map((s) => [s.name, s]));
const shade = (kind, t) => { const c = RGB[kind]; return `rgba(${c[0]},${c[1]},${c[2]},${(0.07 + 0.93 * t).toFixed(3)})`; };

function lede() {
  const o = F.overview, best = topCell("pain"), n = count(o.n_feedback);
  const span = o.first ? ` from ${o.first} to ${o.last}` : "";
  let text = `${n} pieces of feedback${span} (${Object.entries(o.sources).map(([k, v]) => plural(v, k)).join(", ")}${o.n_rows < o.n_feedback ? `; answers of ${count(o.n_rows)} who answered` : ""}).`;
  if (best) text += ` The largest single pain is “${best.title}” at the stage “${stageTitle[best.stage]}”: ${voices(best.n)}, ${pct(best.share, 1)} of all feedback (95 % interval ${pct(best.low, 1)} to ${pct(best.high, 1)}).`;
  $("lede").textContent = text;
}
function topCell(kind) {
  const m = F.matrices[kind].themes, titles = Object.fromEntries(m.columns.map((c) => [c.id, c.title]));
  let best = null;
  for (const [key, c] of Object.entries(m.cells)) {
    const [stage, id] = key.split("|");
    if (!best || c.n > best.n) best = { ...c, stage, title: titles[id] };
  }
  return best;
}

function tiles() {
  const o = F.overview, c = F.scope.coverage, box = $("tiles");
  const tile = (value, label, cls) => box.append(el("div", { class: "tile " + (cls || "") }, el("b", {}, value), el("span", {}, label)));
  tile(count(o.n_feedback), `feedback, ${count(o.n_meaningful)} of them with something to say`);
  if (o.nps !== null) tile(signed(o.nps), `NPS, ${count(o.n_nps)} answers`);
  if (o.rating !== null) tile(o.rating.toFixed(1), `mean rating on 1 to 5, ${count(o.n_rating)} ratings`);
  const total = SENTIMENT.reduce((s, [k]) => s + o.sentiments[k], 0) || 1;
  const negative = (o.sentiments.very_negative + o.sentiments.negative) / total, positive = (o.sentiments.very_positive + o.sentiments.positive) / total;
  box.append(el("div", { class: "tile wide" },
    el("span", {}, "Sentiment of whole comments"),
    el("div", { class: "stack" }, SENTIMENT.map(([k, colour]) => el("i", { style: `width:${100 * o.sentiments[k] / total}%;background:${colour}`, title: `${words(k)}: ${count(o.sentiments[k])} (${pct(o.sentiments[k] / total)})` }))),
    el("span", {}, `${pct(negative)} negative · ${pct(o.sentiments.mixed / total)} mixed · ${pct(o.sentiments.neutral / total)} neutral · ${pct(positive)} positive`)));
  tile(count(c.mentions), `pains and wins found; ${pct(c.mentions ? c.mentions_counted / c.mentions : 0)} are sure enough to be counted`);
}

function matrix() {
  const m = F.matrices[state.kind], g = m[state.grain], shown = state.all ? g.columns : g.columns.slice(0, COLUMNS);
  const max = Math.max(1, ...shown.flatMap((c) => m.stages.map((s) => (g.cells[`${s}|${c.id}`] || { n: 0 }).n)));
  const table = $("matrix"); table.replaceChildren();
  table.append(el("thead", {}, el("tr", {}, el("th", {}), shown.map((c) => el("th", { class: "col", title: c.hint || c.under, scope: "col" }, el("div", {}, c.title, c.under ? el("small", {}, c.under) : null))), el("th", { class: "col total" }, el("div", {}, `Any ${state.kind}`)))));
  const body = el("tbody", {}); table.append(body);
  for (const stage of m.stages) {
    const row = el("tr", {}, el("th", { class: "row", scope: "row" }, stageTitle[stage]));
    for (const c of shown) {
      const cell = g.cells[`${stage}|${c.id}`];
      if (!cell) { row.append(el("td", { class: "none" })); continue; }
      const t = Math.sqrt(cell.n / max), open = () => openCell(stage, c, cell);
      const td = el("td", { class: "cell", tabindex: "0", role: "button", onclick: open, "data-few": cell.n < F.small ? "" : null, style: `background:${shade(state.kind, t)};color:${t > 0.55 ? "#fff" : "#1c2430"}`,
        title: `${c.title} · ${stageTitle[stage]}\n${voices(cell.n)}, ${pct(cell.share, 1)} (${pct(cell.low, 1)} to ${pct(cell.high, 1)})` + (cell.severity ? `\nseverity ${cell.severity} of 3` : "") + `\n${words(cell.emotion)}` + (cell.n < F.small ? "\nfew: read with care" : "") },
        state.show === "n" ? count(cell.n) : (100 * cell.share).toFixed(1), state.kind === "pain" && cell.severity >= 2.5 ? el("i", { class: "sev", style: t > 0.55 ? "background:#fff" : "" }) : null);
      td.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); open(); } });
      row.append(td);
    }
    row.append(el("td", { class: "total", title: "distinct feedback" }, count(stageFacts[stage][`n_${state.kind}`] || 0)));
    body.append(row);
  }
  if (!shown.length) body.append(el("tr", {}, el("td", { style: "width:auto;padding:20px" }, `No ${state.kind}s were found with enough certainty.`)));
  $("ramp").style.background = `linear-gradient(90deg,${shade(state.kind, 0.1)},${shade(state.kind, 1)})`;
  $("more").textContent = g.columns.length > COLUMNS ? (state.all ? `show the ${COLUMNS} largest` : `show all ${g.columns.length} columns`) : "";
}

function quotes(kind, list) {
  if (!list || !list.length) return [el("p", { class: "sub" }, "No quote is kept for this cell.")];
  return list.map((q) => el("blockquote", { class: kind },
    el("p", {}, q.before, el("mark", {}, q.text), q.after),
    el("footer", {}, [words(q.source), q.day, q.nps !== null ? `NPS answer ${q.nps}` : null, q.stars !== null ? `${q.stars} of 5` : null, words(q.emotion), q.severity ? `severity ${q.severity}` : null, q.id].filter(Boolean).join(" · "))));
}
function openDrawer(...nodes) { $("drawer-body").replaceChildren(...nodes.flat().filter(Boolean)); $("drawer").hidden = false; $("drawer").scrollTop = 0; }
function openCell(stage, column, cell) {
  const list = F.quotes[`${state.kind}|${stage}|${column.id}`];
  openDrawer(el("p", { class: "sub" }, stageTitle[stage] + (column.under ? ` · ${column.under}` : "")), el("h2", {}, column.title),
    el("p", { class: "sub" }, `${voices(cell.n)}, ${pct(cell.share, 1)} of all feedback (95 % interval ${pct(cell.low, 1)} to ${pct(cell.high, 1)})` + (cell.severity ? `; mean severity ${cell.severity} of 3` : "") + `; most often ${words(cell.emotion)}.`),
    cell.corrected[0] !== null ? el("p", { class: "sub" }, `Corrected for the model's known errors: about ${count(Math.round(cell.corrected[0]))} (${count(Math.round(cell.corrected[1]))} to ${count(Math.round(cell.corrected[2]))}).`) : null,
    cell.impact[0] !== null && F.costs ? el("p", { class: "sub" }, `Impact on the ${SCORE[F.costs.score]} of all: ${fixed(cell.impact[0], F.costs.score)} (${between(cell.impact[1], cell.impact[2], F.costs.score)}).`) : null,
    column.hint ? el("p", { class: "sub" }, column.hint + ".") : null, quotes(state.kind, list),
    list && list.length < cell.n ? el("p", { class: "sub" }, `${list.length} of ${count(cell.n)} shown; all are in report.xlsx.`) : null);
}
function openIssue(issue) {
  const list = Object.keys(issue.stages).flatMap((s) => (F.quotes[`${issue.kind}|${s}|${issue.id}`] || []).map((q) => ({ ...q, stage: s })));
  openDrawer(el("p", { class: "sub" }, issue.theme), el("h2", {}, issue.name), el("p", { class: "sub" }, issue.definition + "."),
    el("p", { class: "sub" }, voices(issue.n_feedback) + (issue.first ? `, ${issue.first} to ${issue.last}` : "") + "; at " + Object.entries(issue.stages).map(([s, n]) => `${stageTitle[s]} ${n}`).join(", ") + "."), quotes(issue.kind, list));
}

function journey() {
  const stages = F.stages, width = 118 * stages.length, height = 150, x = (i) => 118 * i + 59, y = (p) => 75 - 58 * p;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img", "aria-label": "Mean polarity by stage", style: `min-width:1180px;display:block` });
  for (const [v, label] of [[1, "positive"], [0, ""], [-1, "negative"]]) {
    chart.append(svg("line", { x1: 0, x2: width, y1: y(v), y2: y(v), stroke: "#e3e7ec", "stroke-dasharray": v ? "3 4" : "" }));
    chart.append(svg("text", { x: 2, y: y(v) - 4, "font-size": 10.5, fill: "#8a94a0" }, label));
  }
  const known = stages.map((s, i) => ({ ...s, i })).filter((s) => s.polarity !== null);
  if (known.length > 1) {
    const upper = known.map((s) => `${x(s.i)},${y(s.polarity_high)}`), lower = known.map((s) => `${x(s.i)},${y(s.polarity_low)}`).reverse();
    chart.append(svg("polygon", { points: [...upper, ...lower].join(" "), fill: "#2f5d7c", opacity: 0.1 }));
    chart.append(svg("polyline", { points: known.map((s) => `${x(s.i)},${y(s.polarity)}`).join(" "), fill: "none", stroke: "#2f5d7c", "stroke-width": 2 }));
  }
  for (const s of known) {
    const r = 4 + 7 * Math.sqrt(s.n_mentions / Math.max(...known.map((k) => k.n_mentions)));
    const dot = svg("circle", { cx: x(s.i), cy: y(s.polarity), r, fill: s.polarity < -0.1 ? "rgb(178,34,52)" : s.polarity > 0.1 ? "rgb(14,116,102)" : "#8a94a0", stroke: "#fff", "stroke-width": 1.5 });
    dot.append(svg("title", {}, `${s.title}: mean polarity ${signed(s.polarity)}, ${count(s.n_mentions)} mentions`));
    chart.append(dot, svg("text", { x: x(s.i), y: y(s.polarity) - r - 4, "font-size": 11.5, "text-anchor": "middle", fill: "#1c2430" }, signed(s.polarity)));
  }
  const item = (stage, kind) => ([title, n, id]) => el("li", { class: kind }, el("button", { type: "button", onclick: () => {
    const m = F.matrices[kind].themes, column = m.columns.find((c) => c.id === id), cell = m.cells[`${stage}|${id}`];
    if (column && cell) { const before = state.kind; state.kind = kind; openCell(stage, column, cell); state.kind = before; } } }, `${title} (${count(n)})`));
  const grid = el("div", { class: "stage-grid", style: `grid-template-columns:repeat(${stages.length},1fr)` }, stages.map((s) => el("div", { class: "stage", title: s.definition },
    el("h3", {}, s.title), el("p", {}, `${plural(s.n_feedback, "comment")}`, el("br", {}), s.emotions.map(([e]) => words(e)).slice(0, 2).join(", ")), stageNotes(s),
    el("ul", {}, s.pains.map(item(s.name, "pain"))), el("ul", {}, s.wins.map(item(s.name, "win"))))));
  $("journey").replaceChildren(chart, grid);
}

function issues() {
  const needle = state.filter.toLowerCase();
  const found = F.issues.filter((i) => !needle || [i.name, i.theme, i.kind, ...i.terms].join(" ").toLowerCase().includes(needle));
  const shown = state.allIssues || needle ? found : found.slice(0, ISSUES), table = $("issues");
  table.replaceChildren(el("thead", {}, el("tr", {}, ["Issue", "", "Voices", "Severity", "Stages", "By month"].map((h, i) => el("th", { class: i === 2 || i === 3 ? "num" : "" }, h)))));
  const body = el("tbody", {}); table.append(body);
  for (const i of shown) {
    const peak = Math.max(1, ...i.months.map((m) => m[1])), c = RGB[i.kind];
    const stages = Object.entries(i.stages).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([s, n]) => `${stageTitle[s]} ${n}`).join(", ");
    const row = el("tr", { class: "click", tabindex: "0", onclick: () => openIssue(i) },
      el("td", {}, el("span", { class: "name" }, i.name, i.status === "emerging" ? el("span", { class: "chip emerging" }, "emerging") : ""), el("small", {}, i.theme)), el("td", {}, el("span", { class: "chip " + i.kind }, i.kind)),
      el("td", { class: "num" }, count(i.n_feedback)), el("td", { class: "num" }, i.severity === null ? "" : i.severity.toFixed(1)), el("td", {}, stages),
      el("td", {}, el("span", { class: "spark" }, i.months.map(([m, n]) => el("i", { title: `${m}: ${n}`, style: `height:${n ? 3 + 23 * n / peak : 1}px;background:rgb(${c})` })))));
    row.addEventListener("keydown", (e) => { if (e.key === "Enter") openIssue(i); });
    body.append(row);
  }
  if (!shown.length) body.append(el("tr", {}, el("td", { colspan: 6 }, F.issues.length ? "No issue matches." : "No matter recurs often enough to be an issue.")));
  $("more-issues").textContent = !needle && found.length > ISSUES ? (state.allIssues ? `show the ${ISSUES} largest` : `show all ${found.length} issues`) : "";
}

function groups() {
  if (!F.groups.length) return;
  $("groups-card").hidden = false;
  const bars = (rows, kind, max) => rows.map(([title, share, all]) => el("div", { class: "bar" }, el("span", {}, title),
    el("div", { class: "track" }, el("i", { style: `width:${100 * share / max}%;background:rgb(${RGB[kind]})` }), el("u", { style: `left:${Math.min(100, 100 * all / max)}%`, title: "everybody" })), el("span", {}, `${pct(share, 1)} (all ${pct(all, 1)})`)));
  const max = Math.max(0.01, ...F.groups.flatMap((g) => [...g.pains, ...g.wins].flatMap((r) => [r[1], r[2]])));
  for (const g of F.groups) $("groups").append(el("div", {}, el("h3", {}, words(g.name), el("small", {}, ` ${count(g.n)} feedback`)), bars(g.pains, "pain", max), bars(g.wins, "win", max)));
}

function scope() {
  const s = F.scope, c = s.coverage, r = s.rows;
  const tongues = {};
  s.files.forEach((f) => Object.entries(f.other_languages || {}).forEach(([k, n]) => { tongues[k] = (tongues[k] || 0) + n; }));
  const foreign = Object.entries(tongues).map(([k, n]) => `${count(n)} in '${k}'`).join(", ");
  const files = el("table", {}, el("tr", {}, ["file", "rows", "taken", "merged", "rejected"].map((h) => el("th", {}, h))), s.files.map((f) => el("tr", {}, el("td", {}, f.file), [f.rows, f.taken, f.merged, f.rejected].map((n) => el("td", { class: "num" }, count(n))))));
  const reasons = Object.entries(s.reasons).map(([k, n]) => el("li", {}, `${count(n)} rejected: ${k}`));
  const notes = s.files.flatMap((f) => f.assumptions.map((a) => el("li", {}, `${f.file}: ${a}`)).concat(f.ignored.length ? [el("li", {}, `${f.file}: columns not kept: ${f.ignored.join(", ")}`)] : []));
  const masked = Object.entries(s.privacy.masked).map(([k, n]) => `${count(n)} ${k.toLowerCase()}`).join(", ");
  $("scope").append(
    el("div", {}, el("h3", {}, "What came in"), files, el("p", {}, foreign ? `Not scored, for the models speak English alone: ${foreign}.` : ""), el("ul", {}, reasons), el("p", {}, s.privacy.redacted ? `Masked before anything was stored: ${masked || "nothing found"}. Names of persons are not all found: read quotes before you publish them.` : "Personal data was not masked in this run.")),
    el("div", {}, el("h3", {}, "How sure the labels are"), el("ul", {}, [
      `${count(c.meaningful)} of ${count(c.feedback)} feedback say something; the model is sure of the stage of ${count(c.sure.stage)}, the touchpoint of ${count(c.sure.touchpoint)}, the emotion of ${count(c.sure.emotion)}.`,
      `${count(c.mentions)} pains and wins in ${count(c.feedback_with_mention)} feedback. Sure of the stage: ${count(c.mentions_sure_of_stage)}; of the theme: ${count(c.mentions_sure_of_theme)}; in an issue: ${count(c.mentions_in_issues)}, in none ${count(c.mentions_too_rare)} as too rare and ${count(c.mentions_too_vague)} as too vague; counted in the matrix: ${count(c.mentions_counted)}.`,
      "What the model is unsure of is kept in the tables with its score. A clause whose stage is unsure is left out of the matrix, and one whose theme is unsure counts in its issue alone, so cells count too few rather than too many.",
      "Intervals of shares are for sampling alone." + (s.errors_known_from ? ` Counts corrected for the model's errors, which were counted on ${count(s.errors_known_from)} labelled comments, stand beside them where a cell is opened; they hold where the model errs here as it did there.` : " Nothing is known of the model's errors, so counts are not corrected for them."),
      `Model ${s.model.name} (${s.model.digest}), vocx ${s.vocx}.`].map((t) => el("li", {}, t)))),
    el("div", {}, el("h3", {}, "What was assumed"), notes.length ? el("ul", {}, notes) : el("p", {}, "Nothing.")));
}

document.querySelectorAll(".toggle button").forEach((b) => b.addEventListener("click", () => {
  b.parentElement.querySelectorAll("button").forEach((o) => o.classList.toggle("on", o === b));
  Object.assign(state, b.dataset, "kind" in b.dataset || "grain" in b.dataset ? { all: false } : {}); matrix(); costs();
}));
$("more").addEventListener("click", () => { state.all = !state.all; matrix(); });
$("more-issues").addEventListener("click", () => { state.allIssues = !state.allIssues; issues(); });
$("filter").addEventListener("input", (e) => { state.filter = e.target.value; issues(); });
$("close").addEventListener("click", () => { $("drawer").hidden = true; });
document.addEventListener("keydown", (e) => { if (e.key === "Escape") $("drawer").hidden = true; });
