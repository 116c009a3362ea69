// Renders Adaptive Cards with the official renderer in Chromium.
// stdin: {"cards": [{"name", "card", "png"?}], "chromium": path}; stdout: [{"name", "events": [...], "text", "inputs"}]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const job = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({
  executablePath: job.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 720, height: 800 }, deviceScaleFactor: 2 });
await page.setContent(`<style>body{margin:0;font-family:"Segoe UI",Carlito,sans-serif;background:#f5f5f5}
  #card{width:480px;margin:12px;background:#fff;border:1px solid #e0e0e0;border-radius:8px;padding:4px}
  .ac-pushButton{border:1px solid #d1d1d1;border-radius:4px;background:#fff;padding:6px 12px;font:600 14px "Segoe UI",Carlito,sans-serif}</style><div id="card"></div>`);
await page.addScriptTag({ path: require.resolve("adaptivecards/dist/adaptivecards.js") });
await page.addScriptTag({ path: new URL("node_modules/markdown-it/dist/browser/markdown-it.umd.min.js", import.meta.url).pathname });
await page.evaluate(() => {
  const markdown = window.markdownit({ html: false, linkify: false });
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdown.render(text);
    result.didProcess = true;
  };
});
const results = [];
for (const { name, card, png } of job.cards) {
  const result = await page.evaluate((json) => {
    const host = new AdaptiveCards.HostConfig({
      fontFamily: "Segoe UI, Carlito, sans-serif",
      supportsInteractivity: true,
      spacing: { small: 4, default: 8, medium: 16, large: 24, extraLarge: 32, padding: 12 },
      containerStyles: {
        default: { backgroundColor: "#FFFFFF" },
        emphasis: { backgroundColor: "#F0F0F0" },
        accent: { backgroundColor: "#5B5FC7" },
        good: { backgroundColor: "#13A10E" },
        attention: { backgroundColor: "#FDE7E9" },
        warning: { backgroundColor: "#FFF4CE" },
      },
      actions: { maxActions: 6, buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left" },
    });
    const made = new AdaptiveCards.AdaptiveCard();
    made.hostConfig = host;
    const context = new AdaptiveCards.SerializationContext();
    made.parse(json, context);
    const events = [];
    for (let i = 0; i < context.eventCount; i++) events.push(context.getEventAt(i).message);
    for (const failure of made.validateProperties().validationEvents) events.push(failure.message);
    const target = document.getElementById("card");
    target.replaceChildren();
    const element = made.render();
    if (!element) return { events: [...events, "not rendered"], text: "", links: 0 };
    target.append(element);
    return { events, text: element.innerText, links: element.querySelectorAll("a").length };
  }, card);
  if (png) await page.evaluate((width) => (document.getElementById("card").style.width = `${width}px`), job.width ?? 480);
  if (png) await page.locator("#card").screenshot({ path: png });
  results.push({ name, ...result });
}
await browser.close();
process.stdout.write(JSON.stringify(results));
