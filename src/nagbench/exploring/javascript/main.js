// The page: each section is built once, and brought up to date when the address changes.
import { about } from "./about.js";
import { answer } from "./answer.js";
import { claims } from "./claims.js";
import { curves } from "./curves.js";
import { Study } from "./study.js";
import { h } from "./dom.js";
import { address, read, whenShown } from "./state.js";
import { tables } from "./tables.js";

const SECTIONS = { answer: "Answer", claims: "Claims", curves: "Runs", tables: "Tables" };
const at = (id) => document.getElementById(id);

const study = new Study(JSON.parse(at("data").textContent));
document.head.append(h("style", {}, study.colours()));
answer(at("answer"), study);
about(at("about").firstElementChild, study);
const updates = [
    claims(at("claims"), study),
    curves(at("curves"), study),
    tables(at("tables"), study),
];
const links = Object.entries(SECTIONS).map(([id, text]) => [
    id,
    h("a", { href: `#at=${id}` }, text),
]);
document.querySelector("nav").append(...links.map(([, link]) => link));

let before = null;
function update() {
    const state = read();
    for (const one of updates) one(state);
    for (const [id, link] of links) link.href = address({ at: id });
    arrive(state);
    before = state;
}

// Goes to the section that a link names; within a section what was clicked stays where it is.
function arrive(state) {
    if (!(state.at in SECTIONS) || before?.at === state.at) return;
    if (before && document.activeElement?.closest(`#${state.at}`)) return;
    const opened = state.at === "claims" && state.claim && document.querySelector(".card.open");
    (opened || at(state.at)).scrollIntoView();
    if (before) at(state.at).focus({ preventScroll: true });
}

for (const [, link] of links)
    link.addEventListener("click", () => {
        at(link.hash.match(/at=(\w+)/)[1]).scrollIntoView();
    });
whenShown(update);
update();
document.documentElement.dataset.ready = "";
