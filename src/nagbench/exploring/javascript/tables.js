// Every table: sorted by a click on a column's head, and all of them searched at once.
import { choice, h } from "./dom.js";
import { address, show } from "./state.js";
import { count, minus, number, title } from "./words.js";

const FIRST = "results"; // the table that is shown unless another is asked for
const MOST = 200; // rows that are shown unless all are asked for
const LONG = 40; // characters that a cell holds before it wants a wide column
const RUNS = {
    run: "Run",
    optimizer: "Optimizer",
    workload: "Workload",
    stage: "Stage",
    trial: "Trial",
    roles: "Chosen by",
    seed: "Seed",
    status: "Status",
    final_validation: "Validation accuracy",
    final_test: "Test accuracy",
    settings: "Settings",
};
const NUMBER = /^[<≤]?\s*[[(]?\s*[-+−]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?/i;

export function tables(root, study) {
    const of = (kind) => study.tables.filter((table) => table.kind === kind);
    const listed = [...of("printed"), ofRuns(study), ...of("result")];
    const all = listed
        .map((table) => prepared(study, table))
        .sort((a, b) => (b.name === FIRST) - (a.name === FIRST));
    const names = new Map(all.map((table) => [`${table.kind}-${table.name}`, table]));
    const pick = choice("Table", "table", (table) => show({ at: "tables", table, sort: "" }));
    const search = h("input", {
        type: "search",
        id: "search",
        placeholder: "an optimizer, a claim, a number …",
        autocomplete: "off",
        spellcheck: "false",
    });
    search.addEventListener("input", () => show({ at: "tables", search: search.value }, true));
    const hits = h("div", { class: "quiet", "aria-live": "polite" });
    const about = h("p", { class: "quiet" });
    const place = h("div", {
        class: "scroll",
        tabindex: "0",
        role: "region",
        "aria-label": "Table",
    });
    const more = h("button", { type: "button" }, "Show all rows");
    const save = h("button", { type: "button" }, "Save as CSV");
    root.append(
        h(
            "div",
            { class: "controls" },
            pick.element,
            h("label", { class: "choice wide" }, h("span", {}, "Search all tables"), search),
        ),
        hits,
        about,
        place,
        h("p", { class: "picks" }, more, save),
    );
    let [whole, key, current] = [false, "", null];
    more.addEventListener("click", () => {
        whole = true;
        current.draw();
    });
    save.addEventListener("click", () => saved(current.table));

    return (state) => {
        const chosen = names.has(state.table) ? state.table : names.keys().next().value;
        const table = names.get(chosen);
        const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
        const found = (one) =>
            words.length
                ? one.texts.reduce((n, text) => n + words.every((word) => text.includes(word)), 0)
                : one.rows.length;
        const part = JSON.stringify([chosen, state.sort, state.search]);
        if (part === key) return;
        [key, whole] = [part, false];
        if (document.activeElement !== search) search.value = state.search;
        pick.show(
            [...names].map(([name, one]) => [
                name,
                title(one.name),
                one.kind === "result" ? "Result tables, every digit" : "Printed, and the runs",
            ]),
            chosen,
        );
        hits.replaceChildren(...(words.length ? hitsOf(names, chosen, found) : []));
        about.textContent = table.about;
        const draw = () => {
            const rows = sorted(table, state.sort).filter((row) =>
                words.every((word) => table.texts[row].includes(word)),
            );
            const part = whole ? rows : rows.slice(0, MOST);
            place.replaceChildren(element(study, table, part, state.sort));
            more.hidden = part.length === rows.length;
            more.textContent = `Show all ${rows.length} rows`;
        };
        current = { table, draw };
        draw();
    };
}

function hitsOf(names, chosen, found) {
    const hits = [...names].map(([name, one]) => [name, one, found(one)]);
    const total = hits.reduce((sum, [, , number]) => sum + number, 0);
    if (!total) return ["Nothing found."];
    const link = ([name, one, number]) =>
        h(
            "a",
            {
                href: address({ at: "tables", table: name, sort: "" }),
                "aria-current": name === chosen ? "true" : null,
            },
            `${title(one.name)} ${number}`,
        );
    const part = (exact) =>
        hits.filter(([, one, number]) => number && (one.kind === "result") === exact).map(link);
    const exact = part(true);
    return [
        h("p", { class: "hits" }, `${count(total, "row")}: `, part(false)),
        exact.length
            ? h(
                  "details",
                  { open: names.get(chosen).kind === "result" },
                  h("summary", {}, `and in ${count(exact.length, "result table")}`),
                  h("p", { class: "hits" }, exact),
              )
            : null,
    ].filter(Boolean);
}

// A table with what sorting, searching and showing it need.
function prepared(study, table) {
    const label = (text) =>
        study.byOptimizer.has(text) || study.byWorkload.has(text)
            ? `${text} ${study.label(text)}`
            : text;
    const cells = table.rows.map((row) =>
        row.map((cell) => (Array.isArray(cell) ? cell[0] : cell)),
    );
    const numeric = table.header.map((_, n) => {
        const filled = cells
            .map((row) => row[n])
            .filter((cell) => cell !== "–" && cell !== "" && cell !== null);
        return (
            filled.length > 0 &&
            filled.every((cell) => typeof cell === "number" || NUMBER.test(cell))
        );
    });
    const exact = table.kind === "result";
    return {
        ...table,
        cells,
        numeric,
        marked: table.rows.map((row) => row.map(Array.isArray)),
        texts: cells.map((row) =>
            row
                .map((cell) => label(String(cell)))
                .join(" ")
                .toLowerCase(),
        ),
        shown: exact ? `${title(table.name)} (result table)` : title(table.name),
        about: exact
            ? "A result table: shown with six digits, saved with every one. The head of a column says what it holds."
            : table.about,
    };
}

function sortable(cell) {
    if (typeof cell === "number") return cell;
    const found = NUMBER.exec(cell)?.[0]
        .replace(/[^\d.e+−-]/gi, "")
        .replace("−", "-");
    return cell === "∞" ? Infinity : found === undefined ? NaN : Number(found);
}

// Numbers of rows in order: by a column's number, and `d` after it for descending.
function sorted(table, sort) {
    const rows = table.cells.map((_, n) => n);
    const column = parseInt(sort, 10);
    if (!(column >= 0 && column < table.header.length)) return rows;
    const sign = sort.endsWith("d") ? -1 : 1;
    if (table.numeric[column]) {
        const values = table.cells.map((row) => sortable(row[column]));
        return rows.sort(
            (a, b) =>
                isNaN(values[a]) - isNaN(values[b]) || sign * (values[a] - values[b]) || a - b,
        );
    }
    const collator = new Intl.Collator("en", { numeric: true });
    return rows.sort(
        (a, b) =>
            sign * collator.compare(table.cells[a][column] ?? "", table.cells[b][column] ?? "") ||
            a - b,
    );
}

function element(study, table, rows, sort) {
    const heads = table.header.map((name, n) => {
        const down = sort === `${n}d`;
        const order = sort === String(n) ? "ascending" : down ? "descending" : null;
        // Numbers begin with the greatest.
        const next =
            order === null ? `${n}${table.numeric[n] ? "d" : ""}` : down ? String(n) : `${n}d`;
        return h(
            "th",
            {
                scope: "col",
                class: table.numeric[n] ? "number" : null,
                "aria-sort": order,
                title: table.meanings?.[n],
            },
            h(
                "button",
                { type: "button", click: () => again(next, n) },
                table.kind === "result" ? name.replaceAll("_", " ") : name,
            ),
        );
    });
    const again = (next, n) => {
        show({ at: "tables", sort: next });
        addEventListener(
            "hashchange",
            () => document.querySelectorAll("#tables thead button")[n]?.focus(),
            { once: true },
        );
    };
    const body = rows.map((row) =>
        h(
            "tr",
            {},
            table.cells[row].map((cell, n) =>
                h(
                    "td",
                    {
                        class: table.numeric[n]
                            ? "number"
                            : String(cell).length > LONG
                              ? "long"
                              : null,
                    },
                    shownCell(study, table, cell, row, n),
                ),
            ),
        ),
    );
    if (!rows.length)
        body.push(
            h("tr", {}, h("td", { colspan: table.header.length, class: "quiet" }, "No such row.")),
        );
    return h(
        "table",
        {},
        h("caption", {}, table.shown),
        h("thead", {}, h("tr", {}, heads)),
        h("tbody", {}, body),
    );
}

function shownCell(study, table, cell, row, n) {
    if (table.name === "runs" && table.kind === "records" && n === 0)
        return h("a", { href: runAddress(study.byRun.get(cell)) }, cell);
    if (typeof cell === "number")
        return h("span", { title: Number.isInteger(cell) ? null : String(cell) }, number(cell, 6));
    if (typeof cell === "boolean") return cell ? "yes" : "no";
    const text = cell === null || cell === undefined ? "–" : minus(cell);
    return table.marked[row][n] ? h("strong", {}, text) : text;
}

function runAddress(run) {
    const [first] = run.roles.split(", ");
    return address({
        at: "curves",
        run: run.run,
        workload: run.workload,
        runs: run.stage === "test" ? first || "accuracy" : run.stage,
        optimizers: "",
    });
}

function ofRuns(study) {
    const label = (run, name) =>
        name === "workload" || name === "optimizer" ? study.label(run[name]) : (run[name] ?? "–");
    return {
        name: "runs",
        kind: "records",
        about: "Every run of the records, those that broke off too, whose accuracy counts as chance. Its name shows its curve.",
        header: Object.values(RUNS),
        rows: study.curves.runs.map((run) => Object.keys(RUNS).map((name) => label(run, name))),
    };
}

// The table as a file, with every digit.
function saved(table) {
    const cell = (value) =>
        /[",\n]/.test(String(value))
            ? `"${String(value).replaceAll('"', '""')}"`
            : String(value ?? "");
    const lines = [table.header, ...table.cells].map((row) => row.map(cell).join(","));
    const link = h("a", {
        download: `${table.name}.csv`,
        href: URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" })),
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
