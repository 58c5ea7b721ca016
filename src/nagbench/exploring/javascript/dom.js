// Elements. Text only ever becomes text: nothing here reads markup.

export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") element.addEventListener(name, value);
        else if (value !== null && value !== undefined && value !== false)
            element.setAttribute(name, value === true ? "" : value);
    }
    return put(element, children);
}

// Puts children at the end of an element; those that are null are left out.
export function put(element, ...children) {
    element.append(
        ...children.flat(Infinity).filter((child) => child !== null && child !== undefined),
    );
    return element;
}

// A labelled choice of one of `options`: of each its value, its text, and perhaps its group.
export function choice(label, name, change) {
    const select = h("select", { id: `choose-${name}`, change: () => change(select.value) });
    const element = h("label", { class: "choice" }, h("span", {}, label), select);
    return {
        element,
        show(options, value) {
            const key = JSON.stringify(options);
            if (select.dataset.options !== key) {
                const groups = [...new Set(options.map(([, , group]) => group))];
                const of = (wanted) =>
                    options
                        .filter(([, , group]) => group === wanted)
                        .map(([one, text]) => h("option", { value: one }, text));
                select.replaceChildren(
                    ...groups.flatMap((group) =>
                        group ? h("optgroup", { label: group }, of(group)) : of(group),
                    ),
                );
                select.dataset.options = key;
            }
            select.value = value;
            element.hidden = options.length < 2;
        },
    };
}

// A command that can be copied; where the browser does not let it, its text is selected.
export function command(text) {
    const code = h("code", {}, text);
    const button = h("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(text);
            button.textContent = "Copied";
        } catch {
            getSelection().selectAllChildren(code);
            button.textContent = "Selected";
        }
    });
    return h("div", { class: "command" }, code, button);
}

// Calls `draw` with the width of `element`, now and whenever it changes.
export function whenWide(element, draw) {
    let last = 0;
    new ResizeObserver(([entry]) => {
        const width = Math.floor(entry.contentRect.width);
        if (width && width !== last) draw((last = width));
    }).observe(element);
}
