// How the page was made, and how far what it draws can be trusted.
import { command, h } from "./dom.js";
import { quoted } from "./words.js";

export function about(root, study) {
    const { kept, of } = study.curves;
    const { study: named, records } = study.commands;
    const thinned =
        kept === of
            ? "at every evaluation"
            : `at ${kept} of ${of} evaluations, spread evenly over each run`;
    root.append(
        h("h2", {}, "About this page"),
        h(
            "p",
            {},
            `Made by NAG-Bench ${study.study.version} from the records in ${records}. It is one file and asks no network. Curves are drawn ${thinned}, from values of four digits; tables hold the numbers of the result tables as they are there.`,
        ),
        h(
            "p",
            {},
            "A run that diverged or failed is a result: it is drawn up to where it broke off, and counts as chance in accuracy and as a loss in every pair.",
        ),
        command(`nagbench explore ${quoted(named)} --output explore.html`),
    );
}
