// The page of `serve`. It talks only to the server that it came from. Texts become text nodes, never markup, and styles
// are set as properties: the Content-Security-Policy forbids all else.

const byId = (id) => document.getElementById(id);
const whole = (number) => number.toLocaleString("en");
const fixed = (number, digits) => number.toFixed(digits).replace("-", "−");
const nameOf = (path) => path.split("/").filter(Boolean).at(-1) ?? path;
const textOf = (id) => byId(id).value.trim();
const linesOf = (id) => textOf(id).split("\n").map((line) => line.trim()).filter(Boolean);

// Makes an element from "tag" or "tag.class". What follows are children and, as plain objects, properties.
function make(name, ...parts) {
  const [tag, className = ""] = name.split("."), one = Object.assign(document.createElement(tag), { className });
  for (const part of parts) part.constructor === Object ? Object.assign(one, part) : one.append(part);
  return one;
}

// The Tab key stops at one of the elements; the arrow keys go to the next, up and down by `columns`.
function rove(box, selector, columns, reached) {
  box.addEventListener("keydown", (event) => {
    const all = [...box.querySelectorAll(selector)], here = all.indexOf(event.target), last = all.length - 1;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -here, End: last - here };
    if (here < 0 || event.ctrlKey || event.altKey || event.metaKey || !steps[event.key]) return;
    event.preventDefault();
    const next = all[(here + steps[event.key] + all.length) % all.length];
    all[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    reached?.(next);
  });
}

// Calls

const key = byId("key");
let info = {};

const meanings = {
  401: "The API key is missing or wrong.", 413: "This is more than the server takes in one request.",
  422: "The server cannot take this input.", 429: "The server has too much to do.",
  503: "The server is not ready, or it is stopping.",
};

// An error as the page shows it: a sentence, what the server said, and how many seconds to wait.
const failure = (message, said = "", wait = 0) => Object.assign(new Error(message), { said, wait });

// What went wrong, from the bodies of all dialects: {"error": text}, {"error": {"message"}}, {"message"}, {"detail"}.
function failureOf({ status, headers }, answer) {
  const sayings = [answer?.error?.message, answer?.error, answer?.message, answer?.detail];
  if (status === 401) byId("key-box").open = true;
  return failure(meanings[status] ?? `The server answered with status ${status}.`,
    sayings.find((one) => typeof one === "string"), +headers.get("retry-after") || 0);
}

// GET without a body, else POST.
async function call(path, body, signal) {
  const headers = body ? { "Content-Type": "application/json" } : {}, start = performance.now();
  if (key.value) headers.Authorization = `Bearer ${key.value}`;
  let response, answer, text;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: JSON.stringify(body), signal });
    text = await response.text();
  } catch (error) {
    throw failure("The server does not answer.", error.message);
  }
  const trip = performance.now() - start;
  try { answer = JSON.parse(text) } catch { /* perhaps the page of a proxy */ }
  if (!response.ok) throw failureOf(response, answer);
  return { path, body, answer, trip, headers: response.headers };
}

// The footer, a row for each call

function figuresOf({ headers, trip }) {
  const time = (ms) => `${ms < 9.95 ? ms.toFixed(1) : whole(Math.round(ms))} ms`;
  const timing = (headers.get("server-timing") ?? "").matchAll(/([\w-]+)\s*;[^,]*?dur=([\d.]+)/g);
  const times = { total: trip, ...Object.fromEntries([...timing].map(([, name, ms]) => [name, +ms])) };
  const figures = Object.entries(times).map(([name, ms]) => `${name === "tok" ? "tokenize" : name} ${time(ms)}`);
  const tokens = +headers.get("x-compute-tokens");
  if (tokens) figures.push(`${whole(tokens)} tokens`);
  if (tokens && times.infer) figures.push(`${whole(Math.round(tokens / times.infer * 1000))} tokens/s`);
  return figures.map((figure) => make("span", figure));
}

// JSON to look at: long lists are cut short, and what is short stands on one line.
function pretty(value) {
  const cut = (_, one) => {
    const most = typeof one?.[0] === "number" ? 6 : 50;
    return Array.isArray(one) && one.length > most ? [...one.slice(0, most), `… ${whole(one.length - most)} more`] : one;
  };
  return JSON.stringify(value, cut, 2).replace(/[[{][^[\]{}]*[\]}]/g, (part) => {
    const flat = part.replace(/\n */g, " ");
    return flat.length < 100 ? flat : part;
  });
}

const address = (path) => new URL(path, location.href).href;

// The key itself is not copied: people paste such lines into chats.
function curl({ path, body }) {
  const secret = key.value ? ' -H "Authorization: Bearer $API_KEY"' : "";
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return `curl '${address(path)}'${secret} -H 'Content-Type: application/json' -d '${json}'\n`;
}

function python({ path, body }) {
  const secret = key.value ? 'os.environ["API_KEY"]' : '"none"';
  // `true` is the value of `raw_scores`, the last member.
  const literal = (value) => JSON.stringify(value, null, 4).replace(/true(\s})$/, "True$1");
  const made = path === "embed" ? `embeddings.create(model="${info.model_id}", input=${literal(body.inputs)})`
    : `post("${address(path)}", cast_to=object, body=${literal(body)})`;
  return `import os\nfrom openai import OpenAI\n
client = OpenAI(base_url="${address("v1")}", api_key=${secret})\nanswer = client.${made}\n`;
}

const json = ({ path, body, answer }) => `POST ${address(path)}\n${pretty(body)}\n\n${pretty(answer)}`;

function makeRow(purpose) {
  const title = make("b"), figures = make("span.figures"), warning = make("span.warning");
  const box = make("pre", { hidden: true, tabIndex: 0 }), toggle = make("button", "JSON");
  let last, shown;
  function open(write) {
    shown = write;
    box.hidden = !write;
    box.textContent = write?.(last) ?? "";
    toggle.ariaPressed = write === json;
  }
  toggle.onclick = () => open(shown === json ? null : json);
  function copyButton(label, write) {
    const button = make("button", label);
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(write(last));
        button.textContent = "Copied";
      } catch {  // browsers lend the clipboard only to pages of https and of this computer
        open(write);
        getSelection().selectAllChildren(box);
        button.textContent = "Marked";
      }
      setTimeout(() => { button.textContent = label }, 1500);
    };
    return button;
  }
  const buttons = make("span.buttons", { ariaLive: "polite" },
    copyButton("Copy as curl", curl), copyButton("Copy as Python", python), toggle);
  function show(made) {
    last = made;
    title.textContent = `POST /${made.path}`;
    figures.replaceChildren(...figuresOf(made));
    const cut = +made.headers.get("x-truncated-inputs");
    warning.textContent = cut ? `texts cut at ${whole(info.max_input_length)} tokens: ${whole(cut)}` : "";
    open(shown);
  }
  return { element: make("div.call", make("span", title, ` ${purpose}`), figures, warning, buttons, box), show };
}

// Panels

function showFailure(alert, error, retry, again) {
  const { message, said, wait } = "said" in error ? error : failure("The page cannot read this answer.", error.message);
  const asked = wait ? `It asks to wait ${whole(wait)} s.${again ? " The page then tries again." : ""}` : "";
  alert.replaceChildren(make("b", message), make("p", said), make("p", asked), make("button", "Try again", { onclick: retry }));
  alert.hidden = false;
}

const runs = {};

// Runs `work` a moment after the last change of a panel's fields, and shows the note and the elements that it returns. A
// newer run ends an older one, on the server too.
function live(id, work) {
  const panel = byId(id), alert = make("div", { role: "alert", hidden: true }), note = make("p.note", { role: "status" });
  const results = make("div.results"), footer = make("footer"), rows = {};
  panel.append(make("div", alert, note, results), footer);
  let timer, running, tries = 0;

  async function run() {
    clearTimeout(timer);
    running?.abort();
    const { signal } = running = new AbortController(), used = new Set();
    panel.ariaBusy = "true";
    panel.dataset.state = "ran";
    async function send(path, body, purpose = "") {
      const made = await call(path, body, signal);
      if (!rows[purpose]) footer.append((rows[purpose] = makeRow(purpose)).element);
      rows[purpose].show(made);
      used.add(purpose);
      return made.answer;
    }
    try {
      const [text, ...children] = await work(send);
      if (signal.aborted) return;
      note.textContent = text;
      results.replaceChildren(...children);
      for (const purpose in rows) rows[purpose].element.hidden = !used.has(purpose);
      alert.hidden = true;
      tries = 0;
    } catch (error) {
      if (signal.aborted) return;
      const again = error.wait > 0 && error.wait <= 60 && tries++ < 5;
      if (again) timer = setTimeout(run, error.wait * 1000);
      showFailure(alert, error, run, again);
      note.textContent = "";
      panel.dataset.state = "failed";
    }
    panel.ariaBusy = "false";
  }

  panel.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(run, 250);
  });
  runs[id] = run;
}

const tabs = [...document.querySelectorAll("[role=tab]")], panelOf = (tab) => byId(tab.getAttribute("aria-controls"));

function openTab(tab) {
  for (const one of tabs) {
    one.ariaSelected = one === tab;
    one.tabIndex = one === tab ? 0 : -1;
    panelOf(one).hidden = one !== tab;
  }
  const { id, dataset } = panelOf(tab);
  history.replaceState(null, "", `#${id}`);
  if (info.model_id && dataset.state !== "ran") runs[id]();
}

const openTabOfAddress = () => openTab(tabs.find((tab) => panelOf(tab).id === location.hash.slice(1)) ?? tabs[0]);
for (const tab of tabs) tab.onclick = () => openTab(tab);
rove(tabs[0].parentElement, "[role=tab]", 0, openTab);

// The server's vectors have length 1, so a dot product is a cosine.
const cosine = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
const sigmoid = (score) => 1 / (1 + Math.exp(-score));
const byShare = (a, b) => b.share - a.share;

// A list of texts with scores. `share`, 0 to 1, is the bar's length.
function ranking(hits) {
  return make("ol", ...hits.map(({ text, share, fine }) => {
    const fill = make("i");
    fill.style.width = `${Math.max(share, 0) * 100}%`;
    return make("li", make("span", text), make("b", fixed(share, 3)), make("span.bar", fill), make("small", fine));
  }));
}

// Compare

const mostCompared = 40;

// An order that puts similar texts side by side: after each comes the most similar one of those that are left.
function chained(matrix) {
  const order = [0], left = [...matrix.keys()].slice(1);
  while (left.length) {
    const row = matrix[order.at(-1)];
    order.push(left.sort((a, b) => row[a] - row[b]).pop());
  }
  return order;
}

live("compare", async (send) => {
  const texts = linesOf("compare-lines").slice(0, mostCompared), count = texts.length;
  if (count < 2) return ["Write at least two lines."];
  const vectors = await send("embed", { inputs: texts, truncate: true });
  const matrix = vectors.map((a) => vectors.map((b) => cosine(a, b)));
  const order = byId("group").checked ? chained(matrix) : [...texts.keys()];
  const pairs = matrix.flatMap((row, i) => row.slice(0, i).map((share, j) => ({ share, i: j, j: i }))).sort(byShare);
  const least = pairs.at(-1).share, range = pairs[0].share - least || 1;

  const index = (i) => make("span.index", i + 1), detail = make("div.pair");
  function show({ i, j }, words) {
    detail.replaceChildren(make("b", fixed(matrix[i][j], 3)),
      make("div", ...[i, j].map((one) => make("p", index(one), make("span", texts[one]))), make("small", words)));
  }
  const heads = order.map((i) => make("th", i + 1, { scope: "col" }));
  const body = make("tbody", ...order.map((i) => {
    const head = make("th", { scope: "row" }, index(i), texts[i]);
    return make("tr", head, ...order.map((j, column) => {
      const cell = make("td", { role: "gridcell", tabIndex: -1 }, fixed(matrix[i][j], 2));
      if (i === j) cell.className = "is-same";
      else cell.style.setProperty("--share", (matrix[i][j] - least) / range);
      cell.onpointerenter = cell.onfocus = () => {
        leave();
        for (const one of [head, heads[column], cell]) one.classList.add("is-on");
        show({ i, j }, "cosine similarity");
      };
      return cell;
    }));
  }));
  const table = make("table", { role: "grid", ariaLabel: "Similarities" }, make("thead", make("tr", make("td"), ...heads)), body);
  if (count > 7) table.className = count > 12 ? "is-tiny" : "is-dense";
  function leave() {
    for (const one of table.querySelectorAll(".is-on")) one.classList.remove("is-on");
    show(pairs[0], "the most similar two");
  }
  table.onpointerleave = leave;
  leave();
  body.querySelector("td").tabIndex = 0;
  rove(table, "tbody td", count);
  const note = `Colors go from the least to the most similar two${count === mostCompared ? ` of the first ${count} lines` : ""}.`;
  return [note, make("div.scroll", table), detail];
});

// Search

const mostSearched = 5000, mostSent = 128, mostReranked = 50;
const known = new Map();  // the vectors of the lines, by text, so that only new lines are sent

const indexed = byId("search-index");

// What the index or the lines have, the best first.
async function found(send, query, count, texts) {
  if (indexed.checked) {
    const hits = await send("search", { query, top_k: count });
    return [`The best of ${whole(info.index_documents)} indexed documents`,
      hits.map(({ text, score, position }) => ({ text, share: score, fine: `line ${position + 1}` }))];
  }
  if (known.size > 2 * mostSearched) known.clear();
  const unknown = [...new Set(texts)].filter((text) => !known.has(text));
  while (unknown.length) {
    const inputs = unknown.splice(0, mostSent), vectors = await send("embed", { inputs, truncate: true }, "lines");
    inputs.forEach((text, index) => known.set(text, vectors[index]));
  }
  const [vector] = await send("embed", { inputs: [query], truncate: true }, "query");
  const hits = texts.map((text, index) => ({ text, share: cosine(vector, known.get(text)), fine: `line ${index + 1}` }));
  const first = texts.length === mostSearched ? "the first " : "";
  return [`The best of ${first}${whole(texts.length)} lines by cosine similarity`, hits.sort(byShare).slice(0, count)];
}

live("search", async (send) => {
  const texts = linesOf("search-lines").slice(0, mostSearched), query = textOf("search-query");
  byId("search-lines").disabled = indexed.checked;
  if (!query || !indexed.checked && !texts.length) return ["Write a query, and lines to search."];
  const count = Math.max(1, byId("search-count").valueAsNumber || 5), reranks = byId("search-rerank").checked;
  let [note, hits] = await found(send, query, reranks ? Math.max(count, mostReranked) : count, texts);
  if (reranks && hits.length) {
    const scores = await send("rerank", { query, texts: hits.map((hit) => hit.text), raw_scores: true }, "best lines");
    note += `, put in order by the cross-encoder, which read the best ${hits.length}`;
    hits = scores.map(({ index, score }, place) => {
      const { text, share, fine } = hits[index], arrow = index > place ? "↑ from" : index < place ? "↓ from" : "=";
      const moved = `${arrow} number ${index + 1} by cosine, ${fixed(share, 3)}`;
      return { text, share: sigmoid(score), fine: `${moved} · raw score ${fixed(score, 2)} · ${fine}` };
    });
  }
  return [`${note}.`, ranking(hits.slice(0, count))];
});

// Tokens

live("tokens", async (send) => {
  const text = byId("tokens-text").value, limit = info.max_input_length;
  if (!text.trim()) return ["Write a text."];
  const [tokens] = await send("tokenize", { inputs: [text] }), places = [...tokens.keys()];
  // A text that is too long loses its end, but the special tokens after it stay.
  const over = Math.max(tokens.length - limit, 0), end = tokens.findLastIndex((token) => !token.special) + 1;
  const detail = make("p.detail");
  const chips = make("div.chips", { role: "group", ariaLabel: "Tokens" });
  const chip = (place) => {
    const { id, text, special, start, stop } = tokens[place], gone = place >= end - over && place < end ? "is-gone" : "";
    const kind = special ? "is-special" : tokens[place - 1]?.stop === start ? "is-joined" : "";
    const button = make(`button.chip ${kind} ${gone}`, { tabIndex: -1 }, text.replace(/\s/g, "␣"));
    const where = special ? "special: not from the text" : `bytes ${whole(start)} to ${whole(stop)}`;
    const facts = [`id ${id}`, where, `token ${place + 1}`];
    button.onpointerenter = button.onfocus = () => {
      chips.querySelector(".is-on")?.classList.remove("is-on");
      button.classList.add("is-on");
      detail.replaceChildren(make("b", button.textContent), ...facts.map((fact) => make("span", fact)));
    };
    return button;
  };
  chips.append(...[...places.slice(0, end - over), ...places.slice(end)].map(chip));
  const lost = places.slice(end - over, end).slice(0, 500);
  if (over) chips.append(make("span.cut", `cut here, at ${whole(limit)} tokens`), ...lost.map(chip));
  chips.firstChild.tabIndex = 0;
  chips.firstChild.onfocus();
  rove(chips, ".chip", 1);

  const fill = make(over ? "i.is-over" : "i");
  fill.style.width = `${Math.min(tokens.length / limit, 1) * 100}%`;
  const note = over ? ` The last ${whole(over)} of the text are cut.` : "";
  return [`${whole(tokens.length)} tokens; the model reads ${whole(limit)}.${note}`, make("div.bar", fill), detail, chips];
});

// Rerank

live("rerank", async (send) => {
  const query = textOf("rerank-query"), texts = linesOf("rerank-lines");
  if (!info.rerank_model_id) return [""];
  if (!query || !texts.length) return ["Write a query, and lines to put in order."];
  const scores = await send("rerank", { query, texts, raw_scores: true });
  const hits = scores.map(({ index, score }) => (
    { text: texts[index], share: sigmoid(score), fine: `raw score ${fixed(score, 2)} · line ${index + 1}` }));
  return ["The best line first. The figure is the sigmoid of the raw score.", ranking(hits)];
});

// Header and start

function showInfo() {
  const { model_id, dimensions, model_type, max_input_length, model_dtype, rerank_model_id, index_documents, version } = info;
  byId("model").textContent = nameOf(model_id);
  document.title = `${nameOf(model_id)} – Swiftlet`;
  const facts = { dimensions, pooling: model_type?.embedding?.pooling, "tokens at most": max_input_length, precision: model_dtype,
    "cross-encoder": rerank_model_id ? nameOf(rerank_model_id) : "none", indexed: index_documents, version };
  byId("facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value)
    .map(([word, value]) => make("li", make("small", word), make("b", value.toLocaleString("en")))));
  byId("rerank-fields").disabled = byId("search-rerank").disabled = !rerank_model_id;
  for (const hint of document.querySelectorAll(".hint")) hint.hidden = Boolean(rerank_model_id);
  indexed.parentElement.hidden = !(indexed.checked = index_documents !== null);
}

async function start() {
  const trouble = byId("trouble");
  trouble.hidden = true;
  try {
    info = (await call("info")).answer;
    showInfo();
  } catch (error) {
    byId("model").textContent = "No model yet";
    return showFailure(trouble, error, start);
  }
  known.clear();
  for (const id in runs) delete byId(id).dataset.state;
  openTabOfAddress();
}

key.onchange = start;
openTabOfAddress();
start();
