// Prints the licence of every package that a bundle contains, as their authors ask; those with the
// same words together. The argument is the folder where they are installed and `bundle.json` lies.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [place] = process.argv.slice(2);
const { inputs } = JSON.parse(readFileSync(join(place, "bundle.json"), "utf8"));
const names = Object.keys(inputs).map(
    (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1],
);
const byText = new Map();
for (const name of [...new Set(names.filter(Boolean))].sort()) {
    const folder = join(place, "node_modules", name);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (!file) throw new Error(`${name} has no licence`);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = readFileSync(join(folder, file), "utf8").trim();
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
}
const parts = [...byText].map(([text, packages]) => `${packages.join(", ")}\n\n${text}`);
console.log(parts.join(`\n\n${"-".repeat(72)}\n\n`));
