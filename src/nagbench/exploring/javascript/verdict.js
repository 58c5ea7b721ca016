// A verdict's word in the colours of the project's figure of claims.
import { h } from "./dom.js";

export function verdict(study, word, text = word) {
    const { n } = study.byVerdict.get(word);
    return h("span", { class: `verdict v${n}`, "data-verdict": word }, text);
}
