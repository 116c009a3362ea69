// Uses the local page as a newcomer would: drop a PDF, watch, open the Word file.
// argv: url, pdf, chromium, folder for pictures and the downloaded file, colour scheme
import { chromium } from "playwright-core";
import { join } from "node:path";

const [url, pdf, executablePath, out, colorScheme] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
const context = await browser.newContext({ locale: "de-DE", colorScheme, viewport: { width: 900, height: 900 }, acceptDownloads: true });
const page = await context.newPage();
const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(String(error)));
await page.goto(url);
await page.keyboard.press("Tab");
const focused = await page.evaluate(() => document.activeElement.id);
await page.screenshot({ path: join(out, `page-empty-${colorScheme}.png`) });
await page.setInputFiles("#files", pdf);
await page.waitForSelector('#jobs > li[data-status="done"]', { timeout: 20000 });
const item = page.locator("#jobs > li").first();
const result = {
  focused,
  name: await item.locator(".name").innerText(),
  line: await item.locator(".line").innerText(),
  lang: await page.evaluate(() => document.documentElement.lang),
};
// an answer of before that comes late must not undo what an event has shown since
result.overtaken = await item.evaluate(async (element) => {
  const job = await (await fetch(`/api/jobs/${element.dataset.job}`)).json();
  window.show({ ...job, status: "running", result: null, updated: "2000-01-01T00:00:00.000000+00:00" });
  return element.dataset.status;
});
await page.screenshot({ path: join(out, `page-result-${colorScheme}.png`) });
const [download] = await Promise.all([page.waitForEvent("download"), item.locator(".open").click()]);
result.file = download.suggestedFilename();
await download.saveAs(join(out, "result.docx"));
page.on("dialog", (dialog) => dialog.accept());
await item.locator(".delete").click();
await page.waitForFunction(() => document.querySelectorAll("#jobs > li").length === 0);
result.problems = problems;
await browser.close();
process.stdout.write(JSON.stringify(result));
