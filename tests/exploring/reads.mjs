// What a reader does with the explorer: names and functions, which are given a way to open pages.
import assert from "node:assert/strict";

export const readers = [];
const reader = (name, does, options = {}) => readers.push({ name, does, options });
const state = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
const drawn = (page) => page.locator(".figures g[aria-description=runs] path");
const oneRun = (page) => page.getByRole("region", { name: "One run" });
const box = (page, label) => page.getByRole("checkbox", { name: label, exact: true });
const select = (page, label) => page.getByRole("combobox", { name: label, exact: true });
const cells = (page, n) =>
    page
        .locator("#tables tbody tr")
        .evaluateAll((rows, at) => rows.map((row) => row.cells[at].textContent), n);
// What a page shows follows the address a moment later; a check that fails is made again until then.
const settles = async (check, end = Date.now() + 10_000) => {
    for (;;)
        try {
            return await check();
        } catch (error) {
            if (Date.now() > end) throw error;
        }
};
const inView = (page) => (element) =>
    element.evaluate(
        (one) =>
            one.getBoundingClientRect().top >= 0 &&
            one.getBoundingClientRect().bottom <= innerHeight,
    );

reader("reads the answer first", async (open) => {
    const page = await open("pilot");
    const first = page.locator(".headline li").first();
    assert.match(
        await first.innerText(),
        /^Yes\s+NAG is faster than heavy ball\s.*−0\.98 epochs \[−1\.43, −0\.47\]/s,
    );
    await settles(async () => assert.ok(await inView(page)(first)));
    assert.match(
        await page.locator(".summary").innerText(),
        /^Of 35 claims, stated before the runs: 7 supported, 8 contradicted/,
    );
    await settles(async () =>
        assert.match(await page.locator(".remark").first().innerText(), /^Pilot\./),
    );
});

reader(
    "opens a verdict with its pairs and seeds, and closes it by the back button",
    async (open) => {
        const page = await open("pilot");
        const card = page.getByRole("button", {
            name: "NAG is faster than heavy ball",
            exact: true,
        });
        await card.click();
        await page.locator("#claim-N1 svg").first().waitFor();
        await settles(async () => assert.equal(await card.getAttribute("aria-expanded"), "true"));
        await settles(async () =>
            assert.equal(
                await page.locator("#claim-N1 g[aria-description=pairs] circle").count(),
                14,
            ),
        );
        await page.getByText("Every seed").click();
        await settles(async () =>
            assert.equal(await page.locator("#claim-N1 tbody tr").count(), 14),
        );
        assert.match(
            await page.locator("#claim-N1 .command code").innerText(),
            /^nagbench explain pilot N1$/,
        );
        assert.equal(state(page).get("claim"), "N1");
        await page.goBack();
        await settles(async () => assert.equal(await card.getAttribute("aria-expanded"), "false"));
    },
);

reader("chooses verdicts, those that were not testable or tested too", async (open) => {
    const page = await open("pilot");
    await settles(async () => assert.equal(await page.locator(".card").count(), 19));
    await page.getByRole("button", { name: "not testable here 14" }).click();
    await settles(async () => assert.equal(await page.locator(".card").count(), 14));
    await page.getByRole("button", { name: "not tested yet 2" }).click();
    await settles(async () => assert.equal(await page.locator(".card").count(), 2));
    await page.getByRole("button", { name: "All 35" }).click();
    await settles(async () => assert.equal(await page.locator(".card").count(), 35));
});

reader("chooses optimizers", async (open) => {
    const page = await open("pilot", "#at=curves&optimizers=sgd,nag");
    const lines = drawn(page);
    await settles(async () => assert.equal(await lines.count(), 28));
    await box(page, "NAdam").check();
    await settles(async () => assert.equal(await lines.count(), 42));
    assert.equal(state(page).get("optimizers"), "sgd,nag,nadam");
    await settles(async () => assert.match(await page.locator(".figures").innerText(), /NAdam/));
    await box(page, "SGD").uncheck();
    await settles(async () => assert.equal(await lines.count(), 28));
    await page.goBack();
    await settles(async () => assert.equal(await lines.count(), 42));
    await settles(async () => assert.ok(await box(page, "SGD").isChecked()));
});

reader("chooses workload, metric, clock, target and small figures", async (open) => {
    const page = await open("begun", "#at=curves&optimizers=sgd,nag");
    const title = page.locator(".axis");
    await select(page, "Metric").selectOption("Training loss");
    await select(page, "Clock").selectOption("Gradient evaluations");
    await settles(async () =>
        assert.equal(await title.innerText(), "Training loss by gradient evaluations"),
    );
    await select(page, "Target").selectOption("75 %");
    await settles(async () =>
        assert.equal(
            await page.locator(".times h3").innerText(),
            "Time to 75 % validation accuracy",
        ),
    );
    await select(page, "Clock").selectOption("Seconds");
    await settles(async () => assert.match(await title.innerText(), /measured side by side/));
    await select(page, "Figures").selectOption("One each");
    await settles(async () => assert.equal(await page.locator(".figures figure").count(), 2));
    const other = await open("pilot", "#at=curves");
    await select(other, "Workload").selectOption({ label: "Article CNN, batch 512" });
    await settles(async () => assert.equal(await drawn(other).count(), 28));
});

reader("has no seconds where no step was measured", async (open) => {
    const page = await open("pilot", "#at=curves&clock=seconds");
    assert.deepEqual(await select(page, "Clock").locator("option").allInnerTexts(), [
        "Epochs",
        "Gradient evaluations",
    ]);
    await settles(async () =>
        assert.equal(await page.locator(".axis").innerText(), "Validation accuracy (%) by epoch"),
    );
});

reader("hovers over a curve, and keeps its run by a click", async (open) => {
    const page = await open("pilot", "#at=curves&optimizers=sgd");
    const line = drawn(page).first();
    const end = await line.evaluate((path) => {
        const at = path.getPointAtLength(path.getTotalLength());
        const { x, y } = new DOMPoint(at.x, at.y).matrixTransform(path.getScreenCTM());
        return { x, y };
    });
    await page.mouse.move(end.x, end.y);
    const panel = oneRun(page);
    await panel.getByRole("heading", { name: /^SGD, seed \d+/ }).waitFor();
    await settles(async () => assert.equal(await page.locator(".figures path.lit").count(), 1));
    const text = await panel.innerText();
    assert.match(text, /Settings\s+lr 0\.3162/);
    const [, run] = text.match(
        /nagbench verify pilot --run ([0-9a-f]{16}) --records paper\/records\/pilot --data/,
    );
    await page.mouse.click(end.x, end.y);
    await page.mouse.move(5, 5);
    assert.equal(state(page).get("run"), run);
    await settles(async () => assert.match(await panel.innerText(), new RegExp(run)));
    await panel.getByRole("button", { name: "Next run" }).click();
    assert.notEqual(state(page).get("run"), run);
});

reader("sees runs that broke off", async (open) => {
    const page = await open("pilot", "#at=curves&optimizers=nagd_printed,gradient_scaling");
    assert.match(
        await page.locator(".stage").innerText(),
        /28 runs; 24 diverged \(✕ where they broke off\)/,
    );
    await settles(async () =>
        assert.equal(
            await page.locator(".figures g[aria-description='broke off'] path").count(),
            24,
        ),
    );
    await settles(async () =>
        assert.match(await page.locator(".optimizers").innerText(), /✕ 14\/14/),
    );
});

reader("sorts a table, up and down", async (open) => {
    const page = await open("pilot", "#at=tables");
    const head = page.getByRole("columnheader", { name: "Acc. (%)" });
    await head.getByRole("button").click();
    await settles(async () => assert.equal(await head.getAttribute("aria-sort"), "descending"));
    const down = (await cells(page, 2)).map(Number);
    assert.deepEqual(
        down,
        [...down].sort((a, b) => b - a),
    );
    assert.equal(down.length, 25);
    assert.equal(down[0], 52.8);
    await page.keyboard.press("Enter"); // the head keeps the focus
    await settles(async () => assert.equal(await head.getAttribute("aria-sort"), "ascending"));
    const up = (await cells(page, 2)).map(Number);
    assert.deepEqual(
        up,
        [...up].sort((a, b) => a - b),
    );
});

reader("searches NAdam in all tables", async (open) => {
    const page = await open("pilot", "#at=tables");
    await page.getByRole("searchbox", { name: "Search all tables" }).pressSequentially("NAdam");
    await settles(async () =>
        assert.equal(await page.getByRole("searchbox").inputValue(), "NAdam"),
    );
    const rows = page.locator("#tables tbody tr");
    await settles(async () => assert.deepEqual(await cells(page, 1), ["NAdam"]));
    await page.getByRole("link", { name: /^Runs \d+$/ }).click();
    await settles(async () => {
        const found = await rows.allInnerTexts();
        assert.ok(found.length > 14 && found.every((row) => row.includes("NAdam")));
    });
    await page.locator("#tables tbody a").first().click();
    await page
        .getByRole("region", { name: "One run" })
        .getByRole("heading", { name: /^NAdam, seed/ })
        .waitFor();
});

reader("saves a table with every digit", async (open) => {
    const page = await open("pilot", "#at=tables&table=result-summary");
    const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save as CSV" }).click(),
    ]);
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    assert.match(
        Buffer.concat(chunks).toString(),
        /^workload,optimizer,runs,.*\nseed_cnn,sgd,14,.*0\.\d{15,}/s,
    );
});

reader("follows a link to all that it holds", async (open) => {
    const page = await open(
        "pilot",
        "#at=tables&claim=N3&metric=train_loss&optimizers=adam%2Cnadam&table=printed-settings&search=adam&sort=1d",
    );
    await settles(async () => assert.ok(await page.locator("#claim-N3").isVisible()));
    await settles(async () =>
        assert.equal(await page.locator(".axis").innerText(), "Training loss by epoch"),
    );
    await settles(async () => assert.ok(await box(page, "Adam").isChecked()));
    await settles(async () => assert.equal(await page.getByRole("searchbox").inputValue(), "adam"));
    assert.equal(
        await page.getByRole("columnheader", { name: "Optimizer" }).getAttribute("aria-sort"),
        "descending",
    );
    await settles(async () => assert.deepEqual(await cells(page, 1), ["NAdam", "Adam"]));
    assert.ok(
        await page
            .locator("#tables h2")
            .evaluate((one) => Math.abs(one.getBoundingClientRect().top) < innerHeight / 2),
    );
});

reader("follows a link whose words nobody knows", async (open) => {
    const page = await open(
        "pilot",
        "#at=nowhere&workload=x&metric=y&clock=z&optimizers=q&table=t&sort=99&run=r&claim=c&target=7",
    );
    await settles(async () =>
        assert.equal(await page.locator(".axis").innerText(), "Validation accuracy (%) by epoch"),
    );
    await settles(async () => assert.equal(await page.locator("#tables tbody tr").count(), 25));
});

reader("walks through it by keyboard, and sees where the focus is", async (open) => {
    const page = await open("pilot");
    const passed = new Set();
    for (let n = 0; n < 90; n += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
            const one = document.activeElement;
            const ring = getComputedStyle(one.closest(".card") ?? one);
            const { width, height } = one.getBoundingClientRect();
            return {
                tag: one.tagName,
                text: one.innerText || one.id,
                seen: ring.outlineStyle !== "none" && width > 0 && height > 0,
            };
        });
        if (at.tag === "BODY") break;
        assert.ok(at.seen, `no ring round ${at.tag} ${at.text}`);
        passed.add(at.tag);
        if (at.text === "NAG is faster than heavy ball" && at.tag === "BUTTON")
            await page.keyboard.press("Enter");
    }
    assert.ok(
        ["A", "BUTTON", "SELECT", "INPUT", "SUMMARY"].every((tag) => passed.has(tag)),
        [...passed].join(),
    );
    await settles(async () => assert.ok(await page.locator("#claim-N1").isVisible()));
});

reader("has headings, labels and names for those who listen", async (open) => {
    const page = await open("pilot", "#claim=N1&view=panels");
    const lacking = await page.evaluate(() => {
        const named = (one) =>
            one.innerText?.trim() || one.getAttribute("aria-label") || one.labels?.length;
        const all = [
            ...document.querySelectorAll(
                "button, a, select, input, [role=region], svg[class*=plot]",
            ),
        ];
        return all.filter((one) => !named(one)).map((one) => one.outerHTML.slice(0, 100));
    });
    assert.deepEqual(lacking, []);
    await settles(async () => assert.equal(await page.locator("h1").count(), 1));
    assert.deepEqual(await page.locator("h2").allInnerTexts(), [
        "Claims",
        "Runs",
        "Tables",
        "About this page",
    ]);
});

const narrow = { viewport: { width: 390, height: 844 } };
reader(
    "holds it in a hand: nothing runs over 390 pixels",
    async (open) => {
        for (const [study, hash] of [
            ["pilot", "#claim=N1"],
            ["pilot", "#claim=C4a&view=panels&table=records-runs&search=NAdam"],
            ["begun", "#claim=C1b&clock=seconds"],
            ["hostile", "#claim=faster"],
        ]) {
            const page = await open(study, hash);
            await page.waitForFunction(() =>
                document.querySelector(".panel:not([hidden]) svg, .panel:not([hidden]) dl"),
            );
            const over = await page.evaluate(() => {
                const scrolls = (one) =>
                    one &&
                    (["auto", "scroll"].includes(getComputedStyle(one).overflowX) ||
                        scrolls(one.parentElement));
                const wide = [...document.querySelectorAll("main *, footer *, nav *")].filter(
                    (one) =>
                        one.getBoundingClientRect().right > 390.5 &&
                        !scrolls(one.parentElement) &&
                        !one.closest("svg"),
                );
                return [
                    document.documentElement.scrollWidth,
                    ...wide.map((one) => one.outerHTML.slice(0, 80)),
                ];
            });
            assert.deepEqual(over, [390]);
        }
    },
    narrow,
);

for (const colorScheme of ["light", "dark"])
    reader(
        `reads it in the ${colorScheme}`,
        async (open) => {
            const page = await open("pilot", "#claim=N1");
            const bright = (property) =>
                page.locator("body").evaluate((body, name) => {
                    const parts = getComputedStyle(body)[name].match(/\d+/g).map(Number);
                    return (parts[0] + parts[1] + parts[2]) / 765;
                }, property);
            const [ground, ink] = [await bright("backgroundColor"), await bright("color")];
            assert.ok(
                colorScheme === "light" ? ground > 0.9 && ink < 0.2 : ground < 0.2 && ink > 0.8,
            );
        },
        { colorScheme },
    );

reader("sees what a study under way lacks", async (open) => {
    const page = await open("hostile");
    const told = page.locator(".under-way");
    assert.match(await told.innerText(), /^Under way\. 1 of 6 units has no results yet, 1 of them/);
    await told.locator("summary").click();
    assert.match(await told.innerText(), /Adam \(3 of 10 runs\)/);
});

reader("sees hostile words as words", async (open) => {
    const page = await open("hostile", "#claim=faster&optimizers=sgd,nag");
    const words = "</script><script>document.title='broken'</script>";
    await settles(async () => assert.equal(await page.title(), `Which is better? ${words}`));
    await settles(async () =>
        assert.equal(await page.locator("h1").innerText(), `Which is better? ${words}`),
    );
    await settles(async () =>
        assert.ok((await page.locator(".optimizers").innerText()).includes(words)),
    );
    await settles(async () => assert.equal(await page.locator("script").count(), 2));
    assert.match(
        await page.locator(".stage").innerText(),
        /20 runs; 1 diverged .*; 1 failed with an error/,
    );
    await settles(async () =>
        assert.match(await page.locator("#claim-faster").innerText(), /pair wins \d+ to \d+/),
    );
});
