// What is shown, as the part of the address after `#`: a link holds all of it, and the browser's
// back button goes to what was shown before.

const DEFAULTS = {
    at: "", // the section that was last looked at
    verdict: "tested",
    claim: "",
    workload: "",
    runs: "",
    metric: "validation_accuracy",
    clock: "epochs",
    target: "",
    optimizers: "",
    view: "together",
    run: "",
    table: "",
    sort: "",
    search: "",
};

export function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    return Object.fromEntries(
        Object.entries(DEFAULTS).map(([name, value]) => [name, given.get(name) ?? value]),
    );
}

// The address of what is shown now with some changes.
export function address(changes) {
    const shown = Object.entries({ ...read(), ...changes }).filter(
        ([name, value]) => value !== DEFAULTS[name],
    );
    return `#${new URLSearchParams(shown)}`;
}

// Shows something else. While somebody types, the address changes without a step to go back to.
export function show(changes, typing = false) {
    const next = address(changes);
    if (next === location.hash) return;
    if (typing) location.replace(next);
    else location.hash = next;
}

export function whenShown(update) {
    addEventListener("hashchange", update);
}
