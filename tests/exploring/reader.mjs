// Does with the explorer what a reader does, in Chromium, and prints a line of JSON for each thing:
// its name, and what went wrong or null. The argument is JSON: where packages are installed, where
// Chromium is, and the pages: `pilot`, `begun` (a study under way), `hostile` (a small one whose
// labels are markup, with runs that broke off).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readers } from "./reads.mjs";

const { packages, chromium: executablePath, pages } = JSON.parse(process.argv[2]);
const { chromium } = createRequire(pathToFileURL(`${packages}/`))("playwright-core");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const { name, does, options } of readers) {
    const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        ...options,
    });
    const wrong = [];
    const open = async (study, hash = "") => {
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        page.on(
            "console",
            (message) =>
                ["error", "warning"].includes(message.type()) && wrong.push(message.text()),
        );
        page.on("pageerror", (error) => wrong.push(String(error.stack)));
        page.on("request", (request) =>
            request.url().startsWith("file:") && request.isNavigationRequest()
                ? null
                : /^(data|blob):/.test(request.url()) || wrong.push(`asked for ${request.url()}`),
        );
        await page.goto(pathToFileURL(pages[study]) + hash);
        await page.locator("html[data-ready]").waitFor();
        return page;
    };
    let error = null;
    try {
        await does(open);
        assert.deepEqual(wrong, []);
    } catch (thrown) {
        error = [thrown.stack, ...wrong].join("\n");
    }
    console.log(JSON.stringify({ name, error }));
    await context.close();
}
await browser.close();
