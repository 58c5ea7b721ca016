// Which optimizers are drawn; the list is the legend of the figures, too.
import { h } from "./dom.js";
import { broken } from "./study.js";

export function chooser(study, change) {
    const list = h("div", { class: "list" });
    const boxes = new Map();
    const every = h("button", { type: "button", click: () => change([...boxes.keys()]) }, "All");
    const usual = h("button", { type: "button", click: () => change([]) }, "Usual");
    const none = h("div", { class: "list" });
    const without = h("summary", {});
    const rest = h("details", {}, without, none);
    const legend = h("span", { class: "legend" });
    const folded = h(
        "details",
        { class: "optimizers", open: matchMedia("(min-width: 801px)").matches },
        h("summary", {}, "Optimizers", legend),
        h("p", { class: "picks" }, every, usual),
        list,
        rest,
    );
    let shown = "";
    return {
        element: h("div", { role: "group", "aria-label": "Optimizers" }, folded),
        swatch: (name) => swatch(study, name),
        show(names, chosen, runs) {
            const trained = names.filter((name) => runs.some((run) => run.optimizer === name));
            const missing = names.filter((name) => !trained.includes(name));
            const key = JSON.stringify([trained, missing]);
            if (key !== shown) {
                boxes.clear();
                list.replaceChildren(...trained.map((name) => row(study, name, boxes, change)));
                none.replaceChildren(...missing.map((name) => h("p", {}, study.label(name))));
                without.textContent = `${missing.length} without runs`;
                rest.hidden = !missing.length;
                shown = key;
            }
            legend.replaceChildren(
                ...chosen
                    .filter((name) => boxes.has(name))
                    .map((name) => h("span", {}, swatch(study, name), ` ${study.label(name)}`)),
            );
            for (const [name, box] of boxes) {
                const own = runs.filter((run) => run.optimizer === name);
                const bad = own.filter(broken).length;
                box.checked = chosen.includes(name);
                box.parentElement.lastElementChild.textContent = bad
                    ? `✕ ${bad}/${own.length}`
                    : "";
            }
        },
    };
}

function row(study, name, boxes, change) {
    const chosen = () => [...boxes].filter(([, box]) => box.checked).map(([one]) => one);
    const box = h("input", {
        type: "checkbox",
        value: name,
        change: () => change(chosen().length ? chosen() : ["none"]),
    });
    boxes.set(name, box);
    return h(
        "label",
        { title: study.byOptimizer.get(name).note || null },
        box,
        swatch(study, name),
        h("span", {}, study.label(name)),
        h("small", {}),
    );
}

// A bit of the optimizer's line.
function swatch(study, name) {
    const { dashes } = study.byOptimizer.get(name);
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const stroke = document.createElementNS(space, "line");
    const set = (element, attributes) =>
        Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    set(svg, { width: 26, height: 10, class: "swatch", "aria-hidden": "true" });
    set(stroke, {
        x1: 1,
        x2: 25,
        y1: 5,
        y2: 5,
        "stroke-width": 2.4,
        "stroke-dasharray": dashes.map((part) => 2.2 * part).join(" "),
    });
    stroke.style.stroke = study.colour(name);
    svg.append(stroke);
    return svg;
}
