// Numbers and names in print.

const significant = (digits) =>
    new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: "min2" });
const six = significant(6);
const four = significant(4);
const three = significant(3);

// With true minus signs, as in the project's tables.
export const minus = (text) => text.replace(/(^|[^\w–])-(?=[\d∞])/g, "$1−");

const scientific = (value, plain, digits) =>
    value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9)
        ? value.toExponential(digits)
        : plain.format(value);

export function number(value, digits = 4) {
    if (value === null || value === undefined) return "–";
    const plain = { 3: three, 4: four, 6: six }[digits];
    return minus(scientific(value, plain, digits - 1));
}

// With a sign, and so many digits after the point.
export const fixed = (value, digits) =>
    minus(
        new Intl.NumberFormat("en", {
            minimumFractionDigits: digits,
            maximumFractionDigits: digits,
            signDisplay: "always",
        }).format(value),
    );

export const percent = (share, digits = 1) =>
    share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)} %`;

export const signed = (value) =>
    value === null ? "–" : minus(`${value > 0 ? "+" : ""}${three.format(value)}`);

export const count = (total, one, several = `${one}s`) =>
    `${four.format(total)} ${total === 1 ? one : several}`;

export function listed(words) {
    if (words.length < 2) return words.join("");
    return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);
export const title = (name) => sentence(name.replaceAll("_", " "));

// A name for a figure, which has no room for a long one.
export const brief = (name, most = 24) =>
    name.length > most ? `${name.slice(0, most - 1)}…` : name;

const WORD = /^[\w@%+=:,./-]+$/; // what a shell takes as it stands
export const quoted = (text) => (WORD.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);
