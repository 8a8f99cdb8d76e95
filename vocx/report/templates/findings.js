/* What the scores say: costs, moments of truth, groups side by side, paths, conversations. */
const SCORE = { nps: "NPS", csat: "CSAT", ces: "CES", rating: "mean rating" }, UNIT = { nps: "points of NPS", csat: "points of CSAT (of 100)", ces: "points of CES (of 100)", rating: "stars (of 5)" };
const places = (score) => (score === "rating" ? 3 : 1);
const fixed = (x, score) => (x > 0 ? "+" : "") + x.toFixed(places(score));
const between = (low, high, score) => `${fixed(low, score)} to ${fixed(high, score)}`;

function costs() {
  const c = F.costs;
  if (!c) return;
  $("costs-card").hidden = false;
  $("costs-sub").textContent = `What each ${state.costs === "themes" ? "theme" : "issue"} adds to or takes from the ${SCORE[c.score]} of all ${count(c.n_scored)} who gave one: how far those who tell of it lie from like customers (same stage, source and group, the same other matters told) times how many they are. The line is the 95 % interval; the ring is the plain difference, unadjusted. Verdicts (“will not return”) are left out: they say what the score says. Told together is not caused by. Faint: not beyond chance (false discovery rate above 10 %).`;
  const rows = c[state.costs].filter((r) => r.impact !== null), worst = rows.slice(0, 10), best = rows.slice(-5).filter((r) => r.impact > 0 && !worst.includes(r)).reverse();
  const every = [...worst, ...best], reach = Math.max(0.01, ...every.flatMap((r) => [Math.abs(r.impact_low), Math.abs(r.impact_high), Math.abs(r.naive)]));
  const width = 420, x = (v) => width / 2 + (v / reach) * (width / 2 - 8), table = $("costs");
  table.replaceChildren(el("thead", {}, el("tr", {}, ["", "Told by", `Impact, ${UNIT[c.score]}`, "", "Per customer", "Rank"].map((h, i) => el("th", { class: i === 1 || i > 3 ? "num" : "" }, h)))));
  const body = el("tbody", {}); table.append(body);
  for (const r of every) {
    const sure = r.q !== null && r.q <= 0.1, colour = r.impact < 0 ? "rgb(178,34,52)" : "rgb(14,116,102)";
    const bar = svg("svg", { viewBox: `0 0 ${width} 22`, width, height: 22, role: "img", "aria-label": `impact ${fixed(r.impact, c.score)}` });
    bar.append(svg("line", { x1: width / 2, x2: width / 2, y1: 0, y2: 22, stroke: "#c9d1da" }), svg("line", { x1: x(r.impact_low), x2: x(r.impact_high), y1: 11, y2: 11, stroke: colour, "stroke-width": 2.5, opacity: sure ? 0.75 : 0.35 }),
      svg("circle", { cx: x(r.impact), cy: 11, r: 5, fill: colour, opacity: sure ? 1 : 0.45 }), svg("circle", { cx: x(r.naive), cy: 11, r: 4.5, fill: "none", stroke: "#5b6672", "stroke-width": 1.3 }));
    bar.append(svg("title", {}, `adjusted ${fixed(r.impact, c.score)} (${between(r.impact_low, r.impact_high, c.score)}), plain ${fixed(r.naive, c.score)}, q ${r.q}`));
    body.append(el("tr", {}, el("td", {}, el("span", { class: "name" }, r.name), el("small", {}, state.costs === "issues" ? r.theme : r.kind)), el("td", { class: "num" }, `${count(r.n)} · ${pct(r.share, 1)}`),
      el("td", { class: "num" }, `${fixed(r.impact, c.score)}`, el("small", {}, between(r.impact_low, r.impact_high, c.score))), el("td", {}, bar), el("td", { class: "num" }, fixed(r.effect, c.score), el("small", {}, between(r.effect_low, r.effect_high, c.score))), el("td", { class: "num" }, String(r.rank[0]), el("small", {}, `${r.rank[1]}–${r.rank[2]}`))));
  }
}

function moments() {
  if (!F.moments.length) return;
  const said = F.moments.map((m) => el("li", {}, el("b", {}, m.title), ` at ${stageTitle[m.stage]}: `,
    m.score ? `${fixed(m.effect, m.score)} ${UNIT[m.score]} beside like customers (${between(m.low, m.high, m.score)}); told by ${count(m.n)}, which comes to ${fixed(m.impact, m.score)} of everybody's score` : `told by ${count(m.n)}, mean polarity ${signed(m.polarity)}`));
  const measured = F.costs ? "no theme at a stage surely moves the score." : "no score was given by enough customers to measure by.";
  $("moments").append(el("h3", {}, "Moments of truth"), el("p", { class: "sub" }, F.moments[0].score ? "Where the score moves most for the most people, surely." : `Where feeling is strongest for the most people; ${measured}`), el("ol", {}, said));
}

function stageNotes(stage) {
  const s = F.scores.stage.find((x) => x.name === stage.name);
  const out = [];
  if (stage.goals.length) out.push(el("p", {}, el("em", {}, "to do: "), stage.goals.map(([g, n]) => `${g} (${n})`).join(", ")));
  if (stage.touchpoints.length) out.push(el("p", {}, el("em", {}, "met at: "), stage.touchpoints.map(([t]) => words(t)).join(", ")));
  if (!s) return out;
  for (const k of ["nps", "csat", "ces", "rating"]) if (s[k] && s[k].n >= 10 && s[k].low !== null)
    out.push(el("p", {}, `${SCORE[k]} ${s[k].value.toFixed(k === "rating" ? 1 : 0)} (${s[k].low.toFixed(k === "rating" ? 1 : 0)} to ${s[k].high.toFixed(k === "rating" ? 1 : 0)}, n ${count(s[k].n)})`));
  if (s.effort && s.effort.n >= F.small) out.push(el("p", {}, `effort told by ${pct(s.effort.value)}`));
  const turning = F.moments.filter((m) => m.stage === stage.name);
  if (turning.length) out.push(el("p", { class: "truth" }, "★ " + turning.map((m) => m.title).join(", ")));
  return out;
}

function groupJourneys() {
  const all = F.group_journeys;
  if (!all.length) return;
  $("group-journeys-card").hidden = false;
  const table = $("group-journeys");
  table.append(el("thead", {}, el("tr", {}, el("th", {}, ""), F.stages.map((s) => el("th", {}, s.title)))));
  const body = el("tbody", {}); table.append(body);
  for (const g of all) body.append(el("tr", {}, el("th", {}, g.name ? words(g.name).replace("=", ": ") : "Everybody", el("small", {}, ` ${count(g.n)}`)), g.stages.map((s) => {
    if (!s.polarity || s.polarity[3] < F.small) return el("td", { class: "few" }, s.polarity ? `n ${s.polarity[3]}` : "");
    const p = s.polarity[0], score = F.costs && s[F.costs.score], tint = p < 0 ? RGB.pain : RGB.win;
    return el("td", { style: `background:rgba(${tint},${Math.min(0.5, Math.abs(p) * 0.6).toFixed(2)})`, title: `polarity ${p} (${s.polarity[1]} to ${s.polarity[2]}), n ${s.polarity[3]}` },
      el("b", {}, signed(p.toFixed(2))), score && score[3] >= F.small ? el("span", {}, ` · ${SCORE[F.costs.score]} ${score[0].toFixed(F.costs.score === "rating" ? 1 : 0)}`) : "", s.pain.map(([t, n]) => el("small", {}, `− ${t} (${n})`)), s.win.map(([t, n]) => el("small", {}, `+ ${t} (${n})`)));
  })));
}

function paths() {
  const p = F.paths, c = F.conversations;
  if (p) {
    $("paths-card").hidden = false;
    const rows = p.steps.filter((s) => s.n >= 2).slice(0, 12).map((s) => el("tr", {}, el("td", {}, `${stageTitle[s.from]} → ${stageTitle[s.to]}`), el("td", { class: "num" }, count(s.n)), el("td", { class: "num" }, pct(s.share), el("small", {}, `${pct(s.low)} to ${pct(s.high)}`)), el("td", { class: "num" }, s.change === null ? "" : signed(s.change)), el("td", { class: "num" }, count(s.across))));
    $("paths").append(el("table", { class: "list" }, el("tr", {}, ["from → to", "customers", "of those who went on", "polarity changes by", "over sources"].map((h, i) => el("th", { class: i ? "num" : "" }, h))), rows));
    if (p.before_leaving.length) $("paths").append(el("h3", {}, "Told before leaving"), el("ul", {}, p.before_leaving.slice(0, 6).map((b) => el("li", {}, `${b.title}: ${count(b.n)} of ${count(b.of)} who told of it left (${pct(b.low)} to ${pct(b.high)}), of others ${pct(b.others)}; q ${b.q}`))));
  }
  if (c) {
    $("talks-card").hidden = false;
    const known = c.resolved + c.unresolved;
    $("talks").append(el("p", {}, `${count(c.n)} conversations. Polarity ${signed(c.start)} in the first third of the customer's words, ${signed(c.end)} in the last (a line through all: ${signed(c.slope)} from start to end); ${count(c.better)} end better than they begin, ${count(c.worse)} worse.`),
      el("p", {}, `Of ${count(known)} whose end tells, ${count(c.resolved)} are resolved and ${count(c.unresolved)} are not; ${count(c.untold)} do not tell.` + (c.pain_at === null ? "" : ` In the middle conversation the gravest pain stands ${pct(c.pain_at)} of the way through.`)));
  }
}

lede(); tiles(); matrix(); moments(); journey(); costs(); issues(); groups(); groupJourneys(); paths(); scope();
