// Opens the personal tab as Teams does: in a frame of https://teams.microsoft.com, with Microsoft's own client library, and a host that answers it.
// argv: url of the app, chromium, folder for pictures, the token that the host gives
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [url, executablePath, out, token] = process.argv.slice(2);
const library = join(dirname(fileURLToPath(import.meta.url)), "node_modules/@microsoft/teams-js/dist/umd/MicrosoftTeams.min.js");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"],
});
const context = await browser.newContext({ locale: "en-GB", viewport: { width: 900, height: 1000 } });
const page = await context.newPage();
const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(String(error)));

function host(appToken) {
  const runtime = { apiVersion: 4, isLegacyTeams: false, hostVersionsInfo: {}, supports: { pages: {} } };
  window.asked = [];
  window.addEventListener("message", ({ data, source }) => {
    if (!data?.func) return;
    window.asked.push(data.func);
    const answers = {
      initialize: ["content", "web", JSON.stringify(runtime), "2.58.0"],
      getContext: [{ locale: "de-DE", theme: "dark", entityId: "cvs", hostClientType: "web", userPrincipalName: "admin@firm.example", userObjectId: "adam" }],
      "authentication.getAuthToken": appToken ? [true, appToken] : [false, "resourceRequiresConsent"],
    };
    if (data.func in answers) source.postMessage({ id: data.id, uuid: data.uuid, args: answers[data.func] }, "*");
  });
}

await context.route("https://teams.microsoft.com/**", (route) =>
  route.fulfill({ contentType: "text/html", body: `<style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style><script>(${host})(${JSON.stringify(token)})</script><iframe src="${url}/?tab=teams&locale=de-DE&theme=dark"></iframe>` }));
await context.route("https://res.cdn.office.net/**", async (route) => {
  const headers = { "Access-Control-Allow-Origin": "*" };
  if (route.request().url().endsWith("MicrosoftTeams.min.js")) return route.fulfill({ headers, contentType: "text/javascript", body: await readFile(library) });
  return route.fulfill({ headers, contentType: "application/json", body: JSON.stringify({ validOrigins: ["teams.microsoft.com"] }) });
});
await page.goto("https://teams.microsoft.com/v2/");
const frame = page.frameLocator("iframe");
await frame.locator(token ? "#jobs > li" : "#message:not([hidden])").first().waitFor({ timeout: 20000 });
const result = {
  lang: await frame.locator("html").getAttribute("lang"),
  theme: await frame.locator("html").getAttribute("data-theme"),
  names: await frame.locator("#jobs .name").allInnerTexts(),
  line: token ? await frame.locator("#jobs .line").first().innerText() : "",
  message: await frame.locator("#message").innerText(),
  open: token ? await frame.locator("#jobs .open").first().getAttribute("href") : "",
  asked: [...new Set(await page.evaluate(() => window.asked))],
};
if (process.argv[6] === "keys") {
  const keys = frame.locator("#keys");
  await keys.waitFor();
  await keys.locator("[name=name]").fill("Personalsystem");
  await keys.locator("[value=cv]").check();
  await keys.getByRole("button").last().click();
  await keys.locator(".once").waitFor();
  result.key = await keys.locator("code").innerText();
  await page.screenshot({ path: join(out, "tab-keys.png"), fullPage: true });
  page.on("dialog", (dialog) => dialog.accept());
  await keys.locator("li button").click();
  await keys.locator("li").waitFor({ state: "detached" });
}
await page.screenshot({ path: join(out, "tab.png"), fullPage: true });
result.keys = await frame.locator("#keys").isVisible();
result.problems = problems;
await browser.close();
process.stdout.write(JSON.stringify(result));
